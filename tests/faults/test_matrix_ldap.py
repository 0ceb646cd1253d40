"""Every kind of fault at every point of a run, once, three times and for ever, between the product and a directory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_flowscape.probes.directory import search
from tests.acceptance import left_by
from tests.faults.conftest import Stage
from tests.faults.fault_proxy import FOR_EVER
from tests.faults.in_process import NOT_MEASURED, PASSED
from tests.faults.ldap_faults import KINDS, LdapFaultKind
from tests.faults.ldap_proxy import LdapPoint
from tests.faults.tally import LEFT, PROPERTY, SAME, all_faults

SECONDS_FOR_ONE_TEST = 300
TIMES = {"once": 1, "three times": 3, "for ever": FOR_EVER}
CASES = [(kind, point) for kind in KINDS for point in kind.where if kind.always or all_faults()]
# what a fault for ever leaves unmeasured at least
READ_FROM = {
    LdapPoint.CONNECTION: left_by("directory-absent"),
    LdapPoint.BIND: left_by("directory-absent"),
    LdapPoint.ACCOUNT: ("ACCOUNT-2", "ACCOUNT-4"),
    LdapPoint.ADDRESSES: ("ROOM-1",),
    LdapPoint.NEXT_PAGE: (),
}


@pytest.mark.parametrize(("kind", "point"), CASES, ids=[f"{kind.name}-{point.value}" for kind, point in CASES])
def test_a_fault_makes_no_outcome_better(
    kind: LdapFaultKind,
    point: LdapPoint,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setattr(search, "PAGE", 2)
    healthy = stage.baseline()
    for words, times in TIMES.items():
        stage.ldap.plan(point, kind.fault, times)
        result = stage.accept()
        assert stage.ldap.spoilt, f"{words}: the point was not met"
        assert stage.refusals == 0, words
        differs = result.differences(healthy)
        assert {result.outcomes[pair] for pair in differs} <= {NOT_MEASURED}, differs
        stops = point is LdapPoint.BIND and kind.lost  # such a sign-in is never repeated
        if kind.harmless or (times == 1 and not stops):
            assert differs == {}, words
        elif times == FOR_EVER or stops:
            left = {pair for pair in result.of(PASSED) if pair[0] in READ_FROM[point]}
            assert left == set(), words
        record_property(PROPERTY, (point.value, words, LEFT if differs else SAME))
