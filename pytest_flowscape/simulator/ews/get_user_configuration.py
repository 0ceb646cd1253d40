"""GetUserConfiguration: the settings object ``Calendar`` of a room's calendar folder.

Its dictionary has the key AutomateProcessing, a 32-bit number: 0 none, 1
update, 2 accept ([MS-OXOCFG] 2.2.5.1.1). A mailbox that nobody has set up has
no such object.
"""

from __future__ import annotations

import base64
import hashlib

from lxml import etree

from pytest_flowscape.simulator.ews.access import folder_id
from pytest_flowscape.simulator.ews.envelope import M, Refusal, T, attribute, message, required
from pytest_flowscape.simulator.ews.folder_access import Target, find_readable
from pytest_flowscape.simulator.ews.operation import Call, answer_each
from pytest_flowscape.simulator.model import Organisation

NAME = "GetUserConfigurationResponseMessage"
CALENDAR = ("Calendar", "calendar")  # the one object that there may be: its name, and its folder


def get_user_configuration(call: Call) -> list[etree._Element]:
    """Answer GetUserConfiguration: one response message. Raises Refusal (a fault) for what the schema forbids."""
    name = required(call.body, "m:UserConfigurationName")
    folder = required(name, "*")
    properties = set((required(call.body, "m:UserConfigurationProperties").text or "").split())

    def answer(folder: etree._Element) -> etree._Element:
        target = find_readable(call, folder)
        setting = target.mailbox.automate_processing
        # names of these objects are compared without case
        if (attribute(name, "Name").lower(), target.folder) != ("calendar", CALENDAR[1]) or setting is None:
            raise Refusal("ErrorItemNotFound")
        return message(NAME, _configuration(call.organisation, target, folder, properties, setting))

    return answer_each(NAME, [folder], answer)


def _configuration(
    organisation: Organisation, target: Target, folder: etree._Element, properties: set[str], setting: int
) -> etree._Element:
    # the folder in the form of the request, without its change key
    named = T(etree.QName(folder).localname, Id=attribute(folder, "Id"))
    parts = [T.UserConfigurationName(named, Name=CALENDAR[0])]
    if properties & {"Id", "All"}:
        digest = hashlib.sha256(f"configuration {folder_id(organisation, target.mailbox, target.folder)}".encode())
        key = base64.b64encode(b"\x00\x04\x24\x00" + digest.digest()).decode()
        parts.append(T.ItemId(Id=key, ChangeKey="CQAAABYAAAA="))
    if properties & {"Dictionary", "All"}:
        entries = (("OLPrefsVersion", 1), ("AutomateProcessing", setting))
        parts.append(T.Dictionary(*(_entry(key, number) for key, number in entries)))
    return M.UserConfiguration(*parts)


def _entry(key: str, number: int) -> etree._Element:
    return T.DictionaryEntry(
        T.DictionaryKey(T.Type("String"), T.Value(key)),
        T.DictionaryValue(T.Type("Integer32"), T.Value(str(number))),
    )
