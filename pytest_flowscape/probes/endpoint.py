"""Ask the EWS address once without a password: whether EWS answers there, and which ways to sign in it offers."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace

from pytest_flowscape.facts import Endpoint, Kind, Trouble
from pytest_flowscape.facts.policy import BARE_AGAIN
from pytest_flowscape.probes.balancer import look_at_front_ends
from pytest_flowscape.probes.ews import codes, get_folder
from pytest_flowscape.probes.ews.connection import Broken, Connection
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.request import DistinguishedFolder
from pytest_flowscape.probes.ews.sign_in import WAYS, schemes
from pytest_flowscape.probes.host import probe_host
from pytest_flowscape.probes.network import Deadline
from pytest_flowscape.site.model import Exchange

__all__ = ["probe_endpoint", "probe_front_ends", "probe_host"]

_KEPT = ("X-FEServer", "X-BEServer", "X-OWA-Version", "X-DiagInfo", "Server", "request-id", "Via")


def probe_endpoint(exchange: Exchange, run_id: str) -> Endpoint:
    """POST one GetFolder without credentials to /EWS/Exchange.asmx and classify the answer.

    No redirect is followed. A second try is made when the host refused, was
    silent or answered 503, waiting as long as Retry-After asks; all of it ends
    within ``exchange.timeout`` seconds. Raises nothing for what the network does.
    """
    deadline = Deadline(exchange.timeout)
    endpoint = _ask(exchange, run_id, deadline.part(0.5))
    trouble = endpoint.trouble
    if trouble is not None and trouble.kind in BARE_AGAIN:
        pause = trouble.back_off if trouble.back_off is not None else min(1.0, deadline.left() * 0.2)
        if pause < deadline.left() * 0.9:
            time.sleep(pause)
            return _ask(exchange, run_id, deadline.part(0.95))
    return endpoint


def probe_front_ends(endpoint: Endpoint, exchange: Exchange, run_id: str) -> Endpoint:
    """Ask the same on further connections, to see the other front ends behind a balancer (probes/balancer.py).

    Each of its rounds, two at most, ends within ``exchange.timeout`` and five
    seconds. Raises nothing for what the network does.
    """
    avoid: set[str] = set()
    return look_at_front_ends(endpoint, lambda deadline: _ask(exchange, run_id, deadline, avoid), exchange.timeout)


def _ask(exchange: Exchange, run_id: str, deadline: Deadline, avoid: set[str] | None = None) -> Endpoint:
    with contextlib.closing(Connection(exchange, run_id, avoid)) as connection:
        try:
            connection.open(deadline)
            answer = connection.post(get_folder.request([DistinguishedFolder("inbox")]), deadline)
        except Broken as broken:
            return Endpoint(exchange.url, trouble=broken.trouble)
    headers = {name: answer.header(name) for name in _KEPT if answer.header(name)}
    ways = schemes(answer.challenges)
    return Endpoint(exchange.url, answer.status, ways, headers, _trouble(answer, ways))


def _trouble(answer: HttpAnswer, ways: tuple[str, ...]) -> Trouble | None:
    known = {way.lower() for way in WAYS}
    if answer.status != codes.UNAUTHORIZED:
        trouble = codes.http_trouble(answer)  # before sign-in a 503 is no throttling of ours
        return replace(trouble, kind=Kind.UNAVAILABLE) if trouble.kind is Kind.THROTTLED else trouble
    if known.intersection(way.lower() for way in ways):
        return None
    said = f"the server offers only {', '.join(ways)}" if ways else "the server offers no way to sign in"
    return replace(codes.http_trouble(answer), kind=Kind.NO_PASSWORD_WAY, said=said)
