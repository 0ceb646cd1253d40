"""What happens between a session and a server that misbehaves on the wire: sign-ins, credentials, retries."""

from __future__ import annotations

import base64
import threading
import time

import pytest

from pytest_flowscape.facts import Kind
from pytest_flowscape.probes.gate import Gate
from tests.probes.ews_lines import CHALLENGE, ROOMS, Opens, Script, ask, good
from tests.probes.ews_samples import fault
from tests.probes.ews_sessions import kinds, run_in_threads
from tests.probes.tls_server import Request, http

# --- a sign-in that is lost ---------------------------------------------------------------------------


def test_one_new_connection_after_a_lost_sign_in(opens: Opens) -> None:
    desk, talk = opens(Script(good, CHALLENGE, good))
    session = desk.session(way="Basic")
    assert ask(session) == {ROOMS[0]: None}
    assert ask(session) == {ROOMS[0]: None}  # refused once in between, and nobody noticed
    assert len(talk.requests) == 3
    assert session.counts["handshakes"] == 2


def test_the_second_lost_sign_in_is_the_finding(opens: Opens) -> None:
    desk, talk = opens(Script(good, CHALLENGE, good, CHALLENGE, good))
    gate = desk.gate()
    session = desk.session(way="Basic", gate=gate)
    assert [ask(session)[ROOMS[0]] for _ in range(4)] == [None, None, Kind.LOST_SIGN_IN, Kind.LOST_SIGN_IN]
    assert len(talk.requests) == 4  # and no password is shown for what is asked later
    assert not gate.stopped


def test_a_refused_new_connection_ends_it(opens: Opens) -> None:
    desk, talk = opens(Script(good, CHALLENGE))
    gate = desk.gate()
    session = desk.session(way="Basic", gate=gate)
    ask(session)
    assert ask(session) == {ROOMS[0]: Kind.LOST_SIGN_IN}
    assert gate.stopped
    assert ask(session) == {ROOMS[0]: Kind.STOPPED}
    assert len(talk.requests) == 3


def test_password_changed_while_many_ask(opens: Opens) -> None:
    """At most the requests in flight plus one new connection show the old password."""
    changed = threading.Event()
    refusals: list[int] = []

    def answer(request: Request) -> bytes | None:
        if not changed.is_set():
            return good(request)
        refusals.append(1)
        return CHALLENGE

    desk, _ = opens(answer)
    gate = desk.gate()
    sessions = [desk.session(way="Basic", gate=gate, connections=2) for _ in range(2)]
    run_in_threads(lambda at: ask(sessions[at % 2]), 4)
    changed.set()

    def keep_asking(at: int) -> None:
        for _ in range(5):
            ask(sessions[at % 2])

    run_in_threads(keep_asking, 4)
    assert gate.stopped
    assert len(refusals) <= 4 + 1


def test_nobody_shows_a_password_that_is_in_doubt(opens: Opens) -> None:
    """While one process finds out, the signed-in connections of the others wait, and then do not ask at all."""
    changed, asked_anew, release = threading.Event(), threading.Event(), threading.Event()
    refusals: list[int] = []

    def answer(request: Request) -> bytes | None:
        if not changed.is_set():
            return good(request)
        refusals.append(1)
        if len(refusals) == 2:
            asked_anew.set()
            release.wait(10)
        return CHALLENGE

    desk, _ = opens(answer)
    gate = desk.gate()
    first, second = (desk.session(way="Basic", gate=Gate(gate.folder)) for _ in range(2))
    assert [ask(session)[ROOMS[0]] for session in (first, second)] == [None, None]
    changed.set()

    def in_turn(at: int) -> Kind | None:
        if at == 0:
            return ask(first)[ROOMS[0]]
        assert asked_anew.wait(10)
        threading.Timer(0.2, release.set).start()
        return ask(second)[ROOMS[0]]

    assert run_in_threads(in_turn, 2) == [Kind.LOST_SIGN_IN, Kind.STOPPED]
    assert len(refusals) == 2


def test_an_answer_that_is_lost_after_the_password(opens: Opens) -> None:
    desk, talk = opens(Script(None))
    gate = desk.gate()
    session = desk.session(ways=("Basic",), gate=gate)
    sign_in, _ = session.sign_in("svc@demo.test", proven=False)
    assert sign_in.trouble is not None
    assert sign_in.trouble.kind is Kind.RESET
    assert len(talk.requests) == 1  # not repeated: it may have been a refusal
    assert gate.stopped


def test_a_way_that_the_server_does_not_take_part_in(opens: Opens) -> None:
    def only_basic(request: Request) -> bytes:
        return good(request) if request.authorization.startswith("Basic") else CHALLENGE

    desk, talk = opens(only_basic)
    gate = desk.gate()
    sign_in, own = desk.session(gate=gate).sign_in("svc@demo.test", proven=False)
    assert sign_in.succeeded  # no password was shown by Negotiate and NTLM, so Basic is the first attempt
    assert sign_in.way == "Basic"
    assert own.first_trouble is None
    assert [request.authorization.split()[0] for request in talk.requests] == ["Negotiate", "NTLM", "Basic"]


def test_a_server_that_closes_within_ntlm(opens: Opens) -> None:
    token = base64.b64encode(b"NTLMSSP\0junk").decode()
    desk, talk = opens(Script(http(401, f"WWW-Authenticate: NTLM {token}", "Connection: close")))
    gate = desk.gate()
    sign_in, _ = desk.session(auth="ntlm", gate=gate).sign_in("svc@demo.test", proven=False)
    assert not sign_in.succeeded
    assert not gate.stopped  # nobody has seen a proof of the password
    assert all("Negotiate" not in request.authorization for request in talk.requests)


# --- trouble that passes, and trouble that does not -----------------------------------------------------


def test_broken_connections_are_tried_again(opens: Opens) -> None:
    desk, talk = opens(Script(None, None, good))
    assert ask(desk.session(way="Basic")) == {ROOMS[0]: None}
    assert len(talk.requests) == 3


def test_an_idle_connection_that_the_server_closed(opens: Opens) -> None:
    desk, talk = opens(Script(good, None, good))
    session = desk.session(way="Basic")
    assert ask(session) == {ROOMS[0]: None}
    assert ask(session) == {ROOMS[0]: None}
    assert len(talk.requests) == 3


def test_at_most_four_tries(opens: Opens) -> None:
    busy = http(500, body=fault("ErrorServerBusy", values='<t:Value Name="BackOffMilliseconds">10</t:Value>'))
    desk, talk = opens(Script(busy))
    assert ask(desk.session(way="Basic")) == {ROOMS[0]: Kind.THROTTLED}
    assert len(talk.requests) == 4


def test_a_back_off_that_does_not_fit_in_is_not_waited_for(opens: Opens) -> None:
    busy = http(500, body=fault("ErrorServerBusy", values='<t:Value Name="BackOffMilliseconds">60000</t:Value>'))
    desk, talk = opens(Script(busy))
    session = desk.session(way="Basic")
    started = time.monotonic()
    assert ask(session) == {ROOMS[0]: Kind.THROTTLED}
    assert ask(session) == {ROOMS[0]: Kind.THROTTLED}  # still within the back-off: not even asked
    assert time.monotonic() - started < 2.5
    assert len(talk.requests) == 1


def test_the_back_off_of_a_room_is_its_own(opens: Opens) -> None:
    busy = http(500, body=fault("ErrorServerBusy", values='<t:Value Name="BackOffMilliseconds">60000</t:Value>'))
    desk, _ = opens(Script(busy, good))
    session = desk.session(way="Basic")
    first = session.get_folder(ROOMS[:1], ["calendar"], impersonate=ROOMS[0])
    assert kinds(first) == {ROOMS[0]: Kind.THROTTLED}
    second = session.get_folder(ROOMS[1:2], ["calendar"], impersonate=ROOMS[1])
    assert kinds(second) == {ROOMS[1]: None}


@pytest.mark.parametrize(
    "answer",
    [http(500, body=fault("ErrorSchemaValidation")), http(403), http(404), http(200, body=b"<a/>")],
    ids=["fault", "403", "404", "not-soap"],
)
def test_everything_else_is_asked_once_more(opens: Opens, answer: bytes) -> None:
    desk, talk = opens(Script(answer))
    assert ask(desk.session(way="Basic"))[ROOMS[0]] is not None
    assert len(talk.requests) == 2


def test_a_server_that_drips_ends_in_time(opens: Opens) -> None:
    ending = threading.Event()

    def drip(request: Request) -> bytes | None:
        ending.wait(5)
        return None

    desk, _ = opens(drip)
    started = time.monotonic()
    assert ask(desk.session(way="Basic", timeout=0.5)) == {ROOMS[0]: Kind.SILENT}
    assert time.monotonic() - started < 5
    ending.set()
