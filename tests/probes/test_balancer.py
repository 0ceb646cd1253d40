"""The look at the front ends behind a balancer: how many connections, and what each sort of bad one makes of it."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import trustme

from pytest_flowscape.facts import Endpoint, Kind, front_ends
from pytest_flowscape.probes import balancer
from pytest_flowscape.probes.balancer import FRONT_END_CONNECTIONS
from pytest_flowscape.probes.endpoint import probe_endpoint, probe_front_ends
from pytest_flowscape.site.model import Exchange
from tests.probes.tls_server import Http, Request, Server, ca_file, closed_port, http, server_context

RUN = str(uuid.uuid4())
FEW = 5  # connections of a round in these tests, where the number itself does not matter
ROUND = 1 + FEW
BOTH = ROUND + FEW

Answer = Callable[[Request], "bytes | None"]
Asks = Callable[..., Endpoint]


def offer(name: str, *ways: str) -> bytes:
    """The healthy answer of a front end."""
    named = [f"X-FEServer: {name}"] if name else []
    return http(401, *named, *(f"WWW-Authenticate: {way}" for way in ways or ("Negotiate", "NTLM")))


GOOD = tuple(offer(f"EX0{number}") for number in (1, 2, 3, 4))


def round_robin(*members: Iterable[bytes | None]) -> Answer:
    """Let the members answer one connection each in turn; each gives its answers one after another, the last again."""
    turns = itertools.cycle([itertools.chain(list(m)[:-1], itertools.repeat(list(m)[-1])) for m in members])
    lock = threading.Lock()

    def answer(_: Request) -> bytes | None:
        with lock:
            return next(next(turns))

    return answer


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balancer, "PAUSE", 0.0)
    monkeypatch.setattr(balancer, "FRONT_END_CONNECTIONS", FEW)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def look(authority: trustme.CA, tmp_path: Path) -> Asks:
    """Probe an endpoint behind which these members take turns."""
    anchor, context = ca_file(authority, tmp_path), server_context(authority)

    def looked(*members: Iterable[bytes | None], talk: Http | None = None, timeout: float = 20.0) -> Endpoint:
        talk = talk or Http(round_robin(*members))
        with Server(talk, context) as server:
            exchange = Exchange("127.0.0.1", server.port, ca_file=anchor, timeout=timeout)
            endpoint = probe_front_ends(probe_endpoint(exchange, RUN), exchange, RUN)
            # each look is a connection of its own; one more where the endpoint probe itself tried again
            assert len(endpoint.looks) <= server.connections <= len(endpoint.looks) + 1
        assert not any(request.authorization for request in talk.requests)
        return endpoint

    return looked


def names(found: Iterable[front_ends.FrontEnd]) -> list[str]:
    return [one.name for one in found]


def test_a_healthy_site_gets_one_round_and_every_front_end_is_seen(look: Asks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balancer, "FRONT_END_CONNECTIONS", FRONT_END_CONNECTIONS)
    endpoint = look(*((good,) for good in GOOD))
    assert len(endpoint.looks) == 1 + FRONT_END_CONNECTIONS == 10
    assert endpoint.trouble is None
    assert endpoint.ways == ("Negotiate", "NTLM")
    assert names(front_ends.seen(endpoint.looks)) == ["EX01", "EX02", "EX03", "EX04"]
    assert not front_ends.bad(endpoint.looks)
    assert not front_ends.doubtful(endpoint.looks)
    assert not front_ends.unsteady(endpoint.looks)


UNAVAILABLE = http(503, "X-FEServer: EX03")
SPOILT: dict[str, tuple[bytes | None, str]] = {
    "503": (UNAVAILABLE, "EX03"),
    "404": (http(404, "X-FEServer: EX03"), "EX03"),
    "Windows authentication is off": (http(401, "X-FEServer: EX03"), "EX03"),
    "its web service is stopped, and IIS does not name it": (http(503), ""),
    "closes the connection": (None, ""),
}


@pytest.mark.parametrize(("spoilt", "name"), SPOILT.values(), ids=SPOILT)
def test_one_bad_front_end_of_four_is_found_and_named(look: Asks, spoilt: bytes | None, name: str) -> None:
    endpoint = look((GOOD[0],), (GOOD[1],), (spoilt,), (GOOD[3],))
    assert len(endpoint.looks) == BOTH
    assert names(front_ends.bad(endpoint.looks)) == [name]
    assert endpoint.trouble is None


@pytest.mark.parametrize("spoilt", [UNAVAILABLE, http(404, "X-FEServer: EX03")], ids=["503", "404"])
def test_the_endpoint_is_a_good_one_where_the_first_was_bad(look: Asks, spoilt: bytes) -> None:
    endpoint = look((spoilt,), (GOOD[0],), (GOOD[1],))
    assert (endpoint.status, endpoint.headers["X-FEServer"]) == (401, "EX01")
    assert names(front_ends.bad(endpoint.looks)) == ["EX03"]


def test_one_that_comes_back_is_not_accused(look: Asks) -> None:
    endpoint = look((GOOD[0],), (GOOD[1],), (UNAVAILABLE, GOOD[2]), (GOOD[3],))
    assert not front_ends.bad(endpoint.looks)
    assert not front_ends.doubtful(endpoint.looks)
    assert names(front_ends.unsteady(endpoint.looks)) == ["EX03"]


@pytest.mark.parametrize(
    "asked_to_wait",
    [http(429), http(503, "Retry-After: 60"), http(503, "X-FEServer: EX03", "Retry-After: 30")],
    ids=["a rate limit", "a gateway with Retry-After", "a restart with Retry-After"],
)
def test_who_asks_to_come_back_later_is_not_accused(look: Asks, asked_to_wait: bytes) -> None:
    endpoint = look((GOOD[0],), (GOOD[1],), (asked_to_wait,), (GOOD[3],))
    assert len(endpoint.looks) == BOTH
    assert not front_ends.bad(endpoint.looks)
    assert front_ends.doubtful(endpoint.looks)


def test_bearer_in_common_is_not_way_for_a_password(look: Asks) -> None:
    endpoint = look((offer("EX01", "Bearer", "Negotiate", "NTLM"),), (offer("EX02", "Bearer", 'Basic realm="x"'),))
    assert endpoint.ways == ()


def test_one_that_is_met_only_once_is_in_doubt(look: Asks) -> None:
    endpoint = look((GOOD[0],), (UNAVAILABLE, GOOD[1]))  # EX03 leaves the pool after its first answer
    assert not front_ends.bad(endpoint.looks)
    assert names(front_ends.doubtful(endpoint.looks)) == ["EX03"]


def test_a_connection_that_breaks_once_is_only_noted(look: Asks) -> None:
    endpoint = look((GOOD[0],), (None, GOOD[1]))
    assert not front_ends.bad(endpoint.looks)
    assert not front_ends.doubtful(endpoint.looks)
    assert names(front_ends.unsteady(endpoint.looks)) == [""]


def test_where_all_are_bad_none_is_and_there_is_not_second_round(look: Asks) -> None:
    endpoint = look((http(404, "X-FEServer: EX01"),), (http(404, "X-FEServer: EX02"),))
    assert endpoint.trouble is not None
    assert endpoint.trouble.kind is Kind.NOT_FOUND
    assert len(endpoint.looks) == ROUND
    assert not front_ends.bad(endpoint.looks)


def test_only_the_ways_that_all_offer_are_used(look: Asks) -> None:
    endpoint = look((GOOD[0],), (offer("EX02", "Basic realm=x", "ntlm"),))
    assert endpoint.ways == ("NTLM",)
    assert {one.name: one.ways for one in front_ends.unlike(endpoint.looks)} == {
        "EX01": ("Negotiate", "NTLM"),
        "EX02": ("Basic", "ntlm"),
    }
    nothing = look((GOOD[0],), (offer("EX02", "Basic realm=x"),))
    assert nothing.trouble is None
    assert nothing.ways == ()


def test_a_front_end_that_hangs_does_not_hold_the_run(look: Asks) -> None:
    turn = itertools.count()

    def answer(_: Request) -> bytes | None:
        if next(turn) % 4 == 2:
            time.sleep(3)  # longer than the whole phase may take
        return GOOD[0]

    endpoint = look(talk=Http(answer), timeout=2.0)
    seconds = sum(one.trouble.seconds for one in endpoint.looks if one.trouble)
    assert seconds < 2 * (2.0 + 2.0)  # in each round the last connection begins before its time is up
    assert {one.trouble.kind for one in endpoint.looks if one.trouble} == {Kind.SILENT}
    assert not front_ends.bad(endpoint.looks)  # late is not wrong
    assert names(front_ends.doubtful(endpoint.looks)) == [""]


def test_an_endpoint_that_gave_no_answer_is_not_looked_at_again(authority: trustme.CA, tmp_path: Path) -> None:
    exchange = Exchange("127.0.0.1", closed_port(), ca_file=ca_file(authority, tmp_path), timeout=1)
    first = probe_endpoint(exchange, RUN)
    assert probe_front_ends(first, exchange, RUN) is first
    assert first.looks == ()


def test_expected_names_are_compared_without_domain_and_case(look: Asks) -> None:
    looks = look((GOOD[0],)).looks
    assert front_ends.unseen(looks, ("ex01.customer.com", "EX02")) == ("EX02",)
