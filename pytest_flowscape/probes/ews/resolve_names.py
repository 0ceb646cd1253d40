"""ResolveNames: ask the address list for an address, and read which entries have exactly this one."""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.facts import Contact, ResolvedName
from pytest_flowscape.probes.ews import answers, codes
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.request import MESSAGES, TYPES, add, envelope_of, to_bytes
from pytest_flowscape.site.addresses import canonical

OPERATION = "ResolveNames"
_T, _M = f"{{{TYPES}}}", f"{{{MESSAGES}}}"
_TRUE = {"true", "1"}


def request(entry: str) -> bytes:
    """Build ResolveNames for one entry, in Active Directory only, with the contact's data."""
    envelope, body = envelope_of("")
    operation = add(body, MESSAGES, OPERATION)
    operation.set("ReturnFullContactData", "true")
    operation.set("SearchScope", "ActiveDirectory")
    add(operation, MESSAGES, "UnresolvedEntry", entry)
    return to_bytes(envelope)


def read(envelope: Envelope, asked: str) -> ResolvedName:
    """Return the resolutions that have exactly the address asked for, and count the partial matches beside them.

    The address list of Active Directory alone: entries of somebody's own contacts are left out.
    """
    message, trouble = answers.only_message(envelope, OPERATION)
    if trouble is not None and trouble.code == codes.NO_RESULTS:
        return ResolvedName(asked)
    if trouble is not None and trouble.code != codes.MULTIPLE_RESULTS:
        return ResolvedName(asked, trouble=trouble)
    listed = message.find(f"{_M}ResolutionSet")
    complete = listed is not None and listed.get("IncludesLastItemInRange", "true") in _TRUE
    entries = [entry for entry in message.iter(f"{_T}Resolution") if _is_listed(entry)]
    wanted = canonical(asked)
    found = [contact for contact in map(_contact, entries) if wanted in _addresses(contact)]
    return ResolvedName(asked, tuple(found), others=len(entries) - len(found), complete=complete)


def _is_listed(resolution: etree._Element) -> bool:
    """Whether an entry is from the address list; one from a folder of contacts has an item id."""
    stored = answers.text(resolution, f"{_T}Contact/{_T}ContactSource") == "Store"
    return not stored and resolution.find(f"{_T}Mailbox/{_T}ItemId") is None


def _contact(resolution: etree._Element) -> Contact:
    mailbox, contact = f"{_T}Mailbox/{_T}", f"{_T}Contact/{_T}"
    entries = resolution.findall(f"{contact}EmailAddresses/{_T}Entry")
    smtp = answers.text(resolution, f"{mailbox}RoutingType").upper() in ("SMTP", "")
    return Contact(
        primary=answers.text(resolution, f"{mailbox}EmailAddress") if smtp else "",
        mailbox_type=answers.text(resolution, f"{mailbox}MailboxType"),
        display_name=answers.text(resolution, f"{contact}DisplayName") or answers.text(resolution, f"{mailbox}Name"),
        given_name=answers.text(resolution, f"{contact}GivenName"),
        surname=answers.text(resolution, f"{contact}Surname"),
        smtp_addresses=tuple(text for entry in entries if (text := (entry.text or "").strip()) and _is_smtp(text)),
        full=resolution.find(f"{_T}Contact") is not None,
    )


def _is_smtp(entry: str) -> bool:
    prefix, colon, _ = entry.partition(":")
    return not colon or prefix.lower() == "smtp"


def _addresses(contact: Contact) -> set[str]:
    entries = (contact.primary, *contact.smtp_addresses)
    return {canonical(entry.rpartition(":")[2]) for entry in entries if entry}
