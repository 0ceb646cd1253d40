"""What befalls writes on the simulated server: refusals of one operation, lost and held answers, and the dump."""

from __future__ import annotations

import contextlib
import http.client
import queue
import threading

import pytest

from tests.simulator.ews_client import EMAIL, Client, distinguished, get_folder
from tests.simulator.ews_items import (
    END,
    START,
    appointment,
    create,
    delete,
    field,
    find,
    get,
    item_id,
    setting,
    update,
)
from tests.simulator.harness import Simulator, SimulatorError

ROOM, OTHER = "atlas@demo.test", "aurora@demo.test"
LATER = setting(field("calendar:End"), "<t:End>2031-03-05T23:00:00Z</t:End>")
LOST = (OSError, http.client.HTTPException)


def booking(room: str = ROOM, impersonate: str = "") -> bytes:
    return create(appointment(), folder=distinguished("calendar", room), impersonate=impersonate)


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        ("no-create-right", ["ErrorCreateItemAccessDenied", "", ""]),
        ("quota-exceeded", ["ErrorQuotaExceeded", "", ""]),
        ("update-refused", ["NoError", "ErrorAccessDenied", "NoError"]),
        ("no-delete-right", ["NoError", "NoError", "ErrorAccessDenied"]),
    ],
)
def test_one_operation_is_refused_to_all_but_the_owner(
    simulator: Simulator, client: Client, condition: str, codes: list[str]
) -> None:
    simulator.plant(f"{condition}:{ROOM}")
    made = client.basic(booking())
    assert made.codes == [codes[0]]
    if codes[0] == "NoError":
        item = item_id(made)
        assert client.basic(update(item, LATER)).codes == [codes[1]]
        assert client.basic(delete(item)).codes == [codes[2]]
    elsewhere = item_id(client.basic(booking(OTHER)))
    assert client.basic(update(elsewhere, LATER)).codes == ["NoError"]
    assert client.basic(delete(elsewhere)).codes == ["NoError"]
    as_owner = client.basic(booking(impersonate=ROOM))
    assert as_owner.codes == ["NoError"]


def test_from_one_write_on_the_server_is_busy(simulator: Simulator, client: Client) -> None:
    simulator.plant("booking-throttled:2x2")
    item = item_id(client.basic(booking()))
    assert client.basic(get(item)).codes == ["NoError"]
    assert client.basic(update(item, LATER)).fault == "ErrorServerBusy"
    assert client.basic(get(item)).fault == "ErrorServerBusy"
    assert client.basic(get(item)).text(".//t:End") == END  # the throttled write has not happened
    assert client.basic(delete(item)).codes == ["NoError"]


def test_busy_for_ever(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"booking-throttled:1@{ROOM}")
    assert client.basic(booking(OTHER)).codes == ["NoError"]
    for request in (booking(), booking(OTHER), find(OTHER)):
        assert client.basic(request).fault == "ErrorServerBusy"


@pytest.mark.parametrize(("condition", "happened"), [("booking-reset", True), ("booking-reset-before", False)])
def test_the_answer_to_a_write_is_lost_with_its_connection(
    simulator: Simulator, client: Client, condition: str, happened: bool
) -> None:
    item = item_id(client.basic(booking()))
    simulator.plant(f"{condition}:2@{ROOM}")
    assert client.basic(booking(OTHER)).codes == ["NoError"]
    assert client.basic(update(item, LATER)).codes == ["NoError"]
    with pytest.raises(LOST):
        client.basic(delete(item))
    client.connection.close()
    assert client.basic(get(item)).codes == (["ErrorItemNotFound"] if happened else ["NoError"])
    assert simulator.count("ews.writes") == 4


@pytest.mark.parametrize(("condition", "count"), [("booking-held:1", 1), ("booking-held-before:1", 0)])
def test_an_answer_is_held_until_it_is_released(simulator: Simulator, condition: str, count: int) -> None:
    simulator.plant(condition)
    answers: queue.Queue[int] = queue.Queue()

    def write() -> None:
        with Client(simulator) as waiting:
            answers.put(waiting.basic(booking()).status)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    simulator.wait_held()
    assert answers.empty()
    assert len([item for item in simulator.items() if item["mailbox"] == ROOM]) == count
    assert simulator.release() == 1
    assert answers.get(timeout=10) == (200 if count else 503)
    writer.join()
    assert simulator.release() == 0


def test_a_client_that_dies_while_its_answer_is_held_does_no_harm(simulator: Simulator) -> None:
    simulator.plant("booking-held:1")
    client = Client(simulator)

    def write() -> None:
        with contextlib.suppress(*LOST):
            client.basic(booking())

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    simulator.wait_held()
    client.connection.sock.shutdown(2)
    thread.join(10)
    with Client(simulator) as another:
        assert another.basic(get_folder(distinguished("inbox"))).codes == ["NoError"]
    assert simulator.release() == 0


def test_waiting_for_a_held_answer_ends(simulator: Simulator) -> None:
    with pytest.raises(TimeoutError):
        simulator.wait_held(0.05)


@pytest.mark.parametrize("target", ["0", "x", "1x", "-1", "2@nobody@demo.test"])
def test_a_number_that_means_no_write_cannot_be_planted(simulator: Simulator, target: str) -> None:
    if target == "1x":
        simulator.plant(f"booking-reset:{target}")  # no count: for ever
        return
    with pytest.raises(SimulatorError):
        simulator.plant(f"booking-reset:{target}")


def test_the_dump_has_every_item_and_shows_what_was_touched(simulator: Simulator, client: Client) -> None:
    before = simulator.items()
    assert [item["mailbox"] for item in before if item["folder"] == "calendar"].count("zuerich@demo.test") == 3
    item = item_id(client.basic(booking()))
    added = [record for record in simulator.items() if record not in before]
    assert [(r["mailbox"], r["folder"], r["class"], r["subject"]) for r in added] == [
        (ROOM, "calendar", "CalendarItem", "Made")
    ]
    assert (added[0]["start"], added[0]["end"]) == ("2031-03-05T21:00:00+00:00", "2031-03-05T22:00:00+00:00")
    assert START.startswith("2031-03-05T21:00:00")
    client.basic(update(item, LATER))
    client.basic(update(item, setting(field("calendar:End"), f"<t:End>{END}</t:End>")))
    (touched,) = (record for record in simulator.items() if record not in before)
    assert {key for key in touched if touched[key] != added[0][key]} == {"changed"}
    client.basic(delete(item, how="MoveToDeletedItems"))
    assert simulator.items() != before
    simulator.reset()
    with Client(simulator) as again:
        again.basic(delete(item_id(again.basic(booking(EMAIL)))))
    assert simulator.items() == before
    assert [r["folder"] for r in simulator.items(recoverable=True) if r not in before] == ["recoverableitemspurges"]
