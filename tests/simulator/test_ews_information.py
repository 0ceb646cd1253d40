"""What the simulated EWS answers apart from folders and items: ids, zones, settings, rooms."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.simulator.ews_client import EMAIL, NS, Client, Reply, distinguished, envelope, get_folder, resolve
from tests.simulator.free_busy_request import FreeBusyRequest
from tests.simulator.harness import Simulator

ROOM = "atlas@demo.test"
OTHER = "aurora@demo.test"
THREE = "zuerich@demo.test"
HQ = "rooms-hq@demo.test"


# --- ConvertId --------------------------------------------------------------------------------------


def convert(identifier: str, source: str, destination: str, mailbox: str = ROOM) -> bytes:
    return envelope(
        f'<m:ConvertId DestinationFormat="{destination}"><m:SourceIds>'
        f'<t:AlternateId Format="{source}" Id="{identifier}" Mailbox="{mailbox}"/></m:SourceIds></m:ConvertId>'
    )


@pytest.mark.parametrize("form", ["EwsLegacyId", "EntryId", "HexEntryId", "StoreId", "OwaId"])
def test_an_id_comes_back_from_every_format(client: Client, form: str) -> None:
    (original,) = client.basic(get_folder(distinguished("calendar", ROOM))).folder_ids
    there = client.basic(convert(original, "EwsId", form))
    (alternate,) = there.all(".//m:AlternateId")
    written = alternate.get("Id", "")
    assert (alternate.get("Format"), alternate.get("Mailbox")) == (form, ROOM)
    assert written != original
    back = client.basic(convert(written, form, "EwsId"))
    assert [e.get("Id") for e in back.all(".//m:AlternateId")] == [original]
    assert client.basic(convert(original, form, "EwsId")).codes == ["ErrorInvalidIdMalformed"]


@pytest.mark.parametrize(
    ("identifier", "mailbox", "code"),
    [
        ("DUMMY", ROOM, "ErrorInvalidIdMalformed"),
        ("QUJD", ROOM, "ErrorInvalidIdMalformed"),
        ("", ROOM, "ErrorInvalidIdEmpty"),
    ],
)
def test_ids_that_are_none(client: Client, identifier: str, mailbox: str, code: str) -> None:
    assert client.basic(convert(identifier, "EwsId", "HexEntryId", mailbox)).codes == [code]


def test_the_mailbox_of_an_id_is_checked_by_its_form_alone(client: Client) -> None:
    (original,) = client.basic(get_folder(distinguished("calendar", ROOM))).folder_ids
    assert client.basic(convert(original, "EwsId", "EntryId", "nobody@nowhere.test")).codes == ["NoError"]
    assert client.basic(convert(original, "EwsId", "EntryId", "nobody")).codes == ["ErrorInvalidSmtpAddress"]


def test_each_id_has_its_own_answer(client: Client) -> None:
    (good,) = client.basic(get_folder(distinguished("calendar", ROOM))).folder_ids
    ids = "".join(f'<t:AlternateId Format="EwsId" Id="{i}" Mailbox="{ROOM}"/>' for i in ("DUMMY", good))
    public = '<t:AlternatePublicFolderId Format="EwsId" FolderId="A"/>'
    body = f'<m:ConvertId DestinationFormat="OwaId"><m:SourceIds>{ids}{public}</m:SourceIds></m:ConvertId>'
    codes = ["ErrorInvalidIdMalformed", "NoError", "ErrorUnsupportedTypeForConversion"]
    assert client.basic(envelope(body)).codes == codes


# --- GetServerTimeZones -----------------------------------------------------------------------------


def time_zones(*ids: str, full: str = "") -> bytes:
    listed = f"<m:Ids>{''.join(f'<t:Id>{i}</t:Id>' for i in ids)}</m:Ids>" if ids else ""
    flag = f' ReturnFullTimeZoneData="{full}"' if full else ""
    return envelope(f"<m:GetServerTimeZones{flag}>{listed}</m:GetServerTimeZones>")


def test_every_time_zone_in_full_unless_told_otherwise(client: Client) -> None:
    zones = client.basic(time_zones()).all(".//t:TimeZoneDefinition")
    names = {zone.get("Id") for zone in zones}
    assert {"UTC", "W. Europe Standard Time", "GMT Standard Time", "Eastern Standard Time"} <= names
    for zone in zones:
        periods = {e.get("Id") for e in zone.findall("t:Periods/t:Period", NS)}
        groups = {e.get("Id") for e in zone.findall("t:TransitionsGroups/t:TransitionsGroup", NS)}
        assert {e.text for e in zone.findall("t:TransitionsGroups//t:To", NS)} == periods
        assert {e.text for e in zone.findall("t:Transitions//t:To", NS)} == groups
    short = client.basic(time_zones(full="false"))
    assert {zone.get("Id") for zone in short.all(".//t:TimeZoneDefinition")} == names
    assert short.all(".//t:Periods") == []


def test_a_zone_by_its_id(client: Client) -> None:
    reply = client.basic(time_zones("Eastern Standard Time", full="true"))
    assert [e.get("Bias") for e in reply.all(".//t:Period")] == ["PT5H", "PT4H", "PT5H", "PT4H"]
    assert reply.text(".//t:AbsoluteDateTransition/t:DateTime") == "2007-01-01T00:00:00"
    second = reply.all(".//t:TransitionsGroup")[1]
    told = [tuple(e.findtext(f"t:{n}", "", NS) for n in ("Month", "Occurrence", "TimeOffset")) for e in second]
    assert told == [("3", "2", "PT2H"), ("11", "1", "PT2H")]
    (india,) = client.basic(time_zones("India Standard Time")).all(".//t:Period")
    assert india.get("Bias") == "-PT5H30M"


def test_a_zone_that_the_server_does_not_have_is_left_out(client: Client) -> None:
    reply = client.basic(time_zones("Mars Standard Time", "UTC"))
    assert [e.get("Id") for e in reply.all(".//t:TimeZoneDefinition")] == ["UTC"]


# --- GetUserConfiguration ---------------------------------------------------------------------------


def configuration(folder: str, name: str = "Calendar", properties: str = "Dictionary", impersonate: str = "") -> bytes:
    return envelope(
        f'<m:GetUserConfiguration><m:UserConfigurationName Name="{name}">{folder}</m:UserConfigurationName>'
        f"<m:UserConfigurationProperties>{properties}</m:UserConfigurationProperties></m:GetUserConfiguration>",
        impersonate,
    )


def dictionary(reply: Reply) -> dict[str, tuple[str, str]]:
    def value(entry: etree._Element, path: str) -> str:
        return entry.findtext(path, "", NS)

    return {
        value(entry, "t:DictionaryKey/t:Value"): (
            value(entry, "t:DictionaryValue/t:Type"),
            value(entry, "t:DictionaryValue/t:Value"),
        )
        for entry in reply.all(".//t:DictionaryEntry")
    }


@pytest.mark.parametrize("impersonate", ["", ROOM])
def test_a_rooms_calendar_settings(client: Client, impersonate: str) -> None:
    reply = client.basic(configuration(distinguished("calendar", ROOM), impersonate=impersonate))
    assert dictionary(reply)["AutomateProcessing"] == ("Integer32", "2")
    assert reply.all(".//t:ItemId") == []


def test_the_properties_asked_for_and_no_others(client: Client) -> None:
    only_id = client.basic(configuration(distinguished("calendar", ROOM), properties="Id"))
    assert (len(only_id.all(".//t:ItemId")), only_id.all(".//t:Dictionary")) == (1, [])
    everything = client.basic(configuration(distinguished("calendar", ROOM), properties="All"))
    assert (len(everything.all(".//t:ItemId")), len(everything.all(".//t:Dictionary"))) == (1, 1)


def test_the_folder_may_be_named_by_its_id(client: Client) -> None:
    (key,) = client.basic(get_folder(distinguished("calendar", ROOM))).folder_ids
    assert "AutomateProcessing" in dictionary(client.basic(configuration(f'<t:FolderId Id="{key}"/>')))


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (distinguished("calendar", ROOM), "Nothing"),
        (distinguished("inbox", ROOM), "Calendar"),
        (distinguished("calendar", EMAIL), "Calendar"),  # nobody has set it up
    ],
)
def test_settings_that_are_not_there(client: Client, folder: str, name: str) -> None:
    assert client.basic(configuration(folder, name)).codes == ["ErrorItemNotFound"]


def test_settings_of_a_mailbox_without_a_grant(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"stops-batch:{ROOM}")
    assert client.basic(configuration(distinguished("calendar", ROOM))).codes == ["ErrorAccessDenied"]


# --- GetRoomLists, GetRooms -------------------------------------------------------------------------


def rooms(address: str) -> bytes:
    return envelope(f"<m:GetRooms><m:RoomList><t:EmailAddress>{address}</t:EmailAddress></m:RoomList></m:GetRooms>")


def test_room_lists(client: Client) -> None:
    reply = client.basic(envelope("<m:GetRoomLists/>"))
    assert reply.codes == ["NoError"]
    assert [e.text for e in reply.all(".//t:Address/t:EmailAddress")] == ["rooms-annex@demo.test", HQ]
    assert {e.text for e in reply.all(".//t:Address/t:MailboxType")} == {"PublicDL"}


def test_the_rooms_of_a_list_are_those_that_are_shown(simulator: Simulator, client: Client) -> None:
    before = [e.text for e in client.basic(rooms(HQ.upper())).all(".//t:Room/t:Id/t:EmailAddress")]
    assert before == [OTHER, THREE, "loft@demo.test"]
    simulator.plant(f"hidden-from-address-list:{THREE}", f"alias:{OTHER}", "missing:loft@demo.test")
    after = [e.text for e in client.basic(rooms(HQ)).all(".//t:Room/t:Id/t:EmailAddress")]
    assert after == [f"new-{OTHER}"]


def test_a_room_is_no_room_list(client: Client) -> None:
    reply = client.basic(rooms(ROOM))
    assert (reply.status, reply.codes) == (200, ["ErrorNameResolutionNoResults"])
    assert reply.all(".//m:ResponseMessages") == []


# --- all of them ------------------------------------------------------------------------------------

OPERATIONS = {
    "ConvertId": convert("A", "EwsId", "EntryId"),
    "GetServerTimeZones": time_zones(),
    "GetUserAvailability": FreeBusyRequest((OTHER, "anna.lind@demo.test")).body(),
    "GetUserConfiguration": configuration(distinguished("calendar", ROOM)),
    "GetRoomLists": envelope("<m:GetRoomLists/>"),
    "GetRooms": rooms(HQ),
    "ResolveNames": resolve(OTHER),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_operation_is_counted_and_can_be_throttled_in_its_own_shape(
    simulator: Simulator, client: Client, operation: str
) -> None:
    simulator.plant("inner-throttled-once")
    reply = client.basic(OPERATIONS[operation])
    assert set(reply.codes) == {"ErrorInternalServerError"}
    assert set(reply.values("InnerErrorResponseCode")) == {"ErrorServerBusy"}
    assert len(reply.codes) == (2 if operation == "GetUserAvailability" else 1)
    assert client.basic(OPERATIONS[operation]).status == 200
    assert simulator.count(f"ews.{operation}") == 2


@pytest.mark.parametrize("operation", OPERATIONS)
def test_impersonation_out_of_scope_ends_each_operation(client: Client, operation: str) -> None:
    header = b"<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>outside@demo.test</t:PrimarySmtpAddress>"
    header += b"</t:ConnectingSID></t:ExchangeImpersonation></s:Header>"
    reply = client.basic(OPERATIONS[operation].replace(b"</s:Header>", header))
    assert (reply.status, reply.fault) == (500, "ErrorImpersonateUserDenied")
