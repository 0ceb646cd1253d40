"""The decorator that makes a test function a requirement, and ``expect``, by which it fails."""

from __future__ import annotations

import pytest

from pytest_flowscape.core.errors import RequirementFailed
from pytest_flowscape.requirement import ID, MARK, Level, Notes, Owner, Per, Requirement, expect, requirement


@pytest.fixture(autouse=True)
def _known_mark(pytestconfig: pytest.Config) -> None:
    pytestconfig.addinivalue_line("markers", f"{MARK}(requirement): the requirement that a test function proves")


def declared(level: Level = Level.REQUIRED) -> Requirement:
    @requirement(
        "ROOM-7",
        title="Title",
        per=Per.ROOM,
        owner=Owner.EXCHANGE,
        consequence="Consequence.",
        fix="Fix '{target}'.",
        link="https://learn.microsoft.com/",
        guide="Room resources",
        level=level,
        needs=("HOST-1",),
        reads=("mail",),
    )
    def test_something() -> None:
        """A room MUST do
        something.

        More about it.
        """

    (mark,) = test_something.pytestmark  # type: ignore[attr-defined]
    assert mark.name == MARK
    record: Requirement = mark.args[0]
    return record


def test_everything_declared_stands_in_the_record() -> None:
    assert declared() == Requirement(
        id="ROOM-7",
        title="Title",
        text="A room MUST do something.",
        level=Level.REQUIRED,
        per=Per.ROOM,
        owner=Owner.EXCHANGE,
        consequence="Consequence.",
        fix="Fix '{target}'.",
        link="https://learn.microsoft.com/",
        guide="Room resources",
        needs=("HOST-1",),
        reads=("mail",),
    )


def test_the_level_is_required_unless_said_otherwise() -> None:
    assert declared(Level.RECOMMENDED).level is Level.RECOMMENDED


def test_the_decorated_function_is_still_the_function() -> None:
    calls = []

    def judge(value: int) -> None:
        """It MUST be called."""
        calls.append(value)

    decorate = requirement(
        "ROOM-7", title="t", per=Per.SITE, owner=Owner.NETWORK, consequence="c", fix="f", link="l", guide="g"
    )
    assert decorate(judge) is judge
    judge(3)
    assert calls == [3]


def test_a_function_without_docstring_has_an_empty_text_for_the_guard_to_find() -> None:
    def judge() -> None: ...

    decorated = requirement(
        "ROOM-7", title="t", per=Per.SITE, owner=Owner.NETWORK, consequence="c", fix="f", link="l", guide="g"
    )(judge)
    assert decorated.pytestmark[0].args[0].text == ""  # type: ignore[attr-defined]


@pytest.mark.parametrize("id_", ["HOST-1", "PERMISSION-12", "ADVICE-3"])
def test_ids_are_a_topic_and_a_number(id_: str) -> None:
    assert ID.fullmatch(id_)


@pytest.mark.parametrize("id_", ["HOST-0", "HOST-01", "HOST1", "host-1", "MAIL-1", "HOST-1a", ""])
def test_anything_else_is_no_id(id_: str) -> None:
    assert not ID.fullmatch(id_)


def test_what_holds_raises_nothing() -> None:
    expect(True, expected="this", found="that")


def test_what_does_not_hold_raises_with_all_that_was_said() -> None:
    with pytest.raises(RequirementFailed) as caught:
        expect(
            False,
            expected="this",
            found="that",
            cause="kind",
            fix="do",
            owner=Owner.INSTALLER,
            consequence="sadly",
        )
    failed = caught.value
    assert (failed.expected, failed.found, failed.cause) == ("this", "that", "kind")
    assert (failed.fix, failed.owner, failed.consequence) == ("do", "installer", "sadly")
    assert isinstance(failed, AssertionError)
    assert str(failed) == "expected this; found that"


def test_what_is_not_overridden_stays_empty_for_the_record_to_fill() -> None:
    with pytest.raises(RequirementFailed) as caught:
        expect(False, expected="this", found="that")
    assert (caught.value.cause, caught.value.fix, caught.value.owner, caught.value.consequence) == ("", "", "", "")


def test_notes_keep_their_order() -> None:
    notes = Notes()
    notes.add("one")
    notes.add("two")
    assert notes.lines == ["one", "two"]
    assert Notes().lines == []
