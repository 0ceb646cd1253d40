"""The verdict is a function of the expected set and the outcomes, and of nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.judging.verdict import Result, Verdict, exit_code, expected_pairs, judge_run
from pytest_flowscape.requirement import Level, Per
from pytest_flowscape.site.model import Exchange, PasswordSource, Room, ServiceAccount, Site, Users
from tests.judging.requirement_samples import declared

SITE = Site(
    path=Path("site.ini"),
    customer="Customer",
    name="Site",
    contact="",
    exchange=Exchange("mail.customer.com"),
    service_account=ServiceAccount("D\\svc", "svc@customer.com", PasswordSource("prompt")),
    rooms=(Room("a@customer.com"), Room("b@customer.com")),
    users=Users(addresses=("u@customer.com",)),
)
CATALOGUE = (
    declared("HOST-1"),
    declared("PERMISSION-1", Per.ROOM),
    declared("IMPERSONATION-2", Per.USER),
    declared("ADVICE-1", level=Level.RECOMMENDED),
)


def everything(**words: Word) -> dict[tuple[str, str], Outcome]:
    found = {}
    for pair in expected_pairs(CATALOGUE, SITE):
        word = words.get(pair.requirement.id.replace("-", "_"), Word.PASSED)
        found[pair.requirement.id, pair.target] = Outcome(
            pair.requirement.id, pair.target, word, level=pair.requirement.level.value, found="f"
        )
    return found


def run(outcomes: dict[tuple[str, str], Outcome], site: Site = SITE, **more: int) -> Result:
    return judge_run(expected_pairs(CATALOGUE, site), outcomes, site, rooms_chosen=len(site.rooms), **more)


def test_expected_set_is_requirements_times_targets() -> None:
    pairs = [(pair.requirement.id, pair.target) for pair in expected_pairs(CATALOGUE, SITE)]
    assert pairs == [
        ("HOST-1", "site"),
        ("PERMISSION-1", "a@customer.com"),
        ("PERMISSION-1", "b@customer.com"),
        ("IMPERSONATION-2", "u@customer.com"),
        ("ADVICE-1", "site"),
    ]


@pytest.mark.parametrize(
    ("words", "verdict", "code"),
    [
        ({}, Verdict.ACCEPTED, 0),
        ({"HOST_1": Word.FAILED}, Verdict.NOT_ACCEPTED, 1),
        ({"HOST_1": Word.NOT_MEASURED}, Verdict.INCOMPLETE, 10),
        ({"HOST_1": Word.FAILED, "PERMISSION_1": Word.NOT_MEASURED}, Verdict.NOT_ACCEPTED, 1),
        ({"ADVICE_1": Word.FAILED}, Verdict.ACCEPTED, 0),
        ({"ADVICE_1": Word.NOT_MEASURED}, Verdict.ACCEPTED, 0),
        ({"PERMISSION_1": Word.WAIVED}, Verdict.ACCEPTED_WITH_EXCEPTIONS, 0),
        ({"HOST_1": Word.ATTESTED}, Verdict.ACCEPTED_WITH_EXCEPTIONS, 0),
        ({"PERMISSION_1": Word.NOT_REQUESTED}, Verdict.ACCEPTED, 0),
        (dict.fromkeys(("HOST_1", "PERMISSION_1", "IMPERSONATION_2"), Word.ATTESTED), Verdict.INCOMPLETE, 10),
        (dict.fromkeys(("HOST_1", "PERMISSION_1", "IMPERSONATION_2"), Word.WAIVED), Verdict.INCOMPLETE, 10),
    ],
)
def test_verdict_and_exit_code(words: dict[str, Word], verdict: Verdict, code: int) -> None:
    result = run(everything(**words))
    assert (result.verdict, exit_code(result)) == (verdict, code)


@pytest.mark.parametrize("missing", [("HOST-1", "site"), ("PERMISSION-1", "b@customer.com"), ("ADVICE-1", "site")])
def test_a_pair_without_a_result_is_never_accepted(missing: tuple[str, str]) -> None:
    outcomes = everything()
    del outcomes[missing]
    result = run(outcomes)
    assert result.verdict is Verdict.INCOMPLETE
    assert result.not_run == 1
    assert len(result.outcomes) == len(expected_pairs(CATALOGUE, SITE))


def test_a_failing_test_that_is_no_requirement_gives_1_and_leaves_the_word() -> None:
    result = run(everything(), other_failed=3)
    assert result.verdict is Verdict.ACCEPTED
    assert exit_code(result) == 1


def test_no_users_by_decision_is_an_exception() -> None:
    site = replace(SITE, users=Users(none_by="A. Admin", none_on=date(2026, 11, 20), none_reason="rooms only"))
    outcomes = {key: value for key, value in everything().items() if key[0] != "IMPERSONATION-2"}
    result = run(outcomes, site)
    assert result.verdict is Verdict.ACCEPTED_WITH_EXCEPTIONS
    assert "A. Admin 2026-11-20: rooms only" in result.exceptions[0]


def test_digest_is_the_documented_one_and_ignores_order_and_duration() -> None:
    outcomes = everything()
    lines = sorted(f"{id_}\t{target}\tpassed\n" for id_, target in outcomes)
    assert run(outcomes).digest == hashlib.sha256("".join(lines).encode()).hexdigest()
    shuffled = {key: replace(outcomes[key], seconds=9.0) for key in reversed(list(outcomes))}
    assert run(shuffled).digest == run(outcomes).digest
    assert run(everything(HOST_1=Word.FAILED)).digest != run(outcomes).digest
