"""What ResolveNames proves where no directory can be read: names and addresses of one exact match, nothing by guess.

It matches partially, from the start of every address, and sees only what the
address lists show (Microsoft, "ResolveNames operation"). So one entry with
exactly the address is a fact; none, several, or a list cut short is not a
measurement, and never a failure.
"""

from __future__ import annotations

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import AccountNames, Contact, ResolvedName, RoomAddresses
from pytest_flowscape.judging.usable_answers import no_evidence
from pytest_flowscape.site.addresses import canonical

SOURCE = "ResolveNames"
NOT_RESOLVED = "not-resolved"
PRIMARY = "SMTP:"
MAILBOX = "Mailbox"  # MailboxType of a mailbox in this organisation


def account_names(name: ResolvedName) -> AccountNames:
    """Return first and last name of the one mailbox with this address. Raises NotMeasured."""
    contact = _mailbox(name)
    if not contact.full:
        raise _unproven("Exchange showed no contact data of the account")
    return AccountNames(contact.given_name.strip(), contact.surname.strip(), SOURCE)


def room_addresses(name: ResolvedName) -> RoomAddresses:
    """Return the primary address of the one mailbox with this address. Raises NotMeasured.

    The two places that name the primary address must agree.
    """
    contact = _mailbox(name)
    marked = [entry[len(PRIMARY) :] for entry in contact.smtp_addresses if entry.startswith(PRIMARY)]
    named = {canonical(address) for address in (contact.primary, *marked) if address}
    if len(named) != 1:
        found = ", ".join(sorted(named)) or "none"
        raise _unproven(f"Exchange does not show one primary address ({found})")
    return RoomAddresses(name.address, tuple(named), (contact.display_name or name.address,), SOURCE)


def _mailbox(name: ResolvedName) -> Contact:
    """Return the one entry with exactly this address. Raises NotMeasured."""
    if name.trouble is not None:
        raise no_evidence(name.trouble)
    if not name.complete:
        raise _unproven("Exchange has more names like this address than it shows")
    if not name.contacts:
        like = f" ({name.others} only begin like it)" if name.others else ""
        raise _unproven(
            f"nobody in the address list has exactly this address{like}: it may be hidden from address lists"
        )
    if len(name.contacts) > 1:
        names = "; ".join(sorted(contact.display_name or contact.primary for contact in name.contacts))
        raise _unproven(f"{len(name.contacts)} entries of the address list have this address: {names}")
    contact = name.contacts[0]
    if contact.mailbox_type != MAILBOX:
        raise _unproven(f"in the address list the address belongs to a {contact.mailbox_type or 'nameless kind'}")
    return contact


def _unproven(why: str) -> NotMeasured:
    return NotMeasured(f"the directory was not read, and ResolveNames proves nothing: {why}", cause=NOT_RESOLVED)
