"""A wrong password costs one refused sign-in, whatever else goes wrong; a revoked one, one more than is in flight."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from pytest_flowscape.site.model import Site
from tests.faults.conftest import Stage
from tests.faults.ews_faults import KINDS, FaultKind
from tests.faults.ews_proxy import EwsTurn, Fault, Point
from tests.faults.fault_proxy import FOR_EVER
from tests.faults.in_process import FAILED, NOT_MEASURED, PASSED, Result, accept_here
from tests.faults.ldap_faults import KINDS as LDAP_KINDS, LdapFaultKind
from tests.faults.ldap_proxy import LdapPoint
from tests.faults.tally import all_faults

SECONDS_FOR_ONE_TEST = 300
WRONG = "not-the-password"
TIMES = (1, 3, FOR_EVER)
BEFORE = (Point.CONNECTION, Point.HOST_PROBE, Point.CHALLENGE, Point.SIGN_IN)  # nothing else is reached
CASES = [
    (kind, point)
    for kind in KINDS
    for point in kind.where
    if point in BEFORE
    and (kind.always or all_faults())
    # Exchange answers SOAP to no account whose password is wrong
    and not (point is Point.SIGN_IN and kind.soap)
]
LDAP_BEFORE = (LdapPoint.CONNECTION, LdapPoint.BIND)
LDAP_CASES = [
    (kind, point)
    for kind in LDAP_KINDS
    for point in kind.where
    if point in LDAP_BEFORE and (kind.always or all_faults())
]


def without_directory(site: Site) -> Site:
    return replace(site, directory=None)


def with_auth(site: Site, auth: str) -> Site:
    return replace(site, exchange=replace(site.exchange, auth=auth))


def assert_nothing_passed(result: Result) -> None:
    assert not {pair for pair in result.of(PASSED) if pair[0].startswith(("PERMISSION", "IMPERSONATION", "CALENDAR"))}


@pytest.mark.parametrize(("kind", "point"), CASES, ids=[f"{kind.name}-{point.value}" for kind, point in CASES])
def test_no_fault_makes_a_wrong_password_be_shown_twice(kind: FaultKind, point: Point, stage: Stage) -> None:
    ways = ("auto",) if point is Point.CHALLENGE else ("auto", "basic")
    for auth in ways:
        site = with_auth(without_directory(stage.site), auth)
        for times in TIMES:
            stage.renew()
            stage.ews.plan(point, kind.fault, times)
            result = accept_here(site, WRONG)
            assert stage.refusals <= 1, (auth, times)
            assert_nothing_passed(result)


@pytest.mark.parametrize(
    ("kind", "point"), LDAP_CASES, ids=[f"{kind.name}-{point.value}" for kind, point in LDAP_CASES]
)
def test_no_fault_of_the_directory_makes_a_wrong_password_be_shown_twice(
    kind: LdapFaultKind, point: LdapPoint, stage: Stage
) -> None:
    for times in TIMES:
        stage.renew()
        stage.ldap.plan(point, kind.fault, times)
        result = accept_here(stage.site, WRONG)
        assert stage.refusals <= 1, times
        assert_nothing_passed(result)


# --- revoked in mid-run -------------------------------------------------------------------------


class Revoking:
    """Change the account's password at the first request of a point; ``drop`` ends all connections with it."""

    def __init__(self, stage: Stage, *, drop: bool) -> None:
        self._stage = stage
        self._drop = drop
        self._lock = threading.Lock()
        self.in_flight = 0

    def __call__(self, turn: EwsTurn) -> None:
        with self._lock:
            self._stage.plant("HANDOVER-1:site")
        if self._drop:
            turn.close()
            self._stage.ews.drop_all()
        else:
            turn.reply(turn.answer())


REVOKED_AT = (Point.OWN_FOLDERS, Point.IMPERSONATED, Point.DELEGATE, Point.SYNC)


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("drop", [False, True], ids=["connections stay", "connections end"])
@pytest.mark.parametrize("auth", ["auto", "basic"])
@pytest.mark.parametrize("point", REVOKED_AT)
def test_a_password_that_is_revoked_in_mid_run(point: Point, auth: str, drop: bool, after: int, stage: Stage) -> None:
    healthy = stage.baseline()
    site = with_auth(stage.site, auth)
    stage.renew()
    stage.ews.plan(point, late_by(after, Revoking(stage, drop=drop)), FOR_EVER)
    result = accept_here(site, stage.password)
    connections = site.exchange.max_connections
    assert stage.refusals <= connections + 1
    if drop and auth != "basic":  # a request in flight shows no password: one new connection does, and no other;
        # a sign-in in flight does show it, of which there is one at a time, and its connection ends unheard too
        assert stage.ews.unheard <= 1
        assert stage.refusals <= 1 + stage.ews.unheard
    # never a second attempt on one connection
    assert set(stage.ews.refused.values()) <= {1}
    for pair in result.differences(healthy):
        assert result.outcomes[pair] == NOT_MEASURED, pair
    assert result.of(FAILED) <= healthy.of(FAILED)


def late_by(after: int, fault: Fault) -> Fault:
    """Let so many requests of the point pass, and do it once."""
    lock, met = threading.Lock(), [0]

    def passing(turn: EwsTurn) -> None:
        with lock:
            met[0] += 1
            now = met[0] == after + 1
        if now:
            fault(turn)
        else:
            turn.reply(turn.answer())

    return passing
