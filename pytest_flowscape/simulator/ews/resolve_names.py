"""ResolveNames: the address list searched as Exchange does, by ambiguous name resolution.

Microsoft, "ResolveNames operation": an entry without prefix matches the
primary address, one with ``smtp:`` every proxy address; both match partially,
from the start. What is hidden from address lists is not found.
"""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller, own_mailbox
from pytest_flowscape.simulator.ews.envelope import (
    M,
    Refusal,
    Request,
    T,
    attribute,
    message,
    refusal_message,
    required,
)
from pytest_flowscape.simulator.ews.sessions import MailboxSessions
from pytest_flowscape.simulator.model import Account, Mailbox, Organisation

NAME = "ResolveNamesResponseMessage"
MOST_RESULTS = 100


def resolve_names(
    organisation: Organisation,
    caller: Caller,
    request: Request,
    sessions: MailboxSessions,  # noqa: ARG001  every operation has the same form
) -> list[etree._Element]:
    """Answer ResolveNames: one response message. Raises Refusal (a fault) for a request that the schema forbids."""
    entry = (required(request.body, "m:UnresolvedEntry").text or "").strip()
    full = attribute(request.body, "ReturnFullContactData") in ("true", "1")
    if not entry:
        said = "The 'UnresolvedEntry' element is invalid."
        raise Refusal("ErrorSchemaValidation", f"The request failed schema validation: {said}", {"Violation": said})
    if own_mailbox(organisation, caller.acting) is None:
        return [refusal_message(NAME, Refusal("ErrorNameResolutionNoMailbox"))]
    found = _matching(organisation, entry)
    if not found:
        return [refusal_message(NAME, Refusal("ErrorNameResolutionNoResults"))]
    resolutions = [_resolution(account, mailbox, full=full) for account, mailbox in found[:MOST_RESULTS]]
    result = M.ResolutionSet(
        *resolutions,
        TotalItemsInView=str(len(resolutions)),
        IncludesLastItemInRange="true" if len(found) <= MOST_RESULTS else "false",
    )
    if len(found) == 1:
        return [message(NAME, result)]
    several = Refusal("ErrorNameResolutionMultipleResults")
    return [refusal_message(NAME, several, result, response_class="Warning")]


def _matching(organisation: Organisation, entry: str) -> list[tuple[Account, Mailbox]]:
    owners = {mailbox.owner_sid: mailbox for mailbox in organisation.mailboxes.values()}
    everybody = ((account, owners.get(account.sid)) for account in organisation.accounts.values())
    found = [
        (account, mailbox)
        for account, mailbox in everybody
        if mailbox is not None and not mailbox.hidden_from_address_list and _matches(account, mailbox, entry.lower())
    ]
    return sorted(found, key=lambda pair: pair[0].display_name.lower())


def _matches(account: Account, mailbox: Mailbox, entry: str) -> bool:
    if entry.startswith("smtp:"):
        wanted = entry.removeprefix("smtp:")
        return any(address.lower().startswith(wanted) for address in (mailbox.primary, *mailbox.aliases))
    names = (mailbox.primary, account.display_name, account.given_name, account.sn, account.sam)
    words = account.display_name.split()
    return any(name.lower().startswith(entry) for name in (*names, *words) if name)


def _resolution(account: Account, mailbox: Mailbox, *, full: bool) -> etree._Element:
    name = account.display_name or account.sam
    parts = [T.Mailbox(T.Name(name), T.EmailAddress(mailbox.primary), T.RoutingType("SMTP"), T.MailboxType("Mailbox"))]
    if full:
        parts.append(_contact(account, mailbox, name))
    element: etree._Element = T.Resolution(*parts)
    return element


def _contact(account: Account, mailbox: Mailbox, name: str) -> etree._Element:
    addresses = [f"SMTP:{mailbox.primary}", *(f"smtp:{alias}" for alias in mailbox.aliases)][:3]
    parts = [T.DisplayName(name)]
    if account.given_name:
        parts.append(T.GivenName(account.given_name))
    entries = (T.Entry(address, Key=f"EmailAddress{number}") for number, address in enumerate(addresses, 1))
    parts += [T.EmailAddresses(*entries), T.ContactSource("ActiveDirectory")]
    if account.sn:
        parts.append(T.Surname(account.sn))
    element: etree._Element = T.Contact(*parts)
    return element
