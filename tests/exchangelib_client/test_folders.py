"""exchangelib finds and walks the folders: as delegate, as the owner, Basic and NTLM."""

from __future__ import annotations

import pytest
from exchangelib import Account, Q
from exchangelib.folders import Calendar, DeletedItems, FolderCollection, Inbox, SentItems

from tests.exchangelib_client.accounts import account
from tests.simulator.ews_client import EMAIL
from tests.simulator.harness import Simulator

ROOM = "atlas@demo.test"
THREE_ITEMS = "zuerich@demo.test"
BELOW_TOP = [
    "Calendar",
    "Contacts",
    "Deleted Items",
    "Drafts",
    "Inbox",
    "Junk Email",
    "Outbox",
    "Sent Items",
    "Tasks",
]
RECOVERABLE = ["Recoverable Items", "Deletions", "Purges"]


@pytest.fixture(params=["own", "delegate", "owner"])
def opened(request: pytest.FixtureRequest, simulator: Simulator, way: str) -> Account:
    """The service account's own mailbox, a room's by FullAccess, and a room's by impersonation."""
    if request.param == "own":
        return account(simulator, way)
    if request.param == "delegate":
        return account(simulator, way, address=ROOM)
    return account(simulator, way, impersonate=ROOM)


def test_the_whole_tree_is_walked_from_the_root_and_from_the_top(opened: Account) -> None:
    names = [folder.name for folder in opened.root.walk()]
    assert sorted(names) == sorted(["Top of Information Store", *BELOW_TOP, *RECOVERABLE])
    assert sorted(folder.name for folder in opened.msg_folder_root.walk()) == BELOW_TOP
    assert opened.msg_folder_root.child_folder_count == len(BELOW_TOP)
    assert opened.msg_folder_root.parent.id == opened.root.id


def test_distinguished_folders_are_known_by_their_kind(opened: Account) -> None:
    kinds = {folder.name: type(folder) for folder in opened.msg_folder_root.walk()}
    wanted = {"Calendar": Calendar, "Inbox": Inbox, "Sent Items": SentItems, "Deleted Items": DeletedItems}
    assert {name: kinds[name] for name in wanted} == wanted
    assert opened.calendar.folder_class == "IPF.Appointment"
    assert opened.calendar.effective_rights.create_contents


def test_a_folder_is_reached_by_its_path_and_asked_again_by_its_id(opened: Account) -> None:
    calendar = opened.msg_folder_root / "Calendar"
    known = calendar.id
    calendar.refresh()
    assert calendar.id == known == opened.calendar.id
    assert [folder.name for folder in opened.msg_folder_root.glob("S*")] == ["Sent Items"]


def test_folders_are_found_by_a_restriction(simulator: Simulator, way: str) -> None:
    top = account(simulator, way, address=ROOM).msg_folder_root
    found = FolderCollection(account=top.account, folders=[top]).find_folders(q=Q(name="Calendar"))
    assert [(folder.name, type(folder)) for folder in found] == [("Calendar", Calendar)]


def test_the_number_of_items_is_told(simulator: Simulator, way: str) -> None:
    assert account(simulator, way, address=THREE_ITEMS).calendar.total_count == 3
    assert account(simulator, way, address=ROOM).calendar.total_count == 0


def test_a_walk_costs_four_requests_each_as_the_mailbox_impersonated(simulator: Simulator, way: str) -> None:
    list(account(simulator, way, impersonate=ROOM).root.walk())
    entries = [entry for entry in simulator.log() if entry["operation"]]
    # the root; the distinguished folders; what there is below the root; and of those what only GetFolder tells
    assert [entry["operation"] for entry in entries] == ["GetFolder", "GetFolder", "FindFolder", "GetFolder"]
    assert {entry["impersonated"] for entry in entries} == {ROOM}
    assert {entry["way"].lower() for entry in entries} == {way}


def test_the_folders_of_two_mailboxes_differ(simulator: Simulator, way: str) -> None:
    ids = {folder.id for address in (ROOM, EMAIL) for folder in account(simulator, way, address=address).root.walk()}
    assert len(ids) == 2 * (1 + len(BELOW_TOP) + len(RECOVERABLE))
