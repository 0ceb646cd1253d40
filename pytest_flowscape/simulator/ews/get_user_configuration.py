"""GetUserConfiguration: the settings object ``Calendar`` of a room's calendar folder.

Its dictionary has the key AutomateProcessing, a 32-bit number: 0 none, 1
update, 2 accept ([MS-OXOCFG] 2.2.5.1.1). A mailbox that nobody has set up has
no such object.
"""

from __future__ import annotations

import base64
import hashlib

from lxml import etree

from pytest_flowscape.simulator.ews.access import Caller, folder_id
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
from pytest_flowscape.simulator.ews.target import Target, find_target
from pytest_flowscape.simulator.model import Organisation

NAME = "GetUserConfigurationResponseMessage"
CALENDAR = ("Calendar", "calendar")  # the one object that there may be: its name, and its folder


def get_user_configuration(
    organisation: Organisation, caller: Caller, request: Request, sessions: MailboxSessions
) -> list[etree._Element]:
    """Answer GetUserConfiguration: one response message. Raises Refusal (a fault) for what the schema forbids."""
    name = required(request.body, "m:UserConfigurationName")
    folder = required(name, "*")
    wanted = set((required(request.body, "m:UserConfigurationProperties").text or "").split())
    try:
        target = find_target(organisation, caller, folder)
        sessions.open(target.mailbox)
        if "Read" not in target.rights:
            raise Refusal("ErrorAccessDenied")  # noqa: TRY301  one way to write a refusal
        setting = target.mailbox.automate_processing
        # names of these objects are compared without case
        if (attribute(name, "Name").lower(), target.folder) != ("calendar", CALENDAR[1]) or setting is None:
            raise Refusal("ErrorItemNotFound")  # noqa: TRY301  likewise
        return [message(NAME, _configuration(organisation, target, folder, wanted, setting))]
    except Refusal as refusal:
        if refusal.code == "ErrorSchemaValidation":
            raise
        return [refusal_message(NAME, refusal)]


def _configuration(
    organisation: Organisation, target: Target, folder: etree._Element, wanted: set[str], setting: int
) -> etree._Element:
    parts = [T.UserConfigurationName(_as_asked(folder), Name=CALENDAR[0])]
    if wanted & {"Id", "All"}:
        digest = hashlib.sha256(f"configuration {folder_id(organisation, target.mailbox, target.folder)}".encode())
        key = base64.b64encode(b"\x00\x04\x24\x00" + digest.digest()).decode()
        parts.append(T.ItemId(Id=key, ChangeKey="CQAAABYAAAA="))
    if wanted & {"Dictionary", "All"}:
        entries = (("OLPrefsVersion", 1), ("AutomateProcessing", setting))
        parts.append(T.Dictionary(*(_entry(key, number) for key, number in entries)))
    element: etree._Element = M.UserConfiguration(*parts)
    return element


def _as_asked(folder: etree._Element) -> etree._Element:
    """Name the folder in the form of the request, without its change key."""
    element: etree._Element = T(etree.QName(folder).localname, Id=attribute(folder, "Id"))
    return element


def _entry(key: str, number: int) -> etree._Element:
    element: etree._Element = T.DictionaryEntry(
        T.DictionaryKey(T.Type("String"), T.Value(key)),
        T.DictionaryValue(T.Type("Integer32"), T.Value(str(number))),
    )
    return element
