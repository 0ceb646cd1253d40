"""Look at the front ends behind a balancer: some short connections without credentials, one after another.

Each asks what the endpoint probe asked and is closed at once, so that a
balancer chooses again. A second round is made only where the first found a
front end that does not answer as others do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from pytest_flowscape.facts import Endpoint, FrontEndLook, front_ends
from pytest_flowscape.facts.front_ends import PAUSE
from pytest_flowscape.probes.ews.sign_in import WAYS
from pytest_flowscape.probes.network import Deadline

FRONT_END_CONNECTIONS = 9
"""Connections of a round, beyond the endpoint probe's own; on a healthy site there is one round."""
_MAX = 5.0  # seconds for one connection: a front end that hangs must not use up all the time

Ask = Callable[[Deadline], Endpoint]


def look_at_front_ends(first: Endpoint, ask: Ask, seconds: float) -> Endpoint:
    """Return the endpoint with what the other connections showed.

    A round begins no further connection after ``seconds``. An endpoint that gave
    no HTTP answer at all is returned as it is. Where the first answer was bad
    and another one good, that one counts for the endpoint; its ways are those
    that every front end offers.
    """
    if first.trouble is not None and first.trouble.status is None:
        return first
    answers = [first, *_round(ask, seconds)]
    looks = [_look(answer) for answer in answers]
    if front_ends.some_good(looks) and any(look.trouble for look in looks):
        time.sleep(min(PAUSE, seconds))
        more = _round(ask, seconds)
        answers += more
        looks += [replace(_look(answer), again=True) for answer in more]
    chosen = next((answer for answer in answers if answer.trouble is None), first)
    if chosen.trouble is None:
        shared = front_ends.ways_of_all(looks)
        # Bearer in common is not a way to sign in with a password
        takes_password = {way.lower() for way in shared} & {way.lower() for way in WAYS}
        chosen = replace(chosen, ways=shared if takes_password else ())
    return replace(chosen, looks=tuple(looks))


def _round(ask: Ask, seconds: float) -> list[Endpoint]:
    found: list[Endpoint] = []
    until = Deadline(seconds)
    while len(found) < FRONT_END_CONNECTIONS and until.left() > 0:
        found.append(ask(Deadline(min(_MAX, seconds))))
    return found


def _look(answer: Endpoint) -> FrontEndLook:
    return FrontEndLook(answer.headers.get("X-FEServer", ""), answer.ways, answer.trouble)
