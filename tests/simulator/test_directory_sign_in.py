"""Who may sign in to the simulated directory, and how it refuses."""

from __future__ import annotations

import re

import pytest

from tests.simulator.directory_process import (
    ADMIN,
    BASE,
    PASSWORD,
    ROOM,
    UPN,
    DirectoryProcess,
    ber,
    entries,
)

pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")  # called by ldap3
SERVICE = "account('svc-flowscape')"


def sub_code(message: str) -> str:
    found = re.fullmatch(
        r"80090308: LdapErr: DSID-\w+, comment: AcceptSecurityContext error, data (\w+), v\w+\0", message
    )
    assert found, message
    return found[1]


@pytest.mark.parametrize(
    "name",
    [
        UPN,
        UPN.upper(),
        "DEMO\\svc-flowscape",
        "demo\\SVC-Flowscape",
        f"CN=svc-flowscape,OU=Services,{BASE}",
        "cn=SVC-flowscape, ou=services, dc=DEMO, dc=test",
    ],
    ids=["upn", "upn-upper", "netbios", "netbios-case", "dn", "dn-blanks"],
)
def test_every_form_of_the_name_signs_in(directory: DirectoryProcess, name: str) -> None:
    connection = directory.connect(name)
    assert connection.extend.standard.who_am_i() == "u:DEMO\\svc-flowscape"
    counters = directory.counters()
    assert (counters["ldap.bind"], counters["ldap.sign_ins"], counters["ldap.connections"]) == (1, 1, 1)
    assert "ldap.refused" not in counters


def test_implicit_upn_signs_in_where_the_real_one_differs(directory: DirectoryProcess) -> None:
    directory.do(f"{SERVICE}.upn = 'other@elsewhere.test'")
    directory.connect("svc-flowscape@demo.test")
    directory.connect("other@elsewhere.test")


@pytest.mark.parametrize("comma", ["\\,", "\\2C", "\\2c"])
def test_name_with_escaped_comma_signs_in(directory: DirectoryProcess, comma: str) -> None:
    connection = directory.connect(f"CN=Doe{comma} Jane (R&D),OU=Staff,{BASE}")
    assert connection.extend.standard.who_am_i() == "u:DEMO\\jane"


@pytest.mark.parametrize(
    ("change", "password", "expected"),
    [
        ("pass", "wrong", "52e"),
        ("{}.smart_card_required = True", PASSWORD, "52e"),
        ("{}.logon_denied = '530'", PASSWORD, "530"),
        ("{}.logon_denied = '531'", PASSWORD, "531"),
        ("{}.logon_denied = '569'", PASSWORD, "569"),
        ("{}.password_expired = True; {}.password_never_expires = False", PASSWORD, "532"),
        ("{}.enabled = False", PASSWORD, "533"),
        ("{}.expires = 133500000000000000", PASSWORD, "701"),
        ("{}.must_change_password = True; {}.password_never_expires = False", PASSWORD, "773"),
        ("{}.locked = True", PASSWORD, "775"),
        ("{}.locked = True", "wrong", "775"),
        ("{}.password = None", PASSWORD, "52e"),
    ],
    ids=["wrong", "smart-card", "530", "531", "569", "532", "533", "701", "773", "775", "775-wrong", "no-password"],
)
def test_refusal_names_its_cause(directory: DirectoryProcess, change: str, password: str, expected: str) -> None:
    directory.do(change.replace("{}", SERVICE))
    code, message = directory.refusal(UPN, password)
    assert (code, sub_code(message)) == (49, expected)
    assert directory.counters()["ldap.refused"] == 1
    assert directory.counters()["refused"] == 1


@pytest.mark.parametrize("name", ["nobody@demo.test", "svc-flowscape", "OTHER\\svc-flowscape", "CN=x,DC=demo,DC=test"])
def test_unknown_name_is_525(directory: DirectoryProcess, name: str) -> None:
    code, message = directory.refusal(name, PASSWORD)
    assert (code, sub_code(message)) == (49, "525")


def test_lockout_at_the_threshold(directory: DirectoryProcess) -> None:
    directory.do("organisation.policy.lockout_threshold = 3")
    for count in (1, 2):
        assert sub_code(directory.refusal(UPN, "wrong")[1]) == "52e"
        assert directory.do(f"({SERVICE}.bad_pwd_count, {SERVICE}.locked)") == [count, False]
    assert sub_code(directory.refusal(UPN, "wrong")[1]) == "52e"
    assert sub_code(directory.refusal(UPN, PASSWORD)[1]) == "775"
    state = directory.find(
        "(sAMAccountName=svc-flowscape)",
        "lockoutTime",
        "badPwdCount",
        "msDS-User-Account-Control-Computed",
        as_user=ADMIN,
    ).popitem()[1]
    assert int(state["lockoutTime"][0]) > 0
    assert state["badPwdCount"] == [b"3"]
    assert int(state["msDS-User-Account-Control-Computed"][0]) & 0x10


def test_refused_bind_leaves_nobody_signed_in(directory: DirectoryProcess) -> None:
    connection = directory.connect()
    assert not connection.rebind(UPN, "wrong")
    assert not connection.search(BASE, "(objectClass=*)")
    assert connection.result["result"] == 1


def test_empty_password_is_an_anonymous_success(directory: DirectoryProcess) -> None:
    connection = directory.connect(None, None)
    assert not connection.search(BASE, "(objectClass=*)")
    assert connection.result["result"] == 1
    assert "a successful bind must be completed" in connection.result["message"]
    assert connection.search("", "(objectClass=*)", "BASE", attributes=["defaultNamingContext"])
    assert entries(connection)[""]["defaultNamingContext"] == [BASE.encode()]
    assert "ldap.sign_ins" not in directory.counters()


def test_unauthenticated_bind_with_a_name_is_nobody(directory: DirectoryProcess) -> None:
    bind = ber(0x60, ber(0x02, 3), ber(0x04, UPN), ber(0x80))
    assert ber(0x0A, 0) in directory.raw(ber(0x30, ber(0x02, 1), bind))
    assert directory.do("organisation.log[-1]['user']") == ""
    assert "ldap.sign_ins" not in directory.counters()


def test_clear_text_bind_is_refused_unseen(directory: DirectoryProcess) -> None:
    code, message = directory.refusal(UPN, "wrong", port="ldap")
    assert code == 8
    assert "requires binds to turn on integrity checking" in message
    counters = directory.counters()
    assert counters["ldap.cleartext_bind"] == 1
    assert "ldap.refused" not in counters
    assert directory.do(f"{SERVICE}.bad_pwd_count") == 0


def test_start_tls_then_bind_and_search(directory: DirectoryProcess) -> None:
    connection = directory.connect(port="ldap", bind=False)
    assert connection.start_tls()
    assert connection.bind()
    assert connection.search(BASE, f"(mail={ROOM})")
    assert directory.counters()["ldap.starttls"] == 1
    assert [line["operation"] for line in directory.do("organisation.log")] == [
        "ldap.starttls",
        "ldap.bind",
        "ldap.search",
    ]


def test_second_start_tls_is_refused(directory: DirectoryProcess) -> None:
    connection = directory.connect()
    answer = connection.extended("1.3.6.1.4.1.1466.20037")
    assert answer is False
    assert connection.result["result"] == 1


@pytest.mark.parametrize(("trouble", "code"), [("busy", 51), ("unavailable", 52)])
def test_trouble_answers_binds_and_searches(directory: DirectoryProcess, trouble: str, code: int) -> None:
    connection = directory.connect()
    directory.do(f"setattr(organisation.policy, 'ldap_trouble', {trouble!r})")
    assert not connection.search(BASE, "(objectClass=*)")
    assert connection.result["result"] == code
    assert directory.refusal(UPN, "wrong")[0] == code
    assert directory.do(f"{SERVICE}.bad_pwd_count") == 0


def test_other_mechanisms_are_refused(directory: DirectoryProcess) -> None:
    bind = ber(0x60, ber(0x02, 3), ber(0x04), ber(0xA3, ber(0x04, "EXTERNAL")))
    assert ber(0x0A, 7) in directory.raw(ber(0x30, ber(0x02, 1), bind))
