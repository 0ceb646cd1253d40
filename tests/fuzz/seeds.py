"""Good inputs, from which fuzzing starts, and words that occur in them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ldaptor.protocols import pureber, pureldap

from pytest_flowscape.facts import TAG_NAME, TAG_SET
from tests.probes import ews_samples as soap
from tests.site.config_samples import DIRECTORY, GOOD

MORE = r"""[booking]
rooms = atlas@customer.com
window = 20:00-06:00
approved_by = A. Admin
[handover]
password_by = vault
[waivers]
PERMISSION-1 atlas@customer.com = A. Admin until 2027-01-31: reason
[attestations]
ACCOUNT-1 = A. Admin 2026-11-20: how it was checked
"""
LIST = 'email,name,building,capacity\natlas@demo.test,Atlas,Main,12\n"z\u00fcrich@demo.test","Z, 1",,\n'.encode()
SITE_WITH_LIST = GOOD.replace(
    "addresses =\n    atlas@customer.com\n    borneo@customer.com", "file = rooms.csv"
).encode()
SITES = (GOOD.encode(), (GOOD + DIRECTORY + MORE).encode(), b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
LISTS = (LIST, LIST.replace(b",", b";"), b"\xff\xfe" + LIST.decode().encode("utf-16-le"), b"email\na@b.test\n")

# --- HTTP ---------------------------------------------------------------------------------------

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n"
HTTP = (
    b"\x10" + _OK + b"Content-Length: 4\r\n\r\n<a/>",
    b"\x01" + _OK + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n<a\r\n2\r\n/>\r\n0\r\nX: y\r\n\r\n",
    b"\x20HTTP/1.1 100 Continue\r\n\r\n" + _OK + b"Connection: close\r\n\r\n<a/>",
    b"\x3fHTTP/1.0 401 Unauthorized\nWWW-Authenticate: NTLM\nContent-Encoding: identity\nContent-Length: 0\n\n",
)

# --- EWS ----------------------------------------------------------------------------------------

RIGHTS = (
    "<t:EffectiveRights><t:CreateContents>true</t:CreateContents><t:Read>true</t:Read></t:EffectiveRights>"
    "<t:PermissionSet><t:Permissions><t:Permission><t:UserId><t:SID>S-1-5-21-1</t:SID></t:UserId>"
    "<t:PermissionLevel>Editor</t:PermissionLevel></t:Permission></t:Permissions></t:PermissionSet>"
)
RESOLUTION = (
    '<m:ResolveNamesResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
    '<m:ResolutionSet TotalItemsInView="1" IncludesLastItemInRange="true"><t:Resolution><t:Mailbox>'
    "<t:Name>Atlas</t:Name>"
    "<t:EmailAddress>atlas@demo.test</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType>"
    "<t:MailboxType>Mailbox</t:MailboxType></t:Mailbox><t:Contact><t:DisplayName>Atlas</t:DisplayName>"
    '<t:EmailAddresses><t:Entry Key="EmailAddress1">SMTP:atlas@demo.test</t:Entry></t:EmailAddresses></t:Contact>'
    "</t:Resolution></m:ResolutionSet></m:ResolveNamesResponseMessage>"
)
ITEM = (
    '<t:CalendarItem><t:ItemId Id="AAA=" ChangeKey="B"/><t:Subject>S</t:Subject>'
    f'<t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="{TAG_SET}" PropertyName="{TAG_NAME}"'
    ' PropertyType="String"/>'
    "<t:Value>run/1</t:Value></t:ExtendedProperty><t:Start>2026-03-05T01:00:00Z</t:Start>"
    "<t:End>2026-03-05T01:30:00+01:00</t:End></t:CalendarItem>"
)
SYNC = (
    '<m:SyncFolderItemsResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
    f"<m:SyncState>H4s</m:SyncState><m:Changes><t:Create>{ITEM}</t:Create>"
    '<t:Delete><t:ItemId Id="AAA="/></t:Delete></m:Changes></m:SyncFolderItemsResponseMessage>'
)
FOUND = (
    '<m:FindItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
    f'<m:RootFolder TotalItemsInView="1"><t:Items>{ITEM}</t:Items></m:RootFolder></m:FindItemResponseMessage>'
)
CHANGE = "<t:Bias>{}</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>5</t:DayOrder><t:Month>{}</t:Month>"
FREE = (
    "<m:GetUserAvailabilityResponse><m:FreeBusyResponseArray><m:FreeBusyResponse>"
    '<m:ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:ResponseMessage>'
    "<m:FreeBusyView><t:FreeBusyViewType>FreeBusy</t:FreeBusyViewType><t:CalendarEventArray><t:CalendarEvent>"
    "<t:StartTime>2026-03-05T01:00:00</t:StartTime><t:EndTime>2026-03-05T02:00:00</t:EndTime>"
    "<t:BusyType>Busy</t:BusyType></t:CalendarEvent></t:CalendarEventArray><t:WorkingHours><t:TimeZone>"
    f"<t:Bias>-60</t:Bias><t:StandardTime>{CHANGE.format(0, 10)}<t:DayOfWeek>Sunday</t:DayOfWeek></t:StandardTime>"
    f"<t:DaylightTime>{CHANGE.format(-60, 3)}<t:DayOfWeek>Sunday</t:DayOfWeek></t:DaylightTime></t:TimeZone>"
    "<t:WorkingPeriodArray><t:WorkingPeriod><t:DayOfWeek>Monday</t:DayOfWeek>"
    "<t:StartTimeInMinutes>480</t:StartTimeInMinutes><t:EndTimeInMinutes>1020</t:EndTimeInMinutes></t:WorkingPeriod>"
    "</t:WorkingPeriodArray></t:WorkingHours></m:FreeBusyView></m:FreeBusyResponse></m:FreeBusyResponseArray>"
    "</m:GetUserAvailabilityResponse>"
)
BACK_OFF = '<t:Value Name="BackOffMilliseconds">200</t:Value>'
_BODIES = (
    soap.response("GetFolder", *[soap.folder(f"id{n}", RIGHTS) for n in range(5)]),
    soap.response("GetFolder", *[soap.folder(f"id{n}", RIGHTS) for n in range(10)]),
    soap.response("GetFolder", soap.refused("ErrorServerBusy", values=BACK_OFF)),
    soap.response("ResolveNames", RESOLUTION),
    soap.response("SyncFolderItems", SYNC),
    soap.response("FindItem", FOUND),
    soap.soap(FREE),
    soap.fault("ErrorServerBusy", values=BACK_OFF),
    b"<html><body>Sign in</body></html>",
)
EWS = (
    *(b"\0\0" + body for body in _BODIES),
    b"\1\0" + _BODIES[7],
    b"\2\x01" + b"5" + b"busy",
    b"\3\x0e" + b"Negotiate YIIB",
)

# --- the directory ------------------------------------------------------------------------------


def _message(value: pureber.BERBase, number: int) -> bytes:
    return bytes(pureldap.LDAPMessage(value, id=number).toWire())


_ENTRY = pureldap.LDAPSearchResultEntry(
    b"CN=Atlas,DC=demo,DC=test", [(b"mail", [b"atlas@demo.test"]), (b"proxyAddresses", [b"SMTP:atlas@demo.test"])]
)
_DONE = pureldap.LDAPSearchResultDone(resultCode=0)
LDAP = (
    *(b"s" + _message(_ENTRY, number) + _message(_DONE, number) for number in (1, 2)),
    *(b"s" + _message(pureldap.LDAPSearchResultDone(resultCode=51, errorMessage=b"busy"), n) for n in (1, 2)),
    *(b"b" + _message(pureldap.LDAPBindResponse(resultCode=0), number) for number in (1, 2)),
    *(
        b"b"
        + _message(pureldap.LDAPBindResponse(resultCode=49, errorMessage=b"AcceptSecurityContext, data 52e, v1"), n)
        for n in (1, 2)
    ),
)
SID = struct.pack("<BB6s5I", 1, 5, b"\0\0\0\0\0\5", 21, 1, 2, 3, 1105)


def _ace(kind: int, mask: int, inside: bytes = SID) -> bytes:
    return struct.pack("<BBHI", kind, 0, 8 + len(inside), mask) + inside


def _descriptor(*entries: bytes) -> bytes:
    acl = struct.pack("<BBHHH", 4, 0, 8 + sum(map(len, entries)), len(entries), 0) + b"".join(entries)
    return struct.pack("<BBHIIII", 1, 0, 0x8004, 20, 0, 0, 20 + len(SID)) + SID + acl


DESCRIPTORS = (
    _descriptor(_ace(0, 1)),
    _descriptor(_ace(1, 1), _ace(0, 0x10000000)),
    _descriptor(_ace(5, 1, struct.pack("<I", 3) + bytes(32) + SID), _ace(2, 1)),
    SID,
)
VALUES = {
    "userAccountControl": b"66048",
    "accountExpires": b"9223372036854775807",
    "pwdLastSet": b"133000000000000000",
    "objectSid": SID,
    "tokenGroups": SID,
    "proxyAddresses": b"SMTP:atlas@demo.test",
    "mail": b"atlas@demo.test",
    "whenChanged": b"20260105080000.0Z",
    "msExchRecipientTypeDetails": b"16",
    "msExchMasterAccountSid": SID,
    "msDS-PrincipalName": b"DEMO\\svc",
    "objectClass": b"user",
    "msExchMailboxSecurityDescriptor": DESCRIPTORS[0],
}


def entries(names: Sequence[str]) -> tuple[bytes, ...]:
    """Return an entry with every value, and one with each alone, as the target takes them."""
    each = [bytes((names.index(name), len(value))) + value for name, value in VALUES.items()]
    return (b"".join(each), *each)


WORDS = (
    b"<", b">", b"&amp;", b"]]>", b"<![CDATA[", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"xmlns:t=", b"t:", b"m:",
    b"s:", b'ResponseClass="Warning"', b"9999999999999999999", b"-1", b"0", b"NaN", b"inf", b"1e400", b"\xff\xfe",
    b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00", b"\xef\xbb\xbf", b"\0", b"\r", b"\n", b"[", b"]", b"=",
    b"%", b"%(a)s", b"${a}", b"xn--", b"@", b'"', b"'", b"\\", b":", b";", b",", b"#", b"0x80", b"\xc3\x28",
    b"\x30\x84\xff\xff\xff\xff", b"\x30\x80", b" ", b"", b"13", b"100000", b"-99999999999", b"true", b"S-1-1-0",
)  # fmt: skip
