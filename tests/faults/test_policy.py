"""The stated policy is whole, and is what the code does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pytest_flowscape.facts import Kind, Trouble
from pytest_flowscape.facts.policy import MAX_IN_A_ROW, MAX_IN_VAIN, RULES, AtRoom
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.probes.ews import retry
from pytest_flowscape.probes.ews.retry import Attempts, Patience
from tests.faults import ews_faults
from tests.faults.ews_proxy import Point
from tests.faults.ldap_proxy import LdapPoint


def test_every_kind_of_trouble_has_its_rule() -> None:
    assert set(RULES) == set(Kind)
    assert all(kind is rule.kind for kind, rule in RULES.items())


def test_every_cause_that_a_rule_names_is_in_the_table_of_causes() -> None:
    for rule in RULES.values():
        for key in filter(None, (rule.host, rule.bare, rule.sign_in)):
            assert key in CAUSES, rule
            assert CAUSES[key].side in ("ews", "both")


def test_what_is_judged_is_not_asked_again_by_the_transport() -> None:
    assert {rule.again for rule in RULES.values() if rule.room is not AtRoom.NOT_MEASURED} == {0}


@pytest.mark.parametrize("kind", Kind)
def test_a_request_is_asked_again_as_often_as_its_rule_says(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PAUSES", (0.0, 0.0, 0.0))
    attempts, tries = Attempts(60.0), 0
    while attempts.again(Trouble(kind, "trouble")):
        tries += 1
    assert tries == RULES[kind].again


def test_a_back_off_that_does_not_fit_is_not_waited_for() -> None:
    started = time.monotonic()
    assert not Attempts(5.0).again(Trouble(Kind.THROTTLED, "later", back_off=3600.0))
    assert time.monotonic() - started < 5.0


def test_tries_end_within_the_time_for_all_of_them() -> None:
    attempts = Attempts(10.0)
    first = attempts.next()
    assert 5.0 < first.left() <= 6.0
    first.extend(2.0)  # a queue of our own is not the server's time
    assert first.left() <= 8.0
    assert 10.0 < attempts.deadline.left() <= 12.0
    assert Attempts(10.0, once=True).next().left() > 9.0


def test_a_session_gives_up_after_so_many_requests_without_an_answer() -> None:
    patience, silent = Patience(30.0), Trouble(Kind.SILENT, "no answer in time")
    for _ in range(MAX_IN_A_ROW - 1):
        patience.learn(silent, 1.0)
    patience.learn(None, 1.0)  # an answer: all is well again
    for _ in range(MAX_IN_A_ROW - 1):
        patience.learn(silent, 1.0)
    assert patience.exhausted is None
    patience.learn(silent, 1.0)
    assert patience.exhausted is not None
    assert "no answer" in patience.exhausted.said


def test_a_session_gives_up_after_so_much_time_in_vain() -> None:
    patience, busy = Patience(2.0), Trouble(Kind.THROTTLED, "busy")
    patience.learn(busy, 2.0 * MAX_IN_VAIN - 1.0)
    patience.learn(Trouble(Kind.NO_ACCESS, "an answer"), 500.0)
    assert patience.exhausted is None
    patience.learn(busy, 1.0)
    assert patience.exhausted is not None


def test_the_document_has_a_result_for_every_point_of_a_run() -> None:
    text = (Path(__file__).parents[2] / "docs/faults.md").read_text(encoding="utf-8")
    used = {point for kind in ews_faults.KINDS for point in kind.where}
    for point in (*(point for point in Point if point in used), *LdapPoint):
        assert f"| {point.value} |" in text
