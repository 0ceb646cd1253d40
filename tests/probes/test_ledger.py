"""What a process writes down of its requests, and the footprint that is read from it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_flowscape.facts.footprint import Footprint
from pytest_flowscape.probes import ledger
from pytest_flowscape.probes.ews import get_folder, resolve_names
from pytest_flowscape.probes.ews.request import DistinguishedFolder
from pytest_flowscape.probes.ledger import Ledger

ROOM = "room@contoso.test"
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no mode bits and no fork")


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger that writes."""
    made = Ledger()
    made.open(tmp_path)
    yield made
    made.close()


def folder(*addresses: str, impersonate: str = "") -> bytes:
    return get_folder.request([DistinguishedFolder("inbox", address) for address in addresses], impersonate=impersonate)


def test_requests_are_told_by_operation_identity_status_and_mailbox(book: Ledger, tmp_path: Path) -> None:
    book.note_status(book.note_request(folder("", ROOM), credentials=False), 401)
    book.note_status(book.note_request(folder("", ROOM), credentials=True), 401)
    book.note_status(book.note_request(folder("", ROOM), credentials=True), 200)
    book.note_status(book.note_request(folder(""), credentials=True), 200)
    book.note_status(book.note_request(folder(ROOM, impersonate="Room@contoso.test"), credentials=True), 500)
    book.note_status(book.note_request(resolve_names.request("smtp:x@y.test"), credentials=True), 200)
    found = ledger.read(tmp_path)
    assert found.http == {
        ("GetFolder", "without credentials", 401): 1,
        ("GetFolder", "delegate", 401): 1,
        ("GetFolder", "delegate", 200): 2,
        ("GetFolder", "impersonated", 500): 1,
        ("ResolveNames", "delegate", 200): 1,
    }
    assert found.mailboxes == {"": {"delegate": 1}, ROOM: {"delegate": 1, "impersonated": 1}}
    assert found.operations == {
        ("GetFolder", "delegate"): 2,
        ("GetFolder", "impersonated"): 1,
        ("ResolveNames", "delegate"): 1,
    }
    assert (found.requests, found.http_requests, found.without_credentials, found.writes) == (4, 6, 1, 0)


def test_a_request_without_an_answer_is_shown_as_such(book: Ledger, tmp_path: Path) -> None:
    book.note_request(folder(ROOM), credentials=True)
    book.note_operation("search")
    found = ledger.read(tmp_path)
    assert found.http == {("GetFolder", "delegate", 0): 1}
    assert found.ldap == {("search", -1): 1}
    assert (found.unanswered, found.requests, found.mailboxes) == (1, 0, {})


def test_everything_is_written_at_once(book: Ledger, tmp_path: Path) -> None:
    """So that a process that is killed has told of all it sent, and of every answer."""
    (path,) = tmp_path.glob("ledger-*")
    number = book.note_request(folder(""), credentials=True)
    assert path.read_bytes().count(b"\n") == 1
    book.note_status(number, 200)
    assert path.read_bytes().count(b"\n") == 2
    assert ledger.read(tmp_path).http == {("GetFolder", "delegate", 200): 1}


def test_no_line_is_lost_or_torn_between_threads(book: Ledger, tmp_path: Path) -> None:
    def work() -> None:
        for _ in range(200):
            book.note_status(book.note_request(folder(""), credentials=True), 200)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    book.close()
    assert ledger.read(tmp_path).http == {("GetFolder", "delegate", 200): 1200}


def test_the_directory_side(book: Ledger, tmp_path: Path) -> None:
    book.note_connection("ldap")
    for code in (0, 49):
        book.note_result(book.note_operation("bind"), code)
    book.note_result(book.note_operation("search"), 0)
    found = ledger.read(tmp_path)
    assert (found.ldap_connections, found.binds, found.refused_binds, found.searches) == (1, 2, 1, 1)
    assert (found.ews_connections, found.requests, found.writes) == (0, 0, 0)


def test_several_processes_are_added_up(tmp_path: Path) -> None:
    books = [Ledger(), Ledger()]
    for each in books:
        each.open(tmp_path)
        each.note_connection("ews")
        each.note(ledger.SIGNED_IN)
        each.note(ledger.THROTTLED)
        each.note(ledger.AGAIN)
    books[0].note(ledger.REFUSED)
    # the same numbers in both files are not the same requests
    books[0].note_status(books[0].note_request(folder(ROOM), credentials=True), 200)
    books[1].note_request(folder(ROOM), credentials=True)
    for each in books:
        each.close()
    found = ledger.read(tmp_path)
    assert (found.ews_connections, found.ews_sign_ins, found.ews_refused) == (2, 2, 1)
    assert (found.throttled, found.retries) == (2, 2)
    assert found.http == {("GetFolder", "delegate", 200): 1, ("GetFolder", "delegate", 0): 1}


def test_half_a_line_of_a_killed_process_is_passed_over(book: Ledger, tmp_path: Path) -> None:
    book.note_connection("ews")
    (path,) = tmp_path.glob("ledger-*")
    with path.open("ab") as file:
        file.write(b'["connec')
    assert ledger.read(tmp_path).ews_connections == 1


@pytest.mark.parametrize(
    "operation", ["CreateItem", "UpdateItem", "DeleteItem", "SendItem", "EmptyFolder", "AddDelegate"]
)
def test_what_is_not_known_to_only_read_is_a_write(operation: str) -> None:
    assert Footprint(http={(operation, "delegate", 200): 2}).writes == 2
    assert Footprint(http={(operation, "delegate", 0): 1}).writes == 1  # nobody told that it did not happen
    assert Footprint(http={(operation, "delegate", 401): 1, (operation, "without credentials", 200): 1}).writes == 0


@pytest.mark.parametrize("operation", ["GetFolder", "FindItem", "SyncFolderItems", "ResolveNames", "ConvertId"])
def test_what_only_reads_is_none(operation: str) -> None:
    assert Footprint(http={(operation, "delegate", 200): 2}, ldap={("bind", 0): 1, ("search", 0): 2}).writes == 0


def test_an_ldap_operation_that_is_not_ours_is_a_write() -> None:
    assert Footprint(ldap={("modify", 0): 1}).writes == 1


def test_a_body_that_is_not_soap_is_counted_without_a_name(book: Ledger, tmp_path: Path) -> None:
    book.note_status(book.note_request(b"<html", credentials=True), 200)
    assert ledger.read(tmp_path).operations == {("", "delegate"): 1}


def test_without_a_file_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    book = Ledger()
    book.note_status(book.note_request(folder(ROOM), credentials=True), 200)
    book.note(ledger.SIGNED_IN)
    assert ledger.read(tmp_path) == Footprint()


@POSIX
def test_the_file_is_private(book: Ledger, tmp_path: Path) -> None:
    (path,) = tmp_path.glob("ledger-*")
    assert path.stat().st_mode & 0o777 == 0o600
