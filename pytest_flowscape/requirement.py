"""What a requirement is: metadata beside its test function, and how a test says that it fails."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar

import pytest

from pytest_flowscape.core.errors import RequirementFailed

F = TypeVar("F", bound=Callable[..., None])
# in the order of the guide: how the ids of a topic begin, and its title; suites/test_TITLE.py holds its requirements
TOPICS = {
    "HOST": "Host",
    "ACCOUNT": "Account",
    "ROOM": "Rooms",
    "PERMISSION": "Permissions",
    "IMPERSONATION": "Impersonation",
    "CALENDAR": "Calendar",
    "HANDOVER": "Handover",
    "ADVICE": "Advice",
}
ID = re.compile(rf"({'|'.join(TOPICS)})-[1-9][0-9]*")
# ids of requirements that were removed; they are never given again
RETIRED: frozenset[str] = frozenset()
MARK = "flowscape_requirement"


class Level(str, Enum):
    """``required`` decides the verdict; ``recommended`` is only shown."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"


class Per(str, Enum):
    """What a requirement is measured on: the site once, each room, or each user."""

    SITE = "site"
    ROOM = "room"
    USER = "user"


class Owner(str, Enum):
    """Who does the fix."""

    NETWORK = "network administrator"
    EXCHANGE = "Exchange administrator"
    DIRECTORY = "Active Directory administrator"
    INSTALLER = "installer"


@dataclass(frozen=True)
class Requirement:
    """One sentence of the preparation guide as a MUST, with what a reader needs when it is not met.

    ``fix`` is a text for people with the commands to review and run; the
    placeholders ``{target}``, ``{account}`` (the user name), ``{email}`` and
    ``{hostname}`` are filled in. ``needs`` names requirements without which
    this one cannot be measured; ``reads`` the directory attributes it judges.
    ``opt_in`` is the option without which it is not requested, empty for none.
    ``steps`` names by cause the step of a fix script that repairs a failure; the
    cause "" stands for every other one. ``handover`` names the values of
    handover.csv that it is about.
    ``text`` and ``facts``, the names that its function takes, come from the
    function that it decorates.
    """

    id: str
    _: KW_ONLY
    title: str
    per: Per
    owner: Owner
    consequence: str
    fix: str
    link: str
    guide: str
    level: Level = Level.REQUIRED
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    opt_in: str = ""
    steps: Mapping[str, str] = field(default_factory=dict, hash=False)
    handover: tuple[str, ...] = ()
    text: str = ""
    facts: tuple[str, ...] = ()

    def __call__(self, function: F) -> F:
        """Declare a test function to be this requirement: the decorator of suites.

        The first paragraph of its docstring is the requirement's text.
        Guards (unique id, every field filled) run at collection.
        """
        paragraph = (function.__doc__ or "").strip().split("\n\n")[0]
        facts = tuple(inspect.signature(function).parameters)
        record = replace(self, text=" ".join(paragraph.split()), facts=facts)
        decorated: Any = getattr(pytest.mark, MARK)(record)(function)
        return decorated  # type: ignore[no-any-return]

    def step(self, cause: str) -> str:
        """Return the name of the step that repairs a failure with this cause, empty where only people can."""
        return self.steps.get(cause) or self.steps.get("", "")


@dataclass
class Notes:
    """What a passed or failed requirement adds to its result; the fixture ``notes`` has one per test."""

    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Add one sentence."""
        self.lines.append(line)


requirement = Requirement
"""``@requirement("ROOM-3", title=...)`` declares the test function below it."""


def expect(
    holds: bool,
    *,
    expected: str,
    found: str,
    cause: str = "",
    fix: str = "",
    owner: Owner | None = None,
    consequence: str = "",
) -> None:
    """Fail the requirement unless ``holds``.

    ``expected`` and ``found`` are half-sentences for the reader. ``cause``
    groups equal failures of many targets under one line of the summary.
    Raises RequirementFailed.
    """
    if not holds:
        raise RequirementFailed(
            expected=expected,
            found=found,
            cause=cause,
            fix=fix,
            owner=owner.value if owner else "",
            consequence=consequence,
        )
