"""GetFolder of the simulated EWS: folder ids, rights, permission sets, and impersonation."""

from __future__ import annotations

import uuid

import pytest

from tests.simulator.ews_client import (
    EMAIL,
    FIVE,
    Client,
    Reply,
    distinguished,
    envelope,
    five,
    get_folder,
    sync,
)
from tests.simulator.harness import Simulator

ROOM = "atlas@demo.test"
OTHER = "aurora@demo.test"
GROUP_ROOM = "bergen@demo.test"
USER = "anna.lind@demo.test"
OUTSIDE = "outside@demo.test"
ALL = {"CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems"}
RIGHTS = ("EffectiveRights",)
BOTH = ("EffectiveRights", "PermissionSet")


def folders(client: Client, address: str, *, impersonate: str = "", properties: tuple[str, ...] = RIGHTS) -> Reply:
    return client.basic(get_folder(*five(address), impersonate=impersonate, properties=properties))


def test_full_access_gives_every_right_on_every_folder_by_itself_and_by_a_nested_group(client: Client) -> None:
    for room in (ROOM, GROUP_ROOM):
        reply = folders(client, room)
        assert reply.codes == ["NoError"] * 5
        assert reply.rights() == [ALL] * 5


def test_the_owner_sees_the_same_rights_and_the_permission_sets(client: Client) -> None:
    reply = folders(client, ROOM, impersonate=ROOM, properties=BOTH)
    assert reply.rights() == [ALL] * 5
    assert len(reply.all(".//t:Folder/t:PermissionSet/t:Permissions")) == 4
    levels = [e.text for e in reply.all(".//t:CalendarFolder/t:PermissionSet//t:CalendarPermissionLevel")]
    assert levels == ["FreeBusyTimeOnly", "None"]


def test_folder_ids_are_stable_and_differ_by_mailbox_and_folder(client: Client) -> None:
    ids = folders(client, ROOM).folder_ids + folders(client, OTHER).folder_ids
    assert len(set(ids)) == 10
    assert folders(client, ROOM).folder_ids == ids[:5]
    own = client.basic(get_folder(distinguished("inbox"), distinguished("inbox", EMAIL))).folder_ids
    assert own[0] == own[1]
    assert own[0] not in ids


def test_a_folder_id_opens_the_same_folder(client: Client) -> None:
    reply = folders(client, ROOM)
    again = client.basic(get_folder(*(f'<t:FolderId Id="{key}"/>' for key in reply.folder_ids)))
    assert again.folder_ids == reply.folder_ids
    assert client.basic(get_folder('<t:FolderId Id="nonsense"/>')).codes == ["ErrorInvalidIdMalformed"]


def test_every_answer_names_version_and_front_end_and_echoes_the_request_id(client: Client) -> None:
    reply = client.basic(get_folder(distinguished("inbox")))
    (info,) = reply.all(".//t:ServerVersionInfo")
    assert (info.get("MajorVersion"), info.get("MinorVersion"), info.get("MajorBuildNumber")) == ("15", "2", "1748")
    assert reply.header("X-FEServer") == ["EX01"]
    assert client.post(b"", client_request_id="run-7").header("client-request-id") == []
    asked = client.post(b"", client_request_id="run-7", return_client_request_id="true")
    assert asked.header("client-request-id") == ["run-7"]
    assert uuid.UUID(*asked.header("request-id"))


def test_the_default_shape_tells_the_display_name(client: Client) -> None:
    reply = client.basic(get_folder(distinguished("calendar", ROOM), shape="Default"))
    assert [e.text for e in reply.all(".//t:CalendarFolder/t:DisplayName")] == ["Calendar"]


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ("PERMISSION-1", ["ErrorItemNotFound"] * 5),
        ("impersonation-only", ["ErrorItemNotFound"] * 5),
        ("deny", ["ErrorItemNotFound"] * 5),
        ("pending-grant", ["ErrorItemNotFound"] * 5),
        ("top-folder-only", ["NoError"] + ["ErrorItemNotFound"] * 4),
        ("editor-on-calendar", ["ErrorItemNotFound"] * 2 + ["NoError"] + ["ErrorItemNotFound"] * 2),
        ("owner-folders", ["NoError"] * 5),
        ("through-group", ["NoError"] * 5),
        ("database-level", ["NoError"] * 5),
        ("stops-batch", ["ErrorAccessDenied"] + ["ErrorBatchProcessingStopped"] * 4),
        ("moving", ["ErrorMailboxMoveInProgress"] + ["ErrorBatchProcessingStopped"] * 4),
        ("store-unavailable", ["ErrorMailboxStoreUnavailable"] + ["ErrorBatchProcessingStopped"] * 4),
        ("missing", ["ErrorNonExistentMailbox"] * 5),
        ("online", ["ErrorNonExistentMailbox"] * 5),
        ("alias", ["ErrorNonPrimarySmtpAddress"] * 5),
    ],
)
def test_what_a_delegate_is_told(simulator: Simulator, client: Client, fault: str, codes: list[str]) -> None:
    simulator.plant(f"{fault}:{ROOM}")
    assert folders(client, ROOM).codes == codes
    assert folders(client, OTHER).codes == ["NoError"] * 5


def test_a_calendar_editor_reads_and_creates_and_no_more(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"editor-on-calendar:{ROOM}")
    assert folders(client, ROOM).rights() == [{"CreateContents", "Read"}]
    owner = folders(client, ROOM, impersonate=ROOM, properties=BOTH)
    assert owner.text(".//t:CalendarPermission[3]/t:CalendarPermissionLevel") == "Editor"
    assert owner.text(".//t:CalendarPermission[3]/t:UserId/t:PrimarySmtpAddress") == EMAIL


def test_folder_owners_have_every_right_but_the_private_items(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"owner-folders:{ROOM}")
    assert folders(client, ROOM).rights() == [ALL - {"ViewPrivateItems"}] * 5
    owner = folders(client, ROOM, impersonate=ROOM, properties=BOTH)
    assert [e.text for e in owner.all(".//t:Permission[3]/t:PermissionLevel")] == ["Owner"] * 4


def test_a_permission_set_needs_the_owners_right(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"editor-on-calendar:{ROOM}")
    calendar = distinguished("calendar", ROOM)
    assert client.basic(get_folder(calendar, properties=BOTH)).codes == ["ErrorAccessDenied"]
    assert client.basic(get_folder(calendar, properties=RIGHTS)).codes == ["NoError"]


def test_the_healthy_rooms_before_a_stop_are_answered_and_those_after_it_are_not(
    simulator: Simulator, client: Client
) -> None:
    simulator.plant(f"stops-batch:{OTHER}")
    ids = [distinguished("calendar", room) for room in (ROOM, OTHER, GROUP_ROOM)]
    assert client.basic(get_folder(*ids)).codes == ["NoError", "ErrorAccessDenied", "ErrorBatchProcessingStopped"]


def test_an_alias_is_answered_with_the_primary_address(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"alias:{ROOM}")
    reply = client.basic(get_folder(distinguished("calendar", ROOM)))
    assert reply.values("Primary") == [f"new-{ROOM}"]
    fault = folders(client, ROOM, impersonate=ROOM)
    assert (fault.status, fault.fault, fault.values("Primary")) == (500, "ErrorNonPrimarySmtpAddress", [f"new-{ROOM}"])
    assert folders(client, f"new-{ROOM}", impersonate=f"new-{ROOM}").codes == ["NoError"] * 5


def test_the_known_wrong_answer_from_the_callers_own_mailbox(simulator: Simulator, client: Client) -> None:
    own = client.basic(get_folder(*map(distinguished, FIVE))).folder_ids
    simulator.plant(f"own-mailbox:{ROOM}")
    assert folders(client, ROOM).folder_ids == own
    as_room = folders(client, ROOM, impersonate=ROOM)
    assert as_room.codes == ["NoError"] * 5
    assert not set(as_room.folder_ids) & set(own)


def test_a_caller_without_mailbox(simulator: Simulator, client: Client) -> None:
    simulator.plant("ACCOUNT-3")
    reply = client.basic(get_folder(distinguished("inbox"), distinguished("inbox", EMAIL)))
    assert reply.codes == ["ErrorMissingEmailAddress", "ErrorNonExistentMailbox"]
    assert folders(client, ROOM).codes == ["NoError"] * 5


@pytest.mark.parametrize("address", [ROOM, USER, EMAIL])
def test_impersonation_within_the_scope(client: Client, address: str) -> None:
    assert folders(client, address, impersonate=address).rights() == [ALL] * 5


def test_impersonation_out_of_scope_is_the_fault_that_exchange_sends(client: Client) -> None:
    reply = folders(client, OUTSIDE, impersonate=OUTSIDE)
    said = "The account does not have permission to impersonate the requested user."
    assert (reply.status, reply.fault) == (500, "ErrorImpersonateUserDenied")
    assert reply.text(".//faultcode") == "a:ErrorImpersonateUserDenied"
    assert reply.text(".//faultstring") == said
    assert reply.text(".//detail/e:Message") == said


@pytest.mark.parametrize(
    ("fault", "address", "code"),
    [
        (f"IMPERSONATION-1:{ROOM}", ROOM, "ErrorImpersonateUserDenied"),
        (f"IMPERSONATION-2:{USER}", USER, "ErrorImpersonateUserDenied"),
        ("IMPERSONATION-3", EMAIL, "ErrorImpersonateUserDenied"),
        ("no-role", ROOM, "ErrorImpersonateUserDenied"),
        (f"missing:{ROOM}", ROOM, "ErrorNonExistentMailbox"),
        ("out-of-scope-missing", OUTSIDE, "ErrorNonExistentMailbox"),
    ],
)
def test_impersonation_refused(simulator: Simulator, client: Client, fault: str, address: str, code: str) -> None:
    simulator.plant(fault)
    assert folders(client, address, impersonate=address).fault == code


def test_an_unscoped_role_opens_every_mailbox(simulator: Simulator, client: Client) -> None:
    simulator.plant("unscoped")
    assert folders(client, OUTSIDE, impersonate=OUTSIDE).codes == ["NoError"] * 5


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [("PrincipalName", "no@demo.test", "ErrorInvalidUserPrincipalName"), ("SID", "S-1-5-21-1", "ErrorInvalidUserSid")],
)
def test_other_unknown_identities(client: Client, kind: str, value: str, code: str) -> None:
    assert client.basic(get_folder(distinguished("inbox"), impersonate=value, kind=kind)).fault == code


def test_an_operation_that_is_not_there_is_an_invalid_request(client: Client) -> None:
    reply = client.basic(envelope("<m:GetInboxRules/>"))
    assert (reply.status, reply.fault) == (500, "ErrorInvalidRequest")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a/>",
        b"<s:Envelope",
        envelope("<m:GetFolder/>"),
        envelope("<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape></m:GetFolder>"),
        sync(ROOM, most=0),
    ],
)
def test_what_the_schema_forbids_is_a_schema_fault(simulator: Simulator, client: Client, body: bytes) -> None:
    reply = client.basic(body)
    assert (reply.status, reply.fault) == (500, "ErrorSchemaValidation")
    simulator.forget_schema_problems()
