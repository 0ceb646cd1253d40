"""What is in front of the simulated EWS: listeners, certificates, pages, and its limits."""

from __future__ import annotations

import concurrent.futures
import socket
import ssl
import time

import pytest

from tests.simulator.ews_client import Client, Reply, distinguished, five, get_folder, sync
from tests.simulator.harness import Simulator, SimulatorError

INBOX = get_folder(distinguished("inbox"))
ROOM = "atlas@demo.test"


def reach(simulator: Simulator, timeout: float = 5.0) -> None:
    """Open a TLS connection as a careful client does."""
    context = ssl.create_default_context(cafile=str(simulator.ca))
    address = ("localhost", simulator.ews_port)
    with socket.create_connection(address, timeout) as plain, context.wrap_socket(plain, server_hostname="localhost"):
        pass


def test_a_closed_listener_refuses_drops_connections_and_comes_back_on_its_port(simulator: Simulator) -> None:
    with Client(simulator) as client:
        assert client.basic(INBOX).status == 200
        simulator.plant("HOST-1:site")
        with pytest.raises(OSError, match="refused"):
            reach(simulator)
        with pytest.raises(OSError, match=r"(?i)closed|reset|aborted|EOF|broken"):
            client.basic(INBOX)
    with socket.create_connection(("localhost", simulator.ready["ldaps_port"]), 5):
        pass
    simulator.reset()
    reach(simulator)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("HOST-2", "[Hh]ostname mismatch"),
        ("tls-name", "[Hh]ostname mismatch"),
        ("tls-expired", "expired"),
        ("tls-unknown-ca", "unable to get local issuer certificate"),
        ("tls-no-intermediate", "unable to get local issuer certificate"),
    ],
)
def test_a_wrong_certificate_is_shown_from_the_next_connection_on(
    simulator: Simulator, condition: str, said: str
) -> None:
    reach(simulator)
    simulator.plant(condition)
    with pytest.raises(ssl.SSLCertVerificationError, match=said):
        reach(simulator)
    simulator.reset()
    reach(simulator)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_below_1_2_is_not_spoken(simulator: Simulator) -> None:
    context = ssl.create_default_context(cafile=str(simulator.ca))
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    address = ("localhost", simulator.ews_port)
    with socket.create_connection(address, 5) as plain, pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        context.wrap_socket(plain, server_hostname="localhost")


def test_a_silent_host_accepts_and_does_not_even_speak_tls(simulator: Simulator) -> None:
    simulator.plant("silent")
    with pytest.raises(TimeoutError):
        reach(simulator, timeout=0.3)


def test_a_silent_ews_speaks_tls_and_does_not_answer(simulator: Simulator) -> None:
    simulator.plant("ews-silent")
    with Client(simulator) as client:
        client.connection.timeout = 0.3
        with pytest.raises(TimeoutError):
            client.post(INBOX)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("HOST-3", 404),
        ("ews-404", 404),
        ("ews-503", 503),
        ("ews-403", 403),
        ("ews-302", 302),
        ("ews-440", 440),
        ("ews-500", 500),
        ("ews-html", 200),
    ],
)
def test_a_front_end_answers_before_sign_in(simulator: Simulator, condition: str, status: int) -> None:
    simulator.plant(condition)
    with Client(simulator) as client:
        replies = [client.post(INBOX), client.basic(INBOX, password="wrong")]
    assert [reply.status for reply in replies] == [status, status]
    assert simulator.count("ews.refused") == 0


@pytest.mark.parametrize(
    ("condition", "status"),
    [("ACCOUNT-5", 302), ("page-after", 302), ("html-after", 200), ("440-after", 440), ("forbidden-after", 403)],
)
def test_a_front_end_answers_after_sign_in(simulator: Simulator, condition: str, status: int) -> None:
    simulator.plant(condition)
    with Client(simulator) as client:
        assert client.post(INBOX).status == 401
        reply = client.sign_in("NTLM", INBOX)
    assert (reply.status, reply.root) == (status, None)


def test_the_pages_say_what_such_pages_say(simulator: Simulator) -> None:
    def once(condition: str) -> Reply:
        simulator.reset()
        simulator.plant(condition)
        with Client(simulator) as client:
            return client.post(INBOX)

    assert once("ews-302").header("Location") == ["https://sts.demo.test/adfs/ls"]
    assert once("ews-503").header("Retry-After") == ["1"]
    assert once("ews-403").body == b""
    page = once("ews-html")
    assert page.header("Content-Type")[0].startswith("text/html")
    assert b"<form" in page.body


def test_only_the_path_of_ews_is_there_in_any_case(simulator: Simulator) -> None:
    with Client(simulator) as client:
        assert client.post(INBOX, path="/ews/EXCHANGE.ASMX").status == 401
        assert client.post(INBOX, path="/owa/").status == 404


# --- limits ---------------------------------------------------------------------------------------


def test_a_busy_server_sends_a_fault_with_its_back_off(simulator: Simulator) -> None:
    simulator.plant("throttled-once")
    with Client(simulator) as client:
        busy, later = client.basic(INBOX), client.basic(INBOX)
    assert (busy.status, busy.fault, busy.values("BackOffMilliseconds")) == (500, "ErrorServerBusy", ["200"])
    assert later.codes == ["NoError"]
    assert simulator.count("ews.throttled") == 1


def test_an_inner_busy_answer_stands_for_every_id(simulator: Simulator) -> None:
    simulator.plant("inner-throttled")
    with Client(simulator) as client:
        reply = client.basic(get_folder(*five(ROOM)))
        assert (reply.status, reply.codes) == (200, ["ErrorInternalServerError"] * 5)
        assert reply.values("InnerErrorResponseCode") == ["ErrorServerBusy"] * 5
        assert client.basic(sync(ROOM, ROOM)).codes == ["ErrorInternalServerError"]


def test_an_unavailable_server_says_when_to_come_again(simulator: Simulator) -> None:
    simulator.plant("unavailable-once")
    with Client(simulator) as client:
        reply = client.basic(INBOX)
        assert (reply.status, reply.header("Retry-After")) == (503, ["1"])
        assert client.basic(INBOX).status == 200


def at_once(simulator: Simulator, bodies: list[bytes]) -> list[Reply]:
    """Send requests at the same time, each on a connection of its own."""

    def send(body: bytes) -> Reply:
        with Client(simulator) as client:
            return client.basic(body)

    with concurrent.futures.ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, bodies))


def test_more_simultaneous_requests_than_allowed_are_refused(simulator: Simulator) -> None:
    simulator.plant("one-at-a-time")
    replies = at_once(simulator, [INBOX] * 3)
    told = sorted(reply.fault for reply in replies)
    assert "" in told
    assert "ErrorExceededConnectionCount" in told
    assert simulator.count("ews.max_in_flight") == 1
    with Client(simulator) as client:
        assert client.basic(INBOX).status == 200


def test_store_sessions_are_one_for_each_mailbox_and_limited(simulator: Simulator) -> None:
    simulator.plant("two-sessions")
    rooms = ("atlas@demo.test", "aurora@demo.test", "bergen@demo.test")
    ids = [distinguished(folder, room) for room in rooms for folder in ("inbox", "calendar")]
    with Client(simulator) as client:
        assert client.basic(get_folder(*ids)).codes == ["NoError"] * 4 + ["ErrorTooManyObjectsOpened"] * 2
        assert client.basic(get_folder(ids[-1])).codes == ["ErrorTooManyObjectsOpened"]
        # impersonated requests are charged to the room
        assert client.basic(get_folder(ids[-1], impersonate=rooms[2])).codes == ["NoError"]
    assert simulator.count("ews.max_store_sessions") == 2


def test_a_lingering_store_session_is_taken_again_for_its_mailbox(simulator: Simulator) -> None:
    simulator.plant("two-sessions")
    ids = [distinguished("inbox", room) for room in ("atlas@demo.test", "aurora@demo.test")]
    with Client(simulator) as client:
        for _ in range(3):
            assert client.basic(get_folder(*ids)).codes == ["NoError"] * 2
    assert simulator.count("ews.max_store_sessions") == 2


def test_a_store_session_closes_a_while_after_its_answer(simulator: Simulator) -> None:
    simulator.plant("one-session")
    first, second = (get_folder(distinguished("inbox", room)) for room in ("atlas@demo.test", "aurora@demo.test"))
    with Client(simulator) as client:
        assert client.basic(first).codes == ["NoError"]
        assert client.basic(second).codes == ["ErrorTooManyObjectsOpened"]
        deadline = time.monotonic() + 5
        while client.basic(second).codes != ["NoError"]:
            assert time.monotonic() < deadline


# --- counting -------------------------------------------------------------------------------------


def test_requests_are_counted_by_operation_and_by_the_mailboxes_they_name(simulator: Simulator) -> None:
    with Client(simulator) as client:
        client.basic(get_folder(*five(ROOM), *five("aurora@demo.test")))
        client.basic(sync(ROOM, ROOM))
    counters = simulator.counters()
    assert (counters["ews.requests"], counters["ews.GetFolder"], counters["ews.SyncFolderItems"]) == (2, 1, 1)
    assert (counters[f"mailbox.{ROOM}"], counters["mailbox.aurora@demo.test"]) == (2, 1)
    assert counters["ews.connections"] == 1


def test_the_log_tells_each_request(simulator: Simulator) -> None:
    with Client(simulator) as client:
        client.post(INBOX)
        client.basic(sync(ROOM, ROOM))
    first, second = simulator.log()
    assert (first["status"], first["user"], first["operation"]) == (401, "", "")
    assert (second["status"], second["user"]) == (200, r"DEMO\svc-flowscape")
    assert (second["operation"], second["mailboxes"], second["impersonated"]) == ("SyncFolderItems", [ROOM], ROOM)
    assert first["connection"] == second["connection"]


def test_a_reset_forgets_faults_counters_log_and_connections(simulator: Simulator) -> None:
    simulator.plant("ACCOUNT-2", f"PERMISSION-1:{ROOM}")
    with Client(simulator) as client:
        assert client.basic(INBOX).status == 401
        simulator.reset()
    with Client(simulator) as client:
        assert simulator.log() == []
        assert simulator.count("ews.refused") == 0
        assert client.basic(get_folder(*five(ROOM))).codes == ["NoError"] * 5


@pytest.mark.parametrize("name", ["NONSENSE", "PERMISSION-1", "PERMISSION-1:nobody@demo.test", "alias"])
def test_what_cannot_be_planted_says_so(simulator: Simulator, name: str) -> None:
    with pytest.raises(SimulatorError, match=r"there is no|cannot be planted"):
        simulator.plant(name)
