"""The judge: needs, the table of causes, unreadable attributes, a second look, errors of the check itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.core.errors import NotMeasured, RequirementFailed
from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import DirectoryEntry, Host, SiteFacts, Vantage
from pytest_flowscape.judging.catalogue import Judged
from pytest_flowscape.judging.judge import Judge
from pytest_flowscape.judging.usable_answers import NO_MAILBOX
from pytest_flowscape.requirement import Per, expect
from pytest_flowscape.site.model import Room
from pytest_flowscape.site.one_run import Run
from tests.judging.requirement_samples import declared
from tests.judging.test_verdict import SITE

ROOM = "a@customer.com"


class FakeFacts:
    """Facts from a dictionary of lists: each measuring takes the next value, the last one stays."""

    def __init__(self, site_facts: SiteFacts, answers: dict[str, list[Any]], workers: int = 1) -> None:
        self.run = Run(
            SITE, "id", Path(), (Room(ROOM),), Secret(""), Secret(""), datetime.now(timezone.utc), workers=workers
        )
        self.site_facts = site_facts
        self._answers = answers

    def get(self, name: str, _target: str) -> Any:
        value = self._answers[name][0]
        if isinstance(value, Exception):
            raise value
        return value

    def not_requested(self, _opt_in: str, _target: str) -> str:
        return ""

    def forget(self, _names: Any, _target: str) -> None:
        for values in self._answers.values():
            if len(values) > 1:
                values.pop(0)


def facts(**more: str) -> SiteFacts:
    return SiteFacts(Vantage(), Host("mail", 443), **more)  # type: ignore[arg-type]


def holds(room_as_owner: bool) -> None:
    expect(room_as_owner, expected="yes", found="no")


def judge(answers: dict[str, list[Any]], *judged: Judged, site_facts: SiteFacts | None = None) -> Judge:
    return Judge({j.requirement.id: j for j in judged}, FakeFacts(site_facts or facts(), answers))


def test_a_failure_is_looked_at_twice_and_a_passing_second_answer_wins() -> None:
    one = Judged(declared("PERMISSION-1", Per.ROOM), holds)
    subject = judge({"room_as_owner": [False, True]}, one)
    assert subject.decide("PERMISSION-1", ROOM) is None
    assert "not confirmed" in subject.second_notes["PERMISSION-1", ROOM]
    assert subject.second_looks == 1


def test_a_failure_that_stays_is_reported_after_exactly_two_measurements() -> None:
    subject = judge({"room_as_owner": [False, False, True]}, Judged(declared("PERMISSION-1", Per.ROOM), holds))
    assert isinstance(subject.decide("PERMISSION-1", ROOM), RequirementFailed)
    assert isinstance(subject.decide("PERMISSION-1", ROOM), RequirementFailed)
    assert subject.second_looks == 1


def test_second_looks_have_a_budget_and_the_rest_is_counted() -> None:
    subject = judge({"room_as_owner": [False]}, Judged(declared("PERMISSION-1", Per.ROOM), holds))
    for number in range(70):
        subject.decide("PERMISSION-1", f"room{number}@customer.com")
    assert (subject.second_looks, subject.unconfirmed) == (60, 10)


def test_a_failed_need_stops_its_dependant_an_unreadable_one_does_not() -> None:
    need = Judged(declared("ROOM-1", Per.ROOM), holds)
    dependant = Judged(declared("PERMISSION-1", Per.ROOM, needs=("ROOM-1",)), lambda: None)
    stopped = judge({"room_as_owner": [False]}, need, dependant).decide("PERMISSION-1", ROOM)
    assert isinstance(stopped, NotMeasured)
    assert stopped.because == "ROOM-1"
    unreadable = judge({"room_as_owner": [NotMeasured("throttled")]}, need, dependant)
    assert unreadable.decide("PERMISSION-1", ROOM) is None


def test_a_need_that_was_itself_stopped_passes_its_reason_on() -> None:
    first = Judged(declared("HOST-1", Per.SITE), lambda: expect(False, expected="e", found="f"))
    second = Judged(declared("HOST-2", Per.SITE, needs=("HOST-1",)), lambda: None)
    third = Judged(declared("HOST-3", Per.SITE, needs=("HOST-2",)), lambda: None)
    found = judge({}, first, second, third).decide("HOST-3", "site")
    assert isinstance(found, NotMeasured)
    assert found.because == "HOST-1"


@pytest.mark.parametrize("function", [lambda own_mailbox: None, lambda account_names: None], ids=["own", "names"])
def test_what_takes_a_fact_that_a_cause_closes_is_unmeasured(function: Callable[..., None]) -> None:
    closed = facts(directory_cause="bind-775", ews_cause="bind-775", ews_detail="data 775")
    found = judge({}, Judged(declared("ROOM-9", Per.SITE), function), site_facts=closed).decide("ROOM-9", "site")
    assert isinstance(found, NotMeasured)
    assert (found.because, found.cause) == ("ACCOUNT-2", "bind-775")


def test_what_the_table_says_fails_is_judged_although_it_needs_what_is_closed() -> None:
    closed = facts(directory_cause="bind-52e", ews_cause="bind-52e")
    failing = Judged(
        declared("HANDOVER-1", Per.SITE, needs=("ACCOUNT-3",)), lambda: expect(False, expected="e", found="52e")
    )
    need = Judged(declared("ACCOUNT-3", Per.SITE), lambda: None)
    assert isinstance(judge({}, failing, need, site_facts=closed).decide("HANDOVER-1", "site"), RequirementFailed)


def test_an_attribute_that_is_read_and_unreadable_is_not_measured() -> None:
    entry = DirectoryEntry("CN=a", unreadable=frozenset(("useraccountcontrol",)))
    reading = Judged(declared("ACCOUNT-2", Per.SITE, reads=("userAccountControl",)), lambda account_entry: None)
    found = judge({"account_entry": [entry]}, reading).decide("ACCOUNT-2", "site")
    assert isinstance(found, NotMeasured)
    assert "not readable by this account: userAccountControl" in found.reason
    other = Judged(declared("ACCOUNT-1", Per.SITE, reads=("sn",)), lambda account_entry: None)
    assert judge({"account_entry": [entry]}, other).decide("ACCOUNT-1", "site") is None


def test_an_error_of_the_check_is_not_measured_never_a_verdict() -> None:
    def broken(room_as_owner: Any) -> None:
        raise ZeroDivisionError("oops")

    found = judge({"room_as_owner": [1]}, Judged(declared("PERMISSION-1", Per.ROOM), broken))
    outcome = found.decide("PERMISSION-1", ROOM)
    assert isinstance(outcome, NotMeasured)
    assert "ZeroDivisionError: oops" in outcome.reason


def test_an_address_nobody_accepts_is_explained_by_the_room_requirement_that_fails() -> None:
    refused = NotMeasured("not accepted", cause=NO_MAILBOX)
    room1 = Judged(declared("ROOM-1", Per.ROOM), lambda: None)
    room2 = Judged(declared("ROOM-2", Per.ROOM), lambda: expect(False, expected="e", found="f", cause="alias"))
    permission = Judged(declared("PERMISSION-1", Per.ROOM), holds)
    outcome = judge({"room_as_owner": [refused]}, room1, room2, permission).decide("PERMISSION-1", ROOM)
    assert isinstance(outcome, NotMeasured)
    assert outcome.because == "ROOM-2"
    unexplained = judge({"room_as_owner": [refused]}, room1, permission).decide("PERMISSION-1", ROOM)
    assert isinstance(unexplained, NotMeasured)
    assert unexplained.because == ""


def test_a_function_with_an_argument_that_is_no_fact_is_left_to_pytest() -> None:
    foreign = Judged(declared("ROOM-9", Per.ROOM), lambda tmp_path: None)
    ours = Judged(declared("PERMISSION-1", Per.ROOM), holds)
    subject = judge({}, foreign, ours)
    assert not subject.knows("ROOM-9")
    assert subject.knows("PERMISSION-1")
    assert not subject.knows("ROOM-10")
