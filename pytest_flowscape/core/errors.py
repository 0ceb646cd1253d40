"""The errors of this package: one small tree, named by the phase in which a run stops."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class FlowscapeError(Exception):
    """Any error that this package raises on purpose."""


@dataclass(frozen=True)
class Mistake:
    """One mistake in a configuration file: where it is, what it is, what to write instead."""

    path: Path
    line: int
    what: str
    instead: str

    def __str__(self) -> str:
        """Return one line, clickable in most terminals: ``site.ini:12: what. Instead.``."""
        return f"{self.path}:{self.line}: {self.what} {self.instead}".rstrip()


class SiteFileError(FlowscapeError):
    """The site file (or a file that it names) cannot be used; ``mistakes`` are all that were found."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(str(mistake) for mistake in mistakes))


class PasswordError(FlowscapeError):
    """A password source of the site file has no password; the text says what to do."""


class DemoError(FlowscapeError):
    """The built-in simulator did not start, or ended with an error."""


class NotMeasured(FlowscapeError):  # noqa: N818  an outcome by its name, not a programming error
    """A fact, or an attribute that a requirement reads, is not available.

    ``reason`` is one sentence for people. ``cause`` is a key of ``causes.CAUSES``
    or empty. ``because`` is the requirement whose failure is the reason, or
    empty. ``waiting`` marks what may be fixed by waiting (replication, a cache).
    """

    def __init__(self, reason: str, *, cause: str = "", because: str = "", waiting: bool = False) -> None:
        self.reason = reason
        self.cause = cause
        self.because = because
        self.waiting = waiting
        super().__init__(reason)


class NotRequested(FlowscapeError):  # noqa: N818  an outcome by its name, see NotMeasured
    """A requirement that is measured only on request was not requested, or not on this target; ``reason`` says so."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class RequirementFailed(FlowscapeError, AssertionError):  # noqa: N818  an outcome, see NotMeasured
    """A requirement was measured and is not met.

    ``expected`` and ``found`` are one sentence each. ``cause`` groups failures
    of one kind in the summary. ``fix``, ``owner`` and ``consequence`` override
    those of the requirement where this cause needs others.
    """

    def __init__(
        self, *, expected: str, found: str, cause: str = "", fix: str = "", owner: str = "", consequence: str = ""
    ) -> None:
        self.expected = expected
        self.found = found
        self.cause = cause
        self.fix = fix
        self.owner = owner
        self.consequence = consequence
        super().__init__(f"expected {expected}; found {found}")
