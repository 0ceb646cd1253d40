"""ResolveNames: the address list searched as Exchange does, by ambiguous name resolution.

Microsoft, "ResolveNames operation": an entry without prefix matches the
primary address, one with ``smtp:`` every proxy address; both match partially,
from the start. What is hidden from address lists is not found. Nobody here has
contacts of their own, so the scopes ActiveDirectory, ActiveDirectoryContacts and
ContactsActiveDirectory find the same, and Contacts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.simulator.ews.access import own_mailbox
from pytest_flowscape.simulator.ews.envelope import (
    M,
    Refusal,
    T,
    attribute,
    message,
    refusal_message,
    required,
    schema_fault,
    smtp_address,
)
from pytest_flowscape.simulator.ews.item_values import format_truth
from pytest_flowscape.simulator.ews.operation import Call
from pytest_flowscape.simulator.model import Account, Organisation

NAME = "ResolveNamesResponseMessage"
MAX_RESULTS = 100
MAX_ADDRESSES = 3  # the schema has EmailAddress1 to EmailAddress3 and no more
NO_NAMES = (",", "-", "")  # ErrorInvalidNameForNameResolution (Microsoft, "ResponseCode")


@dataclass(frozen=True)
class Listed:
    """What the address list shows: a mailbox, a person whose mailbox is elsewhere, or a room list."""

    name: str
    primary: str
    kind: str
    aliases: tuple[str, ...] = ()
    account: Account | None = None

    def matches(self, entry: str) -> bool:
        """Whether ambiguous name resolution finds it by this entry, which is lower case."""
        prefix, colon, address = entry.partition(":")
        if colon:
            return prefix == "smtp" and any(a.lower().startswith(address) for a in (self.primary, *self.aliases))
        names = [self.primary, self.name, *self.name.split()]
        if self.account is not None:
            names += [self.account.given_name, self.account.sn, self.account.sam]
        return any(name.lower().startswith(entry) for name in names if name)


def resolve_names(call: Call) -> list[etree._Element]:
    """Answer ResolveNames: one response message. Raises Refusal (a fault) for a request that the schema forbids."""
    text = required(call.body, "m:UnresolvedEntry").text or ""
    full = attribute(call.body, "ReturnFullContactData") in ("true", "1")
    if not text:
        raise schema_fault("The 'UnresolvedEntry' element is invalid.", line=False)
    if text.strip() in NO_NAMES:
        return [refusal_message(NAME, Refusal("ErrorInvalidNameForNameResolution"))]
    if own_mailbox(call.organisation, call.caller.acting) is None:
        return [refusal_message(NAME, Refusal("ErrorNameResolutionNoMailbox"))]
    contacts = call.body.get("SearchScope") == "Contacts"
    found = [] if contacts else _matches(call.organisation, text.strip().lower())
    if not found:
        return [refusal_message(NAME, Refusal("ErrorNameResolutionNoResults"))]
    resolutions = [_resolution(listed, full=full) for listed in found[:MAX_RESULTS]]
    result = M.ResolutionSet(
        *resolutions,
        TotalItemsInView=str(len(resolutions)),
        IncludesLastItemInRange=format_truth(len(found) <= MAX_RESULTS),
    )
    if len(found) == 1:
        return [message(NAME, result)]
    several = Refusal("ErrorNameResolutionMultipleResults")
    return [refusal_message(NAME, several, result, response_class="Warning")]


def _matches(organisation: Organisation, entry: str) -> list[Listed]:
    found = [listed for listed in _address_list(organisation) if listed.matches(entry)]
    return sorted(found, key=lambda listed: listed.name.lower())


def _address_list(organisation: Organisation) -> Iterator[Listed]:
    mailboxes = {mailbox.owner_sid: mailbox for mailbox in organisation.mailboxes.values()}
    for account in organisation.accounts.values():
        name, mailbox = account.display_name or account.sam, mailboxes.get(account.sid)
        if mailbox is None:
            aliases = [value[5:] for value in account.proxy_addresses if value.startswith("smtp:")]
            if account.mail and account.proxy_addresses:
                yield Listed(name, account.mail, "Contact", tuple(aliases), account)
        elif not mailbox.hidden_from_address_list:
            yield Listed(name, mailbox.primary, "Mailbox", tuple(mailbox.aliases), account)
    for known in organisation.room_lists:
        yield Listed(known.name, known.address, "PublicDL")


def _resolution(listed: Listed, *, full: bool) -> etree._Element:
    element = T.Resolution(T.Mailbox(*smtp_address(listed.name, listed.primary, listed.kind)))
    if full:
        element.append(_contact(listed))
    return element


def _contact(listed: Listed) -> etree._Element:
    """Write the contact's data in the schema's order; without an account only what every entry has."""
    given_name, surname = (listed.account.given_name, listed.account.sn) if listed.account else ("", "")
    addresses = [f"SMTP:{listed.primary}", *(f"smtp:{alias}" for alias in listed.aliases)][:MAX_ADDRESSES]
    parts = [T.DisplayName(listed.name)]
    if given_name:
        parts.append(T.GivenName(given_name))
    entries = (T.Entry(address, Key=f"EmailAddress{number}") for number, address in enumerate(addresses, 1))
    parts += [T.EmailAddresses(*entries), T.ContactSource("ActiveDirectory")]
    if surname:
        parts.append(T.Surname(surname))
    return T.Contact(*parts)
