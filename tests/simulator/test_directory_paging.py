"""How much the simulated directory sends at once: pages, cookies, limits of size."""

from __future__ import annotations

import pytest

from tests.simulator.directory_process import BASE, DirectoryProcess, entries, ldap3

pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")  # called by ldap3
PAGED = "1.2.840.113556.1.4.319"
MANY = """
for number in range(2500):
    name = f"room{number:04}"
    organisation.add(10000 + number, name, "Rooms", enabled=False, recipient_type_details=16, recipient_display_type=7)
"""


def test_paging_through_2500_objects(directory: DirectoryProcess) -> None:
    directory.do(MANY)
    connection = directory.connect()
    sizes, seen, cookie = [], set(), b""
    while True:
        connection.search(BASE, "(cn=room*)", attributes=["cn"], paged_size=2000, paged_cookie=cookie)
        page = entries(connection)
        assert seen.isdisjoint(page)
        seen.update(page)
        references = [answer for answer in connection.response if answer["type"] == "searchResRef"]
        cookie = connection.result["controls"][PAGED]["value"]["cookie"]
        sizes.append((len(page), len(references)))
        if not cookie:
            break
    assert sizes == [(1000, 0), (1000, 0), (500, 3)]  # 2000 was asked for, MaxPageSize is 1000
    assert len(seen) == 2500
    assert directory.counters()["ldap.entries"] == 2500
    assert directory.do("organisation.log[-1]['page_size']") == 2000


def test_without_paging_max_page_size_cuts(directory: DirectoryProcess) -> None:
    directory.do(MANY)
    connection = directory.connect()
    connection.search(BASE, "(cn=room*)", attributes=["cn"])
    assert connection.result["result"] == 4
    assert len(entries(connection)) == 1000
    directory.do("organisation.policy.max_page_size = 2600")
    assert connection.search(BASE, "(cn=room*)", attributes=["cn"])
    assert len(entries(connection)) == 2500


def test_size_limit_of_the_client(directory: DirectoryProcess) -> None:
    connection = directory.connect()
    connection.search(BASE, "(objectCategory=person)", size_limit=2)
    assert connection.result["result"] == 4
    assert len(entries(connection)) == 2
    assert connection.search(BASE, "(objectCategory=person)", size_limit=6)
    assert len(entries(connection)) == 6


def test_cookie_belongs_to_its_connection_and_search(directory: DirectoryProcess) -> None:
    connection, other = directory.connect(), directory.connect()

    def page(on: ldap3.Connection, filter_text: str, cookie: bytes) -> tuple[int, bytes]:
        on.search(BASE, filter_text, paged_size=2, paged_cookie=cookie)
        controls = on.result.get("controls") or {}
        return on.result["result"], controls.get(PAGED, {}).get("value", {}).get("cookie", b"")

    code, cookie = page(connection, "(objectCategory=person)", b"")
    assert (code, len(cookie)) == (0, 16)
    assert page(other, "(objectCategory=person)", cookie)[0] == 12
    assert page(connection, "(objectCategory=group)", cookie)[0] == 12
    assert page(connection, "(objectCategory=person)", b"forged")[0] == 12
    code, cookie = page(connection, "(objectCategory=person)", b"")
    assert page(connection, "(objectCategory=person)", cookie)[0] == 0
    assert page(connection, "(objectCategory=person)", cookie)[0] == 12  # used up


def test_5000_rooms_by_chunks_of_100_addresses(directory: DirectoryProcess) -> None:
    directory.do(MANY.replace("2500", "5000"))
    connection = directory.connect()
    before = directory.do("__import__('time').process_time()")
    seen: set[str] = set()
    for start in range(0, 5000, 100):
        terms = "".join(f"(proxyAddresses=smtp:room{number:04}@demo.test)" for number in range(start, start + 100))
        assert connection.search(BASE, f"(|{terms})", attributes=["mail", "proxyAddresses"])
        seen.update(entries(connection))
    assert len(seen) == 5000
    spent = directory.do("__import__('time').process_time()") - before
    assert spent < 6, f"{spent:.1f} s of the server's CPU for 50 searches"
