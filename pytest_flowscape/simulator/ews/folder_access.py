"""From a folder id of a request to a mailbox and folder that the caller may see, or the refusal for it."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from pytest_flowscape.simulator.ews.access import (
    FOLDER_KINDS,
    effective_rights,
    find_folder,
    find_mailbox,
    own_mailbox,
)
from pytest_flowscape.simulator.ews.envelope import NS, Refusal, attribute
from pytest_flowscape.simulator.ews.operation import Call
from pytest_flowscape.simulator.model import Mailbox


@dataclass(frozen=True)
class Target:
    """A folder that the caller may see, and the caller's effective rights on it."""

    mailbox: Mailbox
    folder: str
    rights: frozenset[str]


def find_target(call: Call, element: etree._Element) -> Target:
    """Find what a DistinguishedFolderId or FolderId element means for this caller, and open its mailbox.

    Raises Refusal with the code that EWS gives for that id.
    """
    mailbox, folder = _mailbox_and_folder(call, element)
    check_trouble(mailbox)
    if mailbox.answers_as and not call.caller.impersonates:
        mailbox = find_mailbox(call.organisation, mailbox.answers_as)
    acting = call.caller.acting
    if mailbox.never_opened and not call.organisation.uses(acting, mailbox):
        raise Refusal("ErrorItemNotFound")
    mailbox.never_opened = False
    rights = effective_rights(call.organisation, mailbox, folder, acting)
    if not rights:
        raise Refusal("ErrorAccessDenied" if mailbox.stops_batch else "ErrorItemNotFound")
    call.sessions.open(mailbox)
    return Target(mailbox, folder, rights)


def find_readable(call: Call, element: etree._Element) -> Target:
    """Find what a folder id means, as ``find_target`` does. Raises Refusal also where nothing in it may be read."""
    target = find_target(call, element)
    if "Read" not in target.rights:
        raise Refusal("ErrorAccessDenied")
    return target


def _mailbox_and_folder(call: Call, element: etree._Element) -> tuple[Mailbox, str]:
    identifier = attribute(element, "Id")
    if etree.QName(element).localname == "FolderId":
        return find_folder(call.organisation, identifier)
    if identifier not in FOLDER_KINDS:
        raise Refusal("ErrorFolderNotFound")
    address = element.findtext("t:Mailbox/t:EmailAddress", namespaces=NS)
    if address is not None and address.strip():
        return find_mailbox(call.organisation, address), identifier
    own = own_mailbox(call.organisation, call.caller.acting)
    if own is None:
        raise Refusal("ErrorMissingEmailAddress")
    return own, identifier


def check_trouble(mailbox: Mailbox) -> None:
    """Do nothing for a mailbox without planted trouble. Raises Refusal where there is some left."""
    if not mailbox.trouble or mailbox.trouble_count == 0:
        return
    if mailbox.trouble_count is not None:
        mailbox.trouble_count -= 1
    raise Refusal(mailbox.trouble)
