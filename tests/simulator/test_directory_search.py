"""What the simulated directory finds: filters, scopes, attributes."""

from __future__ import annotations

import uuid

import pytest

from tests.simulator.directory_process import (
    BASE,
    ROOM,
    ROOMS,
    DirectoryProcess,
    ldap3,
)

pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")  # called by ldap3
PEOPLE = {"svc-flowscape", "admin", "jane"}


@pytest.mark.parametrize(
    ("filter_text", "expected"),
    [
        ("(sAMAccountName=ATLAS)", {"atlas"}),
        ("(sAMAccountName~=atlas)", {"atlas"}),
        ("(proxyAddresses=smtp:atlas@demo.test)", {"atlas"}),
        ("(proxyAddresses=SMTP:ATLAS.alias@demo.test)", {"atlas"}),
        ("(|(mail=atlas@demo.test)(proxyAddresses=smtp:borea@demo.test)(cn=ceres))", ROOMS),
        ("(|(mail=atlas@demo.test)(mail=nobody@demo.test))", {"atlas"}),
        ("(&(objectClass=user)(|(mail=atlas@demo.test)(mail=jane@demo.test)))", {"atlas", "jane"}),
        ("(&(objectCategory=person)(!(msExchRecipientTypeDetails=16)))", PEOPLE),
        (f"(objectCategory=CN=Person,CN=Schema,CN=Configuration,{BASE})", PEOPLE | ROOMS),
        ("(msExchRecipientDisplayType=7)", ROOMS),
        ("(&(mailNickname=*)(msExchRecipientDisplayType=7))", ROOMS),
        ("(displayName=Room *)", ROOMS),
        ("(displayName=*or*a)", {"borea"}),
        ("(displayName=*b*b*)", set()),
        ("(displayName=room a*as)", {"atlas"}),
        ("(userAccountControl:1.2.840.113556.1.4.803:=2)", ROOMS),
        ("(userAccountControl:1.2.840.113556.1.4.803:=65538)", set()),
        ("(userAccountControl:1.2.840.113556.1.4.804:=65538)", ROOMS | {"svc-flowscape"}),
        ("(&(objectCategory=person)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))", PEOPLE),
        ("(&(objectCategory=person)(pwdLastSet<=0))", ROOMS),
        ("(&(objectCategory=person)(pwdLastSet>=1))", PEOPLE),
        ("(whenChanged>=20270101000000.0Z)", set()),
        ("(givenName=Jan\\c3\\a9)", {"jane"}),
        ("(sn=D\\c3\\96E)", {"jane"}),
        (f"(distinguishedName=cn=atlas, ou=ROOMS,{BASE})", {"atlas"}),
        (f"(distinguishedName=CN=Doe\\5c, Jane \\28R&D\\29,OU=Staff,{BASE})", {"jane"}),
        (f"(memberOf=CN=FS-Inner,OU=Groups,{BASE})", {"svc-flowscape"}),
        (f"(member=CN=FS-Inner,OU=Groups,{BASE})", {"FS-Outer"}),
        ("(objectSid=S-1-5-21-1004336348-1177238915-682003330-1201)", {"atlas"}),
        ("(objectClass=group)", {"FS-Inner", "FS-Outer", "Domain Admins"}),
        ("(objectClass=domainDNS)", {BASE}),
        ("(&(objectClass=organizationalUnit)(ou=rooms))", {f"OU=Rooms,{BASE}"}),
        ("(noSuchAttribute=x)", set()),
        ("(msExchRecipientTypeDetails=sixteen)", set()),
        ("(!(msExchRecipientTypeDetails=sixteen))", set()),
    ],
)
def test_filters(directory: DirectoryProcess, filter_text: str, expected: set[str]) -> None:
    assert directory.names(filter_text) == expected


def test_absent_attribute_is_false_and_its_negation_true(directory: DirectoryProcess) -> None:
    assert directory.names("(&(objectCategory=person)(!(displayName=*)))") == PEOPLE
    assert directory.names("(&(objectCategory=person)(!(displayName=x)))") == PEOPLE | ROOMS


def test_binary_values_are_found_by_bytes(directory: DirectoryProcess) -> None:
    guid = uuid.UUID(directory.do("str(account('atlas').object_guid)"))
    mailbox = uuid.UUID(directory.do("str(account('atlas').mailbox_guid)"))
    escaped = "".join(f"\\{octet:02x}" for octet in guid.bytes_le)
    answer = directory.find(f"(objectGUID={escaped})", "objectGUID", "objectSid", "msExchMailboxGuid").popitem()[1]
    assert answer["objectGUID"] == [guid.bytes_le]
    assert answer["msExchMailboxGuid"] == [mailbox.bytes_le]
    sid = answer["objectSid"][0]
    assert sid[:8] == b"\x01\x05\x00\x00\x00\x00\x00\x05"
    assert int.from_bytes(sid[-4:], "little") == 1201
    assert directory.names("(objectSid=" + "".join(f"\\{octet:02x}" for octet in sid) + ")") == {"atlas"}


@pytest.mark.parametrize(
    "hostile", ["*", "a*", "atlas)(cn=*", "atlas@demo.test)(|(cn=*", "\\", "\x00", "(", ")", "é*", "&", "=", "!"]
)
def test_escaped_injection_is_only_a_value(directory: DirectoryProcess, hostile: str) -> None:
    escaped = ldap3.utils.conv.escape_filter_chars(hostile)
    assert directory.names(f"(mail={escaped})") == set()
    assert directory.names(f"(|(proxyAddresses=smtp:{escaped})(mail={escaped}))") == set()
    directory.do(f"setattr(account('atlas'), 'mail', {hostile!r})")
    assert directory.names(f"(mail={escaped})") == {"atlas"}
    assert directory.names(f"(mail=*{escaped}*)") >= {"atlas"}


def test_addresses_are_never_stale(directory: DirectoryProcess) -> None:
    assert directory.names("(mail=new@demo.test)") == set()
    directory.do("account('borea').proxy_addresses.append('smtp:new@demo.test')")
    assert directory.names("(|(mail=new@demo.test)(proxyAddresses=smtp:new@demo.test))") == {"borea"}
    directory.do("account('ceres').extra['proxyAddresses'] = [b'smtp:NEW@demo.test']")
    assert directory.names("(|(mail=new@demo.test)(proxyAddresses=smtp:new@demo.test))") == {"borea", "ceres"}


def test_scopes(directory: DirectoryProcess) -> None:
    rooms = f"OU=Rooms,{BASE}"
    everything = "(objectClass=*)"
    assert directory.names(everything, base=rooms, search_scope="SUBTREE") == ROOMS | {rooms}
    assert directory.names(everything, base=rooms, search_scope="LEVEL") == ROOMS
    assert directory.names(everything, base=rooms, search_scope="BASE") == {rooms}
    assert directory.names(everything, base=f"cn=ATLAS,ou=rooms,{BASE}", search_scope="BASE") == {"atlas"}
    assert directory.names("(cn=borea)", base=f"CN=atlas,{rooms}", search_scope="BASE") == set()
    assert rooms in directory.names(everything, search_scope="LEVEL")
    assert "atlas" not in directory.names(everything, search_scope="LEVEL")


@pytest.mark.parametrize(
    ("base", "code", "matched"),
    [
        (f"OU=Nowhere,{BASE}", 32, BASE),
        (f"CN=x,OU=Rooms,{BASE}", 32, f"OU=Rooms,{BASE}"),
        ("DC=other,DC=test", 10, ""),
        ("no name", 34, ""),
        (f"OU=Rooms,,{BASE}", 34, ""),
        ("", 32, ""),
    ],
    ids=["unit", "object", "other-domain", "no-name", "empty-part", "empty"],
)
def test_wrong_base(directory: DirectoryProcess, base: str, code: int, matched: str) -> None:
    connection = directory.connect(check_names=False)
    assert not connection.search(base, "(objectClass=*)")
    assert (connection.result["result"], connection.result["dn"]) == (code, matched)
    assert connection.result["referrals"] == (["ldap://other.test/DC=other,DC=test"] if code == 10 else None)


@pytest.mark.parametrize(
    "filter_text",
    [
        "(msDS-User-Account-Control-Computed=0)",
        "(!(tokenGroups=*))",
        "(|(cn=x)(msDS-UserPasswordExpiryTimeComputed>=1))",
        "(userAccountControl:1.2.3.4:=2)",
    ],
)
def test_filter_that_cannot_match_is_an_error(directory: DirectoryProcess, filter_text: str) -> None:
    connection = directory.connect()
    assert not connection.search(BASE, filter_text)
    assert connection.result["result"] == 18


def test_references_at_the_domain_root_only(directory: DirectoryProcess) -> None:
    connection = directory.connect()
    kinds = []
    for base, port in ((BASE, "ldaps"), (f"OU=Rooms,{BASE}", "ldaps"), (BASE, "gc")):
        connection = directory.connect(port=port)
        connection.search(base, "(sAMAccountName=atlas)")
        kinds.append([answer["type"] for answer in connection.response])
    assert kinds[0] == ["searchResEntry", *["searchResRef"] * 3]
    assert kinds[1] == kinds[2] == ["searchResEntry"]


def test_attribute_selection(directory: DirectoryProcess) -> None:
    every = directory.find("(cn=atlas)", "*").popitem()[1]
    assert every["objectClass"] == [b"top", b"person", b"organizationalPerson", b"user"]
    assert every["msExchResourceMetaData"] == [b"ResourceType:Room"]
    assert every["userAccountControl"] == [b"514"]
    assert every["pwdLastSet"] == [b"0"]
    assert every["accountExpires"] == [b"9223372036854775807"]
    assert every["whenChanged"] == [b"20260105080000.0Z"]
    assert "givenName" not in every  # unset
    constructed = {"msDS-User-Account-Control-Computed", "msDS-UserPasswordExpiryTimeComputed", "tokenGroups"}
    assert constructed.isdisjoint(every)
    named = directory.find("(cn=atlas)", *constructed, "MAIL").popitem()[1]
    assert named == {
        "msDS-User-Account-Control-Computed": [b"8388608"],  # must change its password
        "msDS-UserPasswordExpiryTimeComputed": [b"0"],
        "mail": [b"atlas@demo.test"],
    }
    assert directory.find("(cn=atlas)", "1.1").popitem()[1] == {}


def test_types_only(directory: DirectoryProcess) -> None:
    connection = directory.connect()
    connection.search(BASE, "(cn=atlas)", attributes=["*"], types_only=True)
    sent = connection.response[0]["raw_attributes"]
    assert {"mail", "objectSid"} <= set(sent)
    assert not any(sent.values())


def test_token_groups_with_base_scope_only(directory: DirectoryProcess) -> None:
    name = f"CN=svc-flowscape,OU=Services,{BASE}"
    own = directory.find("(objectClass=*)", "tokenGroups", "memberOf", base=name, search_scope="BASE")[name]
    assert {int.from_bytes(sid[-4:], "little") for sid in own["tokenGroups"]} == {1301, 1302, 513, 545}
    assert own["memberOf"] == [f"CN=FS-Inner,OU=Groups,{BASE}".encode()]
    below = directory.find("(cn=svc-flowscape)", "tokenGroups", "cn")[name]
    assert below == {"cn": [b"svc-flowscape"]}


def test_extra_goes_before_everything(directory: DirectoryProcess) -> None:
    directory.do(
        "account('atlas').extra.update({'targetAddress': [b'SMTP:atlas@cloud.test'], 'MAIL': [],"
        " 'msDS-ResultantPSO': [b'CN=PSO,DC=demo,DC=test'], 'newAttribute': [b'1', b'2']})"
    )
    answer = directory.find("(targetAddress=smtp:atlas@cloud.test)", "*").popitem()[1]
    assert answer["targetAddress"] == [b"SMTP:atlas@cloud.test"]
    assert answer["newAttribute"] == [b"1", b"2"]
    assert "mail" not in answer
    assert "msDS-ResultantPSO" not in answer
    assert directory.names("(mail=atlas@demo.test)") == set()
    assert directory.names("(newAttribute=2)") == {"atlas"}
    assert directory.find("(cn=atlas)", "msDS-ResultantPSO").popitem()[1]


def test_domain_head(directory: DirectoryProcess) -> None:
    head = directory.find("(objectClass=*)", "lockoutThreshold", "maxPwdAge", base=BASE, search_scope="BASE")[BASE]
    assert head == {"lockoutThreshold": [b"5"], "maxPwdAge": [b"-36288000000000"]}


def test_global_catalog_is_a_read_only_subset(directory: DirectoryProcess) -> None:
    names = ("mail", "proxyAddresses", "userAccountControl", "msExchRecipientTypeDetails")
    missing = ("pwdLastSet", "accountExpires", "lockoutTime", "msDS-User-Account-Control-Computed")
    answer = directory.find("(cn=atlas)", *names, *missing, port="gc", base="").popitem()[1]
    assert set(answer) == set(names)
    assert directory.names("(pwdLastSet=0)", port="gc") == set()
    directory.do("setattr(account('atlas'), 'in_global_catalog', False)")
    assert directory.names(f"(mail={ROOM})", port="gc") == set()
    assert directory.names(f"(mail={ROOM})") == {"atlas"}


def test_counters_and_log(directory: DirectoryProcess) -> None:
    connection = directory.connect()
    connection.search(BASE, "(msExchRecipientDisplayType=7)", attributes=["mail"], paged_size=500)
    counters = directory.counters()
    assert (counters["ldap.search"], counters["ldap.entries"]) == (1, 3)
    line = directory.do("organisation.log[-1]")
    assert isinstance(line.pop("time"), float)
    assert str(line.pop("connection")).startswith("ldap-")
    assert line == {
        "operation": "ldap.search",
        "mailboxes": [],
        "impersonated": "",
        "status": 0,
        "user": "DEMO\\svc-flowscape",
        "base": BASE,
        "scope": 2,
        "filter": "(msExchRecipientDisplayType=7)",
        "attributes": ["mail"],
        "page_size": 500,
        "entries": 3,
    }
