"""From a folder id of a request to a mailbox and folder that the caller may see, or the refusal for it."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.simulator.ews.access import (
    FOLDER_KINDS,
    Caller,
    effective_rights,
    find_folder,
    find_mailbox,
    own_mailbox,
)
from pytest_flowscape.simulator.ews.envelope import NS, Refusal, attribute
from pytest_flowscape.simulator.model import Mailbox, Organisation

# after one of these the rest of a batch is not processed (EWS reference, "ResponseCode")
STOPS_BATCH = ("ErrorAccessDenied", "ErrorMailboxMoveInProgress", "ErrorMailboxStoreUnavailable")


@dataclass(frozen=True)
class Target:
    """A folder that the caller may see, and the caller's effective rights on it."""

    mailbox: Mailbox
    folder: str
    rights: frozenset[str]


def find_target(organisation: Organisation, caller: Caller, element: etree._Element) -> Target:
    """Find what a DistinguishedFolderId or FolderId element means for this caller.

    Raises Refusal with the code that EWS gives for that id.
    """
    mailbox, folder = _named(organisation, caller, element)
    have_trouble(mailbox)
    if mailbox.answers_as and not caller.impersonates:
        mailbox = find_mailbox(organisation, mailbox.answers_as)
    if mailbox.never_opened and not organisation.uses(caller.acting, mailbox):
        raise Refusal("ErrorItemNotFound")
    mailbox.never_opened = False
    rights = effective_rights(organisation, mailbox, folder, caller.acting)
    if not rights:
        raise Refusal("ErrorAccessDenied" if mailbox.stops_batch else "ErrorItemNotFound")
    return Target(mailbox, folder, rights)


def _named(organisation: Organisation, caller: Caller, element: etree._Element) -> tuple[Mailbox, str]:
    identifier = attribute(element, "Id")
    if etree.QName(element).localname == "FolderId":
        return find_folder(organisation, identifier)
    if identifier not in FOLDER_KINDS:
        raise Refusal("ErrorFolderNotFound")
    address = element.findtext("t:Mailbox/t:EmailAddress", namespaces=NS)
    if address is not None and address.strip():
        return find_mailbox(organisation, address), identifier
    own = own_mailbox(organisation, caller.acting)
    if own is None:
        raise Refusal("ErrorMissingEmailAddress")
    return own, identifier


def have_trouble(mailbox: Mailbox) -> None:
    """Do nothing for a mailbox without planted trouble. Raises Refusal where there is some left."""
    if not mailbox.trouble or mailbox.trouble_count == 0:
        return
    if mailbox.trouble_count is not None:
        mailbox.trouble_count -= 1
    raise Refusal(mailbox.trouble)
