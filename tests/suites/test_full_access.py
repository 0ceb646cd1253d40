"""FullAccess is not fooled, neither way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance import accept, read_site
from tests.simulator.harness import Simulator


@pytest.mark.parametrize(
    ("condition", "word"),
    [
        ("editor-on-calendar", "failed"),
        ("top-folder-only", "failed"),
        ("deny", "failed"),
        ("impersonation-only", "failed"),
        ("stops-batch", "failed"),
        ("owner-folders", "not measured"),
        ("own-mailbox", "not measured"),
        ("pending-grant", "not measured"),
        ("moving", "not measured"),
        ("through-group", "passed"),
    ],
)
def test_permission_1(condition: str, word: str, simulator: Simulator, tmp_path: Path) -> None:
    rooms = [room.email for room in read_site(simulator.site).rooms]
    target = rooms[0]  # the first of its batch: what stops there must not be judged on the others
    simulator.plant(f"{condition}:{target}")
    done = accept(simulator.site, "-q", cwd=tmp_path)
    assert done.outcome("PERMISSION-1", target)["outcome"] == word, done.output
    others = {("PERMISSION-1", room) for room in rooms[1:]}
    assert others <= done.outcomes("passed")
    failed = {("PERMISSION-1", target)} if word == "failed" else set()
    assert done.outcomes("failed") == failed


def test_waiting_for_replication_is_named(simulator: Simulator, tmp_path: Path) -> None:
    target = read_site(simulator.site).rooms[0].email
    simulator.plant(f"pending-grant:{target}")
    done = accept(simulator.site, "-q", cwd=tmp_path)
    assert "waiting" in done.outcome("PERMISSION-1", target)["found"]
    assert (done.verdict, done.code) == ("INCOMPLETE", 10)


def test_a_room_that_answers_from_another_rooms_mailbox_is_never_accepted(simulator: Simulator, tmp_path: Path) -> None:
    rooms = [room.email for room in read_site(simulator.site).rooms]
    simulator.plant(f"other-mailbox:{rooms[2]}")
    done = accept(simulator.site, "-q", cwd=tmp_path)
    # the room whose mailbox it is cannot be told from it either
    unmeasured = {target for id_, target in done.outcomes("not measured") if id_ == "PERMISSION-1"}
    assert unmeasured == {rooms[0], rooms[2]}, done.output
    assert "other folders than the mailbox's own" in done.outcome("PERMISSION-1", rooms[2])["found"]
    said = f"{rooms[0]} and {rooms[2]} from one mailbox"
    assert said in done.outcome("PERMISSION-1", rooms[0])["found"]
    assert (done.verdict, done.code) == ("INCOMPLETE", 10)
