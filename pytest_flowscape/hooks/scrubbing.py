"""No password leaves a run: not in a report, a log record, a warning, a file of --debug or of --junitxml.

Libraries print headers and messages in their own tracebacks and logs; so what
is shown is scrubbed where it is made. The scrubber is the outermost wrapper of
reports, and comes before every reader.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pytest_flowscape.core.secret import NOTHING, encodings, scrub
from pytest_flowscape.site.one_run import Run

FREE_TEXT = ("expected", "found", "consequence", "fix", "notes")
OURS = ("requirement", "target", "owner", "level", "outcome")  # properties that never hold a secret
SHORT, MANY = 500, 500  # characters, and texts that are remembered as clean
Record = Callable[[str, object], None]


class Forms(tuple[str, ...]):
    """What is scrubbed, without a repr that would show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Show how many there are."""
        return f"<{len(self)} forms of the passwords>"


def forms_of(run: Run) -> tuple[str, ...]:
    """Return every text under which one of the run's passwords might show."""
    account = run.site.service_account
    names = (account.username, account.email, account.username.rpartition("\\")[2])
    own = encodings(run.password.reveal(), names) if run.password is not NOTHING else ()
    other = run.directory_password
    more = encodings(other.reveal()) if other not in (NOTHING, run.password) else ()
    # longest first over both: one password may begin with the other
    return Forms(sorted({*own, *more}, key=lambda text: (-len(text), text)))


def scrub_logs(config: pytest.Config, forms: tuple[str, ...]) -> None:
    """Scrub every log record where it is made: handlers, live logs and log files all come after."""
    make = logging.getLogRecordFactory()

    def scrubbed(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001  a bad format is the logger's mistake, reported by its handler
            return record
        if scrub(text, forms) != text:
            record.msg, record.args = scrub(text, forms), ()
        if record.exc_info and record.exc_info[0] is not None:
            shown = "".join(traceback.format_exception(*record.exc_info))
            if scrub(shown, forms) != shown:
                record.exc_text, record.exc_info = scrub(shown, forms), None
        return record

    logging.setLogRecordFactory(scrubbed)
    config.add_cleanup(lambda: logging.setLogRecordFactory(make))


def scrub_debug(config: pytest.Config, forms: tuple[str, ...]) -> None:
    """Scrub what --debug writes of every hook's arguments; pluggy tells nobody its writer, so it is taken from it.

    One thread writes at a time. xdist calls hooks in the threads that hear its
    workers. A text file that two threads write to may then hold pieces of the
    process's memory, which nobody could scrub (measured with CPython 3.11.7;
    https://github.com/python/cpython/issues/119506).
    """
    root = config.trace.root
    write = getattr(root, "_writer", None)
    if write is None:
        return
    alone = threading.RLock()

    def scrubbed(text: str) -> None:
        clean = scrub(text, forms)
        with alone:
            write(clean)

    root.setwriter(scrubbed)
    config.add_cleanup(lambda: root.setwriter(write))


class Scrubber:
    """The outermost report wrapper: no password leaves in a traceback, a section or a log line."""

    def __init__(self, forms: tuple[str, ...]) -> None:
        self._forms = forms
        self._clean: set[str] = set()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Scrub a test's report."""
        report = yield
        self.clean(report)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Scrub a collection report."""
        report = yield
        self.clean(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Scrub once more before anybody reads it: subtests add what they captured, and a message, after the first."""
        self.clean(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        """Scrub what is shown of Ctrl-C, with --full-trace every frame and its arguments."""
        shown = excinfo.getrepr

        def scrubbed(*args: Any, **kwargs: Any) -> Any:
            representation = shown(*args, **kwargs)
            text, crash = str(representation), getattr(representation, "reprcrash", None)
            if crash is not None:
                crash.message = scrub(crash.message, self._forms)
            if scrub(text, self._forms) != text:
                representation.toterminal = lambda writer: writer.write(scrub(text, self._forms) + "\n")
            return representation

        excinfo.getrepr = scrubbed

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        """Scrub the traceback of an error in pytest or in a plugin."""
        text = str(excrepr)
        if scrub(text, self._forms) != text:
            excrepr.toterminal = lambda writer: writer.write(scrub(text, self._forms))

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: Any) -> None:
        """Scrub a warning before it is summed up."""
        text = str(warning_message.message)
        if scrub(text, self._forms) != text:
            warning_message.message = UserWarning(scrub(text, self._forms))

    def clean(self, report: Any) -> None:
        """Replace the password and its encodings in everything textual that a report carries.

        Not in ids, targets and outcome words: a password may be an ordinary
        word, and they come from the site file or from us.
        """
        if isinstance(report.longrepr, tuple):
            report.longrepr = tuple(self._scrubbed(part) for part in report.longrepr)
        elif report.longrepr is not None:
            text = report.longreprtext
            if scrub(text, self._forms) != text:
                report.longrepr = scrub(text, self._forms)
        # what is clean stays what it is: pytest keeps three reports of each test to the end
        if report.sections:
            report.sections = [(name, scrub(content, self._forms)) for name, content in report.sections]
        properties = getattr(report, "user_properties", ())
        if any(name not in OURS for name, _ in properties):
            scrubbed = [(name, value if name in OURS else self._scrubbed(value)) for name, value in properties]
            if scrubbed != list(properties):
                report.user_properties = scrubbed
        subtest: Any = getattr(report, "context", None)  # what the message and the values of a subtest are kept in
        if subtest is not None and isinstance(getattr(subtest, "kwargs", None), Mapping):
            kwargs = {name: self._scrubbed(value) for name, value in subtest.kwargs.items()}
            report.context = replace(subtest, msg=self._scrubbed(subtest.msg), kwargs=kwargs)
        if isinstance(getattr(report, "wasxfail", None), str):
            report.wasxfail = scrub(report.wasxfail, self._forms)
        carried = getattr(report, "flowscape", None)
        if carried and any(map(carried.get, FREE_TEXT)):
            free = {name: self._scrubbed(carried[name]) for name in FREE_TEXT if carried[name]}
            if any(carried[name] != value for name, value in free.items()):
                report.flowscape = {**carried, **free}

    def _scrubbed(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._scrubbed(part) for part in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        """Scrub a text; what thousands of reports say in the same words, and is clean, is looked at once."""
        if text in self._clean:
            return text
        scrubbed = scrub(text, self._forms)
        if scrubbed == text and len(text) < SHORT and len(self._clean) < MANY:
            self._clean.add(text)
        return scrubbed

    @pytest.fixture(scope="session")
    def record_testsuite_property(self, record_testsuite_property: Record) -> Record:
        """Scrub a property of the whole JUnit file; pytest's own fixture otherwise."""
        return self._scrubbing(record_testsuite_property)

    @pytest.fixture
    def record_xml_attribute(self, record_xml_attribute: Record) -> Record:
        """Scrub an attribute of one test case of the JUnit file; pytest's own fixture otherwise."""
        return self._scrubbing(record_xml_attribute)

    def _scrubbing(self, record: Record) -> Record:
        def scrubbed(name: str, value: object) -> None:
            record(self._scrubbed(name), self._scrubbed(value if isinstance(value, list) else str(value)))

        return scrubbed
