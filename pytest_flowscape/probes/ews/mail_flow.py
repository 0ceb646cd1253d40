"""GetMailTips and GetUserConfiguration of one room: whether its mail would reach people, and who decides about it.

exchangelib's own GetMailTips is not valid by the schema (measured, 5.6.0), so
both are built here. EWS reference, "GetMailTips operation" and
"GetUserConfiguration operation".
"""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.facts import CalendarSettings, Kind, MailTips, Trouble
from pytest_flowscape.probes.ews import answers
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.request import MESSAGES, TYPES, add, distinguished, envelope_of, to_bytes
from pytest_flowscape.probes.ews.request import FolderWanted as Folder

_T, _M = f"{{{TYPES}}}", f"{{{MESSAGES}}}"
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
    distinguished(name, Folder("calendar", address))
    add(operation, MESSAGES, "UserConfigurationProperties", "Dictionary")
    return to_bytes(envelope)


def trouble_in(envelope: Envelope) -> Trouble | None:
    """Return the trouble that an answer's message is, None for none."""
    message = _message(envelope)
    return None if message is None else answers.message_trouble(message, envelope.http)


def read_tips(envelope: Envelope, address: str) -> MailTips:
    """Read what was told of the recipient."""
    trouble = trouble_in(envelope)
    tips = None if envelope.body is None else next(envelope.body.iter(f"{_M}MailTips"), None)
    if trouble is None and tips is None:
        trouble = _without("mail tips", envelope)
    if trouble is not None or tips is None:
        return MailTips(address, trouble=trouble)
    return MailTips(address, _truth(tips, "DeliveryRestricted"), _truth(tips, "IsModerated"))


def read_settings(envelope: Envelope, address: str) -> CalendarSettings:
    """Read AutomateProcessing out of the settings; keys and numbers are told as text, each with its type."""
    trouble = trouble_in(envelope)
    settings = None if envelope.body is None else next(envelope.body.iter(f"{_M}UserConfiguration"), None)
    if trouble is None and settings is None:
        trouble = _without("settings", envelope)
    if trouble is not None or settings is None:
        return CalendarSettings(address, trouble=trouble)
    for entry in settings.iter(f"{_T}DictionaryEntry"):
        if (entry.findtext(f"{_T}DictionaryKey/{_T}Value") or "").strip() == _AUTOMATE:
            value = (entry.findtext(f"{_T}DictionaryValue/{_T}Value") or "").strip()
            return CalendarSettings(address, int(value) if value.isdecimal() else None)
    return CalendarSettings(address)


def _message(envelope: Envelope) -> etree._Element | None:
    return next(iter(envelope.messages), None)


def _truth(tips: etree._Element, name: str) -> bool | None:
    return _TRUTH.get((tips.findtext(f"{_T}{name}") or "").strip().lower())


def _without(what: str, envelope: Envelope) -> Trouble:
    return Trouble(Kind.MALFORMED, f"an answer without {what}", status=envelope.http.status)
