"""SyncFolderItems of the simulated EWS: every change once, and none left out."""

from __future__ import annotations

from tests.simulator.ews_client import Client, distinguished, five, get_folder, sync
from tests.simulator.ews_items import ROOM, create_item, delete, field, setting, update
from tests.simulator.harness import Simulator

OTHER = "aurora@demo.test"
SUBJECT = field("item:Subject")


def test_synchronisation_walks_through_the_changes_and_ends(client: Client) -> None:
    state, seen, parents = "", [], set()
    for _ in range(5):  # the fourth room has three items
        reply = client.basic(sync("zuerich@demo.test", "zuerich@demo.test", state, parent=True))
        assert reply.codes == ["NoError"]
        state = reply.text(".//m:SyncState")
        assert state
        seen += [e.get("Id") for e in reply.all(".//t:ItemId")]
        parents |= {e.get("Id") for e in reply.all(".//t:ParentFolderId")}
        if reply.text(".//m:IncludesLastItemInRange") == "true":
            break
    assert len(set(seen)) == len(seen) == 3
    calendar = client.basic(get_folder(distinguished("calendar", "zuerich@demo.test"))).folder_ids
    assert parents == set(calendar)


def test_a_sync_state_of_another_folder_is_refused(client: Client) -> None:
    state = client.basic(sync(ROOM, ROOM)).text(".//m:SyncState")
    assert client.basic(sync(OTHER, OTHER, state)).codes == ["ErrorInvalidSyncStateData"]


def test_a_calendar_that_cannot_be_synchronised_still_opens(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"CALENDAR-1:{ROOM}")
    assert client.basic(sync(ROOM, ROOM)).codes == ["ErrorCorruptData"]
    assert client.basic(get_folder(*five(ROOM), impersonate=ROOM)).codes == ["NoError"] * 5


def test_synchronisation_one_change_at_a_time_misses_nothing_and_repeats_nothing(client: Client) -> None:
    items = [create_item(client, str(number)) for number in range(3)]
    first = client.basic(sync(ROOM, ROOM))
    assert [e.get("Id") for e in first.all(".//t:Create//t:ItemId")] == [items[0].split('"')[1]]
    state = first.text(".//m:SyncState")
    # while the client knows only the first: all three change, the second goes, a fourth comes
    for item in items:
        client.basic(update(item, setting(SUBJECT, "<t:Subject>new</t:Subject>")))
    client.basic(delete(items[1]))
    items.append(create_item(client, "3"))
    seen = []
    while True:
        reply = client.basic(sync(ROOM, ROOM, state))
        assert reply.codes == ["NoError"]
        state = reply.text(".//m:SyncState")
        for kind in ("Create", "Update", "Delete"):
            seen += [(kind, e.get("Id")) for e in reply.all(f".//t:{kind}//t:ItemId")]
        if reply.text(".//m:IncludesLastItemInRange") == "true":
            break
    ids = [item.split('"')[1] for item in items]
    assert seen == [("Update", ids[0]), ("Create", ids[2]), ("Create", ids[3])]
    client.basic(delete(items[0], items[2]))
    last = client.basic(sync(ROOM, ROOM, state, most=9))
    assert [e.get("Id") for e in last.all(".//t:Delete//t:ItemId")] == [ids[0], ids[2]]
    assert client.basic(sync(ROOM, ROOM, last.text(".//m:SyncState"))).all(".//m:Changes/*") == []


def test_a_refused_synchronisation_has_an_empty_state(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"CALENDAR-1:{ROOM}")
    reply = client.basic(sync(ROOM, ROOM))
    (state,) = reply.all(".//m:SyncState")
    assert (reply.codes, state.text) == (["ErrorCorruptData"], None)
