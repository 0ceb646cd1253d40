"""What is not a well-formed, supported request ends quietly, and the server lives on."""

from __future__ import annotations

from pathlib import Path

import pytest
from ldaptor.protocols import pureldap

from pytest_flowscape.simulator.directory.messages import FoundEntry, encode
from tests.simulator.directory_process import (
    BASE,
    PASSWORD,
    UPN,
    DirectoryProcess,
    ber,
    entries,
)

pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")  # called by ldap3
START_TLS = "1.3.6.1.4.1.1466.20037"
NOTICE = b"1.3.6.1.4.1.1466.20036"


def message(*content: bytes, number: int = 1) -> bytes:
    return ber(0x30, ber(0x02, number), *content)


def bind(name: str = UPN, password: str = PASSWORD) -> bytes:
    return ber(0x60, ber(0x02, 3), ber(0x04, name), ber(0x80, password))


def search(filter_part: bytes, *attributes: bytes, scope: int = 2) -> bytes:
    limits = ber(0x0A, scope) + ber(0x0A, 0) + ber(0x02, 0) + ber(0x02, 0) + ber(0x01, 0)
    return ber(0x63, ber(0x04, BASE), limits, filter_part, ber(0x30, *attributes))


PRESENT = ber(0x87, "objectClass")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x30\x80\x02\x01\x01\x00\x00",
        b"\x30\x85\x01\x01\x01\x01\x01",
        b"\x30\x84\x7f\xff\xff\xff",
        message(ber(0x60, ber(0x02, 3), ber(0x04, "x"))),
        message(ber(0x60, ber(0x02, 3), ber(0x04, "x"), ber(0x89, "sicily"))),
        message(b"\x60\x05\x02\x01\x03\x04\x7f"),
        message(ber(0x7E, "unknown operation")),
        message(ber(0x65, ber(0x0A, 0), ber(0x04), ber(0x04))),
        ber(0x30, ber(0x02, 1)),
        ber(0x30),
        message(search(ber(0xAF, "no filter"))),
        message(search(ber(0xA2))),
    ],
    ids=[
        "http",
        "indefinite",
        "length-of-length",
        "huge",
        "short-bind",
        "sicily-bind",
        "inner-length",
        "unknown-operation",
        "answer-instead-of-request",
        "no-operation",
        "empty",
        "unknown-filter",
        "empty-not",
    ],
)
def test_damaged_message_ends_the_connection(directory: DirectoryProcess, data: bytes) -> None:
    answer = directory.raw(data, until_closed=True)
    assert NOTICE in answer
    # nothing was printed among the answers to the test, and the next connection works
    assert directory.do("1 + 1") == 2
    directory.connect()


def test_substrings_without_any_are_refused(directory: DirectoryProcess) -> None:
    empty = message(search(ber(0xA4, ber(0x04, "cn"), ber(0x30))), number=2)
    answer = directory.raw(message(bind()) + empty + message(b"\x42\x00"), until_closed=True)
    assert ber(0x65, ber(0x0A, 2), ber(0x04), ber(0x04, "no substring")) in answer


def test_deep_nesting_ends_the_connection(directory: DirectoryProcess) -> None:
    nested = PRESENT
    for _ in range(3000):
        nested = ber(0xA2, nested)
    assert NOTICE in directory.raw(message(search(nested)), until_closed=True)


def test_message_in_pieces_and_several_at_once(directory: DirectoryProcess) -> None:
    together = message(bind()) + message(search(PRESENT, scope=0), number=2) + message(b"\x42\x00", number=3)
    answer = directory.raw(together, until_closed=True)
    assert answer.startswith(message(ber(0x61, ber(0x0A, 0), ber(0x04), ber(0x04))))
    assert answer.endswith(message(ber(0x65, ber(0x0A, 0), ber(0x04), ber(0x04)), number=2))
    assert directory.raw(*(together[at : at + 5] for at in range(0, len(together), 5)), until_closed=True) == answer


def test_unbind_and_abandon_have_no_answer(directory: DirectoryProcess) -> None:
    assert directory.raw(message(b"\x42\x00"), until_closed=True) == b""
    abandon = message(b"\x50\x01\x07") + message(b"\x42\x00", number=2)
    assert directory.raw(abandon, until_closed=True) == b""


def test_unknown_extended_operation(directory: DirectoryProcess) -> None:
    connection = directory.connect()
    assert connection.extended("1.2.3.4") is False
    assert connection.result["result"] == 2
    assert connection.search(BASE, "(cn=atlas)")


def test_unknown_controls(directory: DirectoryProcess) -> None:
    connection = directory.connect()
    assert connection.search(BASE, "(cn=atlas)", controls=[("1.2.3.4", False, None)])
    connection.search(BASE, "(cn=atlas)", controls=[("1.2.3.4", True, None)])
    assert connection.result["result"] == 12
    connection.search(BASE, "(cn=atlas)", controls=[("1.2.840.113556.1.4.319", True, b"\x30\x05\x02")])
    assert connection.result["result"] == 12


def test_domain_scope_control_leaves_references_out(directory: DirectoryProcess) -> None:
    connection = directory.connect()
    connection.search(BASE, "(cn=atlas)", controls=[("1.2.840.113556.1.4.1339", True, None)])
    assert [answer["type"] for answer in connection.response] == ["searchResEntry"]


def test_nothing_can_be_written(directory: DirectoryProcess) -> None:
    connection = directory.connect()
    name = f"CN=atlas,OU=Rooms,{BASE}"
    connection.delete(name)
    assert connection.result["result"] == 53
    connection.modify(name, {"mail": [("MODIFY_REPLACE", ["x"])]})
    assert connection.result["result"] == 53
    connection.add(f"CN=new,{BASE}", "user")
    assert connection.result["result"] == 53
    connection.modify_dn(name, "CN=new")
    assert connection.result["result"] == 53
    assert connection.search(BASE, "(mail=atlas@demo.test)")


def test_clear_text_behind_start_tls_is_not_taken_over(directory: DirectoryProcess) -> None:
    smuggled = message(ber(0x77, ber(0x80, START_TLS))) + message(bind(), number=2)
    answer = directory.raw(smuggled, port="ldap", until_closed=True)
    assert NOTICE in answer
    assert "ldap.bind" not in directory.counters()


def test_root_dse_for_anybody(directory: DirectoryProcess) -> None:
    connection = directory.connect(None, None, bind=False)
    connection.search("", "(objectClass=*)", "BASE", attributes=["*"])
    facts = entries(connection)[""]
    assert facts["defaultNamingContext"] == [BASE.encode()]
    assert b"1.2.840.113556.1.4.319" in facts["supportedControl"]
    connection.search("", "(objectClass=*)", "BASE", attributes=["dnsHostName"])
    assert set(entries(connection)[""]) == {"dnsHostName"}


def test_search_after_the_account_is_gone_needs_a_bind(directory: DirectoryProcess) -> None:
    connection = directory.connect()
    directory.do("organisation.accounts.pop(organisation.service_account)")
    connection.search(BASE, "(cn=atlas)")
    assert connection.result["result"] == 1


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 70_000])
def test_an_entry_is_written_as_ldaptor_writes_it(size: int) -> None:
    attributes = [("cn", [b"x" * size]), ("proxyAddresses", [b"", b"\xff" * size, b"y"]), ("mail", [])]
    for name in ("", "CN=Åre,DC=demo,DC=test", "z" * size):
        assert encode(FoundEntry(name, attributes), 300) == encode(
            pureldap.LDAPSearchResultEntry(name, attributes), 300
        )


def test_silence(directory: DirectoryProcess) -> None:
    directory.do("setattr(organisation.policy, 'ldap_trouble', 'silent')")
    with pytest.raises(TimeoutError):
        directory.raw(message(bind()), patience=0.2)
    assert directory.do("organisation.log") == []


def test_stop_refuses_and_drops(tmp_path: Path) -> None:
    other = DirectoryProcess(tmp_path)
    try:
        connection = other.connect()
        other.do("ports.stop()")
        assert connection.socket.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            other.raw(b"", port="ldap")
    finally:
        other.close()
        other.end()
