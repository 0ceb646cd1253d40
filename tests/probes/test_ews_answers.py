"""Answers become facts exactly, and hostile XML becomes a Trouble."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, strategies as st

from pytest_flowscape.facts import FolderAnswer, Kind, ResolvedName, Trouble
from pytest_flowscape.probes.ews import answers, get_folder, resolve_names, sync_folder_items
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.request import MESSAGES, SOAP, TYPES
from tests.probes.ews_samples import answer, fault, folder, refused, response, soap

PRIMARY = '<t:Value Name="Primary">new@demo.test</t:Value>'
RIGHTS = (
    "<t:EffectiveRights><t:CreateAssociated>true</t:CreateAssociated><t:Read>1</t:Read><t:Delete>false</t:Delete>"
    "</t:EffectiveRights>"
)


def read(body: bytes, status: int = 200) -> Envelope:
    told = answers.read(answer(body, status))
    assert isinstance(told, Envelope)
    return told


def trouble(body: bytes, status: int = 200) -> Trouble:
    told = answers.read(answer(body, status))
    assert isinstance(told, Trouble)
    return told


def folders(envelope: Envelope, names: tuple[str, ...]) -> tuple[FolderAnswer, ...]:
    found = get_folder.read(envelope, names)
    assert not isinstance(found, Trouble)
    return found


def test_folders_in_the_order_asked() -> None:
    envelope = read(response("GetFolder", folder("A", RIGHTS), refused("ErrorItemNotFound"), folder("C")))
    assert envelope.version == "15.2.1748.10"
    found = folders(envelope, ("inbox", "calendar", "sentitems"))
    assert [(one.name, one.folder_id) for one in found] == [("inbox", "A"), ("calendar", ""), ("sentitems", "C")]
    assert found[0].rights == {"CreateAssociated": True, "Read": True, "Delete": False}
    assert found[2].rights is None
    assert found[1].trouble is not None
    assert found[1].trouble.kind is Kind.NO_ACCESS


def test_a_count_that_differs_is_not_answer() -> None:
    envelope = read(response("GetFolder", folder("A"), folder("B")))
    for names in (("inbox",), ("inbox", "calendar", "sentitems")):
        told = get_folder.read(envelope, names)
        assert isinstance(told, Trouble)
        assert told.kind is Kind.NOT_ASKED


def test_success_without_a_folder_is_not_success() -> None:
    empty = '<m:GetFolderResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Folders/>'
    found = folders(read(response("GetFolder", empty + "</m:GetFolderResponseMessage>")), ("inbox",))
    assert found[0].trouble is not None
    assert found[0].trouble.kind is Kind.MALFORMED


def test_a_warning_is_not_success() -> None:
    stopped = refused("ErrorBatchProcessingStopped", kind="Warning")
    found = folders(read(response("GetFolder", stopped)), ("inbox",))
    assert found[0].trouble is not None
    assert found[0].trouble.kind is Kind.NOT_ASKED


def test_permissions_of_both_kinds() -> None:
    plain = (
        "<t:PermissionSet><t:Permissions><t:Permission><t:UserId><t:SID>S-1-5-21-1</t:SID>"
        "<t:PrimarySmtpAddress>a@demo.test</t:PrimarySmtpAddress></t:UserId><t:CanCreateItems>true</t:CanCreateItems>"
        "<t:EditItems>Owned</t:EditItems><t:ReadItems>FullDetails</t:ReadItems>"
        "<t:PermissionLevel>Owner</t:PermissionLevel></t:Permission></t:Permissions></t:PermissionSet>"
    )
    calendar = (
        "<t:PermissionSet><t:CalendarPermissions><t:CalendarPermission><t:UserId>"
        "<t:DistinguishedUser>Default</t:DistinguishedUser></t:UserId><t:EditItems>All</t:EditItems>"
        "<t:CalendarPermissionLevel>FreeBusyTimeOnly</t:CalendarPermissionLevel></t:CalendarPermission>"
        "</t:CalendarPermissions></t:PermissionSet>"
    )
    envelope = read(response("GetFolder", folder("A", plain), folder("B", calendar, "CalendarFolder")))
    found = folders(envelope, ("inbox", "calendar"))
    (owner,) = found[0].permissions or ()
    assert (owner.who, owner.level, owner.sid, owner.smtp) == ("S-1-5-21-1", "Owner", "S-1-5-21-1", "a@demo.test")
    assert owner.rights == {"CanCreateItems": True, "EditItems": False, "ReadItems": True}
    (default,) = found[1].permissions or ()
    assert (default.who, default.level, default.rights) == ("Default", "FreeBusyTimeOnly", {"EditItems": True})


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("prefix", ["a:", ""], ids=["prefix", "bare"])
@pytest.mark.parametrize("detail", [True, False], ids=["detail", "no-detail"])
def test_fault(status: int, prefix: str, detail: bool) -> None:
    told = trouble(fault("ErrorImpersonateUserDenied", prefix=prefix, detail=detail), status)
    assert told.kind is Kind.IMPERSONATION_REFUSED
    assert told.code == "ErrorImpersonateUserDenied"
    assert told.fault_code == f"{prefix}ErrorImpersonateUserDenied"
    assert told.message == "Words."
    assert told.status == status


def test_fault_values() -> None:
    told = trouble(fault("ErrorNonPrimarySmtpAddress", values=PRIMARY), 500)
    assert told.kind is Kind.NOT_PRIMARY
    assert told.values == {"Primary": "new@demo.test"}
    busy = trouble(fault("ErrorServerBusy", values='<t:Value Name="BackOffMilliseconds">1500</t:Value>'), 500)
    assert (busy.kind, busy.back_off) == (Kind.THROTTLED, 1.5)


def test_message_values() -> None:
    found = folders(read(response("GetFolder", refused("ErrorNonPrimarySmtpAddress", values=PRIMARY))), ("inbox",))
    assert found[0].trouble is not None
    assert found[0].trouble.values == {"Primary": "new@demo.test"}


def test_status_decides_before_the_code() -> None:
    for status, kind in ((401, Kind.SIGN_IN_REFUSED), (403, Kind.FORBIDDEN), (404, Kind.NOT_FOUND)):
        assert trouble(fault("ErrorItemNotFound"), status).kind is kind
    assert trouble(response("GetFolder", folder("A")), 500).kind is Kind.HTTP


def test_sync() -> None:
    change = '<t:Create><t:CalendarItem><t:ItemId Id="I"/><t:ParentFolderId Id="P"/></t:CalendarItem></t:Create>'
    message = (
        '<m:SyncFolderItemsResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"<m:SyncState>STATE</m:SyncState><m:IncludesLastItemInRange>false</m:IncludesLastItemInRange>"
        f"<m:Changes>{change}</m:Changes></m:SyncFolderItemsResponseMessage>"
    )
    told = sync_folder_items.read(read(response("SyncFolderItems", message)), "atlas@demo.test", "atlas@demo.test")
    assert (told.sync_state, told.changes, told.parent_folder_ids, told.trouble) == ("STATE", 1, ("P",), None)
    none = sync_folder_items.read(read(response("SyncFolderItems")), "atlas@demo.test", "")
    assert none.trouble is not None
    assert none.trouble.kind is Kind.NOT_ASKED


def resolution(primary: str, *entries: str) -> str:
    listed = "".join(f'<t:Entry Key="EmailAddress{at}">{text}</t:Entry>' for at, text in enumerate(entries, 1))
    return (
        f"<t:Resolution><t:Mailbox><t:Name>Atlas</t:Name><t:EmailAddress>{primary}</t:EmailAddress>"
        "<t:RoutingType>SMTP</t:RoutingType><t:MailboxType>Mailbox</t:MailboxType></t:Mailbox>"
        f"<t:Contact><t:GivenName>At</t:GivenName><t:EmailAddresses>{listed}</t:EmailAddresses>"
        "<t:Surname>Las</t:Surname></t:Contact></t:Resolution>"
    )


def resolved(code: str, kind: str, *resolutions: str) -> bytes:
    message = refused(code, kind=kind, operation="ResolveNames").replace(
        "</m:ResolveNamesResponseMessage>",
        f'<m:ResolutionSet TotalItemsInView="1" IncludesLastItemInRange="true">{"".join(resolutions)}</m:ResolutionSet>'
        "</m:ResolveNamesResponseMessage>",
    )
    return response("ResolveNames", message)


def test_contacts_match_exactly() -> None:
    exact = resolution("New@demo.test", "SMTP:New@demo.test", "smtp:atlas@demo.test", "X500:/o=demo")
    partial = resolution("atlas@demo.test.example", "SMTP:atlas@demo.test.example")
    body = resolved("ErrorNameResolutionMultipleResults", "Warning", partial, exact)
    told = resolve_names.read(read(body), " ATLAS@demo.test")
    assert (told.trouble, told.others, told.complete) == (None, 1, True)
    (contact,) = told.contacts
    assert contact.primary == "New@demo.test"
    assert contact.smtp_addresses == ("SMTP:New@demo.test", "smtp:atlas@demo.test")
    assert (contact.given_name, contact.surname) == ("At", "Las")


def test_no_contact() -> None:
    nobody = resolve_names.read(read(resolved("ErrorNameResolutionNoResults", "Error")), "atlas@demo.test")
    assert nobody == ResolvedName("atlas@demo.test")
    refused = resolve_names.read(read(resolved("ErrorAccessDenied", "Error")), "atlas@demo.test")
    assert refused.contacts == ()
    assert refused.trouble is not None


def test_own_contacts_and_other_kinds_of_address_are_no_entries_of_the_address_list() -> None:
    exact = resolution("atlas@demo.test", "SMTP:atlas@demo.test")
    stored = exact.replace("<t:GivenName>", "<t:ContactSource>Store</t:ContactSource><t:GivenName>")
    item = exact.replace("</t:Mailbox>", '<t:ItemId Id="A"/></t:Mailbox>')
    body = resolved("ErrorNameResolutionMultipleResults", "Warning", stored, item, exact)
    told = resolve_names.read(read(body), "atlas@demo.test")
    assert (len(told.contacts), told.others) == (1, 0)
    other = exact.replace(">SMTP<", ">EX<").replace(
        "<t:EmailAddress>atlas@demo.test", "<t:EmailAddress>/o=Demo/cn=atlas"
    )
    (contact,) = resolve_names.read(read(resolved("NoError", "Success", other)), "atlas@demo.test").contacts
    assert contact.primary == ""
    assert contact.full


def test_a_list_that_is_cut_short_is_told() -> None:
    body = resolved("ErrorNameResolutionMultipleResults", "Warning", resolution("a@demo.test", "SMTP:a@demo.test"))
    cut = body.replace(b'IncludesLastItemInRange="true"', b'IncludesLastItemInRange="false"')
    assert resolve_names.read(read(body), "a@demo.test").complete
    assert not resolve_names.read(read(cut), "a@demo.test").complete


HOSTILE = {
    "entities": f'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    f'<s:Envelope xmlns:s="{SOAP}"><s:Body>&b;</s:Body></s:Envelope>',
    "file": f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><s:Envelope xmlns:s="{SOAP}">&f;</s:Envelope>',
    "dtd": f'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><s:Envelope xmlns:s="{SOAP}"><s:Body/></s:Envelope>',
    "depth": f'<s:Envelope xmlns:s="{SOAP}">' + "<a>" * 100_000,
    "empty": "",
    "other": "<a/>",
    "no-body": f'<s:Envelope xmlns:s="{SOAP}"/>',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_xml(body: str) -> None:
    started = time.monotonic()
    assert trouble(body.encode()).kind is Kind.MALFORMED
    assert time.monotonic() - started < 10


def test_huge_text() -> None:
    assert trouble(soap(f"<m:X>{'a' * 11_000_000}</m:X>")).kind is Kind.MALFORMED


def test_forbidden_characters_do_not_hide_an_answer() -> None:
    envelope = read(response("GetFolder", folder("A", "<t:DisplayName>R&#x1F;oom&#0;&#11;</t:DisplayName>")))
    assert folders(envelope, ("inbox",))


@given(st.binary(max_size=200), st.integers(200, 599))
def test_no_bytes_break_it(body: bytes, status: int) -> None:
    assert isinstance(answers.read(answer(body, status)), Trouble)


NAMES = st.sampled_from(
    [
        "m:ResponseMessages",
        "m:GetFolderResponseMessage",
        "m:ResponseCode",
        "m:Folders",
        "t:Folder",
        "t:FolderId",
        "t:EffectiveRights",
        "t:PermissionSet",
        "t:Permission",
        "t:UserId",
        "m:MessageXml",
        "t:Value",
        "s:Fault",
        "detail",
        "t:Resolution",
        "t:Contact",
        "m:SyncState",
        "m:Changes",
        "t:Mailbox",
        "m:MessageText",
        "faultcode",
    ]
)
TREES = st.recursive(
    st.text(alphabet="ab<&", max_size=3).map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: st.tuples(NAMES, st.lists(inner, max_size=4), st.sampled_from(["", ' ResponseClass="Success"'])).map(
        lambda part: f"<{part[0]}{part[2]}>{''.join(part[1])}</{part[0]}>"
    ),
    max_leaves=12,
)


@given(TREES)
def test_no_tree_breaks_it(body: str) -> None:
    told = answers.read(answer(soap(body)))
    if isinstance(told, Envelope):
        get_folder.read(told, ("inbox",))
        sync_folder_items.read(told, "a@demo.test", "")
        resolve_names.read(told, "a@demo.test")


def test_namespaces_are_those_of_the_schema() -> None:
    assert all(name.startswith("http://schemas.microsoft.com/exchange/services/2006/") for name in (MESSAGES, TYPES))
