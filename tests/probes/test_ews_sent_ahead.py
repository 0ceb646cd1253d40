"""A request that waits for a connection goes out with the thread that gives it back, and never where it should not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_flowscape.facts import Kind
from pytest_flowscape.probes.ews.connection import _BoundedSocket
from pytest_flowscape.probes.ews.conversation import Conversation
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.probes.ledger import AGAIN, LEDGER
from tests.probes.ews_lines import CHALLENGE, Opens, ask, good
from tests.probes.ews_samples import refused, response
from tests.probes.tls_server import Request, http

SECONDS = 30.0
HOLDS, WAITS = "holds@demo.test", "waits@demo.test"


class Crossing:
    """One connection, taken by a request whose answer is kept back, and another request that waits for it."""

    def __init__(self, first: Callable[[Request], bytes | None], second: Callable[[Request], bytes | None]) -> None:
        self.asked, self.release = threading.Event(), threading.Event()
        self.ahead: list[bool] = []  # for each line that was waited for, whether its request was sent at once
        self._answers = [good, first, second]

    def answer(self, request: Request) -> bytes | None:
        told = self._answers[0]
        if len(self._answers) == 2:
            self.asked.set()
            assert self.release.wait(SECONDS)
        if len(self._answers) > 1:
            self._answers.pop(0)
        return told(request)

    def run(self, session: EwsSession, meanwhile: Callable[[], None] = lambda: None) -> dict[str, Kind | None]:
        """Return how both ended; ``meanwhile`` is called when the one asks and the other waits."""
        ask(session)
        found: dict[str, Kind | None] = {}
        threads = [threading.Thread(target=lambda a=a: found.update(ask(session, a)), daemon=True) for a in _BOTH]  # type: ignore[misc]
        threads[0].start()
        assert self.asked.wait(SECONDS)
        threads[1].start()
        while not session._talk.pool._queue:
            threads[1].join(0.001)
        meanwhile()
        self.release.set()
        for thread in threads:
            thread.join(SECONDS)
        return found


_BOTH = (HOLDS, WAITS)


@pytest.fixture
def crossing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Crossing]]:
    def make(first: Callable[[Request], bytes | None] = good, second: Any = good) -> Crossing:
        made = Crossing(first, second)
        real = Conversation._begin

        def begin(self: Conversation, turn: Any, line: Any) -> None:
            real(self, turn, line)
            made.ahead.append(turn.sent is not None)

        monkeypatch.setattr(Conversation, "_begin", begin)
        return made

    return make


def test_it_is_sent_at_once(opens: Opens, crossing: Callable[..., Crossing]) -> None:
    both = crossing()
    desk, talk = opens(both.answer)
    session = desk.session(way="Basic")
    assert both.run(session) == {HOLDS: None, WAITS: None}
    assert both.ahead == [True]
    assert session.counts == {"handshakes": 1, "GetFolder": 3}
    assert [WAITS.encode() in request.body for request in talk.requests] == [False, False, True]


def test_not_after_the_sign_ins_were_stopped(opens: Opens, crossing: Callable[..., Crossing]) -> None:
    both = crossing()
    desk, talk = opens(both.answer)
    gate = desk.gate()
    session = desk.session(way="Basic", gate=gate)
    assert both.run(session, lambda: gate.stop("refused elsewhere")) == {HOLDS: None, WAITS: Kind.STOPPED}
    assert both.ahead == [False]
    assert len(talk.requests) == 2


def test_not_while_the_password_is_in_doubt(opens: Opens, crossing: Callable[..., Crossing]) -> None:
    both = crossing()
    desk, _ = opens(both.answer)
    gate = desk.gate()
    assert both.run(desk.session(way="Basic", gate=gate), gate.doubt) == {HOLDS: None, WAITS: None}
    assert both.ahead == [False]
    assert not gate.in_doubt  # it was sent as if it were a sign-in


def test_not_after_an_answer_that_may_ask_to_wait(opens: Opens, crossing: Callable[..., Crossing]) -> None:
    missing = response("GetFolder", refused("ErrorNonExistentMailbox"))
    both = crossing(first=lambda _: http(200, body=missing))
    desk, _ = opens(both.answer)
    found = both.run(desk.session(way="Basic"))
    assert found[WAITS] is None
    assert both.ahead == [False]


def test_not_while_the_server_has_asked_its_party_to_wait(
    opens: Opens, crossing: Callable[..., Crossing], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = crossing()
    desk, _ = opens(both.answer)
    session = desk.session(way="Basic")
    waits = iter([0.01])

    def asked_to_wait() -> None:
        monkeypatch.setattr(session._talk._back_off, "left", lambda _: next(waits, 0.0))

    assert both.run(session, asked_to_wait) == {HOLDS: None, WAITS: None}
    assert both.ahead == [False]


def test_a_connection_that_ends_with_its_answer_is_left_to_the_one_who_waits(
    opens: Opens, crossing: Callable[..., Crossing]
) -> None:
    both = crossing(first=lambda request: good(request).replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
    desk, _ = opens(both.answer)
    session = desk.session(way="Basic")
    assert both.run(session) == {HOLDS: None, WAITS: None}
    assert both.ahead == [False]
    assert session.counts == {"handshakes": 2, "GetFolder": 3}


def test_a_refusal_of_what_was_sent_ahead_is_a_lost_sign_in(opens: Opens, crossing: Callable[..., Crossing]) -> None:
    both = crossing(second=lambda _: CHALLENGE)
    desk, talk = opens(both.answer)
    gate = desk.gate()
    session = desk.session(way="Basic", gate=gate)
    assert both.run(session) == {HOLDS: None, WAITS: Kind.LOST_SIGN_IN}  # the one new connection was refused, too
    assert both.ahead == [True]
    assert len(talk.requests) == 4
    assert gate.stopped


def test_a_connection_that_breaks_while_it_is_sent_is_told_to_the_one_who_waits(
    opens: Opens, crossing: Callable[..., Crossing], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = crossing()
    desk, _ = opens(both.answer)
    session = desk.session(way="Basic")
    real, notes = _BoundedSocket.send_all, list[str]()
    monkeypatch.setattr(LEDGER, "note", notes.append)

    def breaks() -> None:
        def send_all(*_: object) -> None:
            monkeypatch.setattr(_BoundedSocket, "send_all", real)
            raise ConnectionResetError

        monkeypatch.setattr(_BoundedSocket, "send_all", send_all)

    assert both.run(session, breaks) == {HOLDS: None, WAITS: None}
    assert session.counts["handshakes"] == 2
    assert AGAIN in notes  # as after any connection that breaks, and within the same tries


def test_not_what_may_change_something(opens: Opens, crossing: Callable[..., Crossing]) -> None:
    """Such a request looks first whether the server has closed the connection."""
    both = crossing()
    desk, _ = opens(both.answer)
    session = desk.session(way="Basic")

    def once() -> None:
        begin: Any = session._talk.pool._queue[0].begin
        begin.args[0].call.once = True

    assert both.run(session, once) == {HOLDS: None, WAITS: None}
    assert both.ahead == [False]
