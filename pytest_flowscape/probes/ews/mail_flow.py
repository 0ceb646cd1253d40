"""GetMailTips and GetUserConfiguration of one room: whether its mail would reach people, and who decides about it.

exchangelib's own GetMailTips is not valid by the schema (measured, 5.6.0), so
both are built here. EWS reference, "GetMailTips operation" and
"GetUserConfiguration operation".
"""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.facts import CalendarSettings, MailTips, Trouble
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.one_mailbox import element_in
from pytest_flowscape.probes.ews.request import (
    MESSAGES,
    TYPES,
    DistinguishedFolder as Folder,
    add,
    add_folder,
    envelope_of,
    to_bytes,
)

_T = f"{{{TYPES}}}"
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_AUTOMATE = "AutomateProcessing"


def tips_request(sender: str, recipient: str) -> bytes:
    """Build GetMailTips for one recipient, as ``sender`` acting as itself."""
    envelope, body = envelope_of(sender)
    operation = add(body, MESSAGES, "GetMailTips")
    add(add(operation, MESSAGES, "SendingAs"), TYPES, "EmailAddress", sender)
    mailbox = add(add(operation, MESSAGES, "Recipients"), TYPES, "Mailbox")
    add(mailbox, TYPES, "EmailAddress", recipient)
    add(mailbox, TYPES, "RoutingType", "SMTP")
    add(operation, MESSAGES, "MailTipsRequested", "DeliveryRestriction ModerationStatus")
    return to_bytes(envelope)


def settings_request(address: str) -> bytes:
    """Build GetUserConfiguration for the settings object of a calendar folder."""
    envelope, body = envelope_of("")
    operation = add(body, MESSAGES, "GetUserConfiguration")
    name = add(operation, MESSAGES, "UserConfigurationName")
    name.set("Name", "Calendar")
    add_folder(name, Folder("calendar", address))
    add(operation, MESSAGES, "UserConfigurationProperties", "Dictionary")
    return to_bytes(envelope)


def read_tips(answer: Envelope | Trouble, address: str) -> MailTips:
    """Read what senders are shown about the recipient."""
    tips = element_in(answer, "MailTips", "mail tips")
    if isinstance(tips, Trouble):
        return MailTips(address, trouble=tips)
    return MailTips(address, _truth(tips, "DeliveryRestricted"), _truth(tips, "IsModerated"))


def read_settings(answer: Envelope | Trouble, address: str) -> CalendarSettings:
    """Read AutomateProcessing out of the settings; keys and numbers are text there, each with its type."""
    settings = element_in(answer, "UserConfiguration", "settings")
    if isinstance(settings, Trouble):
        return CalendarSettings(address, trouble=settings)
    for entry in settings.iter(f"{_T}DictionaryEntry"):
        if (entry.findtext(f"{_T}DictionaryKey/{_T}Value") or "").strip() == _AUTOMATE:
            value = (entry.findtext(f"{_T}DictionaryValue/{_T}Value") or "").strip()
            return CalendarSettings(address, int(value) if value.isdecimal() else None)
    return CalendarSettings(address)


def _truth(tips: etree._Element, name: str) -> bool | None:
    return _TRUTH.get((tips.findtext(f"{_T}{name}") or "").strip().lower())
