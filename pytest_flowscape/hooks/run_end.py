"""The end of a run in the controller: verdict, files, exit code, and the text that closes it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from pytest_flowscape import __version__
from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.core.own_state import FOLDER_MODE
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.gathering.site import utc_now
from pytest_flowscape.hooks.collection import Collection
from pytest_flowscape.hooks.recorder import Recorder
from pytest_flowscape.hooks.terminal import count_not_run
from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.run_notes import INTERRUPTED, measurement_notes, waiver_notes
from pytest_flowscape.judging.verdict import Result, exit_code, expected_pairs, judge_run
from pytest_flowscape.probes import ledger
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.report import bookings, footprint
from pytest_flowscape.report.bookings import Bookings
from pytest_flowscape.report.files import history, junit
from pytest_flowscape.report.files.all import Record, Written, write_all
from pytest_flowscape.report.files.results import RunInfo
from pytest_flowscape.report.files.writing import copy, make_private
from pytest_flowscape.report.fixes import scripts
from pytest_flowscape.report.groups import findings
from pytest_flowscape.report.page.evidence import Evidence
from pytest_flowscape.report.page.html import AcceptancePage
from pytest_flowscape.report.page.page import Content
from pytest_flowscape.report.terminal import summary
from pytest_flowscape.site.one_run import Run

ENDED_BY_ITSELF = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
PAGE = "acceptance.html"


class Measured(Protocol):
    """What the controller knows of the site, None before it is measured, and the notes on refused sign-ins."""

    facts: SiteFacts | None

    def note_refusals(self) -> None:
        """Note for an hour that sign-ins were stopped."""


class RunEnd:
    """Makes the verdict and the report once all tests have ended."""

    def __init__(  # noqa: PLR0917  what all of a run comes together from
        self,
        config: pytest.Config,
        run: Run,
        folder: Path,
        measured: Measured,
        recorder: Recorder,
        collection: Collection,
        notes: Sequence[str],
        clean: Callable[[str], str],
    ) -> None:
        self._config = config
        self._run = run
        self._folder = folder
        self._measured = measured
        self._recorder = recorder
        self._collection = collection
        self._notes = notes
        self._clean = clean
        self._requirements = {id_: judged.requirement for id_, judged in load_requirements().items()}
        self._html = _claim_html(config, folder)
        self._page = AcceptancePage(run.site, self._requirements, written=self._html)
        if self._html is not None:
            config.pluginmanager.register(self._page, "flowscape-page")
        self._lines: Sequence[summary.Line] = ()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Make the verdict, write the files, set the exit code."""
        INTERRUPTION.hold()  # what follows takes a moment, and must be whole
        facts = self._measured.facts
        nothing_done = facts is None and not self._collection.found and not INTERRUPTION
        if nothing_done or exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        self._measured.note_refusals()
        booked = self._booked(facts)
        result = self._result(booked)
        changes, unused = history.look_back(self._folder, result, self._run.site, self._run.started)
        if unused:
            result = replace(result, notes=(*result.notes, unused))
        run_info = RunInfo(
            started=self._run.started,
            ended=utc_now(),
            run_id=self._run.run_id,
            tool_version=__version__,
            command_users=facts.vantage.user if facts else "",
            footprint=ledger.read(self._run.folder),
            workers=self._run.workers,
            bookings=booked,
            changes=changes,
        )
        rooms = self._recorder.room_facts
        record = Record(self._folder, self._run.site, self._requirements, facts, rooms, run_info, self._clean)
        written = write_all(record, result)
        junit.add_suite_properties(self._config, written.result, self._run.run_id)
        self._page.show(
            written.result,
            Content(
                site_facts=facts,
                run=run_info,
                evidence=Evidence(facts, rooms, self._clean),
                fixes=scripts.by_owner(self._folder),
                results_sha256=written.sha256,
            ),
        )
        count_not_run(self._config, written.result.not_run)
        self._lines = self._closing(written, run_info)
        if exitstatus in ENDED_BY_ITSELF:
            session.exitstatus = pytest.ExitCode.INTERRUPTED if INTERRUPTION else exit_code(written.result)
            if session.exitstatus == pytest.ExitCode.OK and not written.sha256:
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR  # an acceptance without its record is none

    def pytest_unconfigure(self) -> None:
        """Make the written page private, and keep a copy beside the other files if it was written elsewhere."""
        with contextlib.suppress(OSError, ValueError):  # pytest's cache, where it is used, names every room
            (self._config.rootpath / os.path.expandvars(self._config.getini("cache_dir"))).chmod(FOLDER_MODE)
        own = self._folder / PAGE
        if self._html is None or not self._html.exists():
            return
        if self._html.resolve() == own.resolve():
            make_private(own)
        elif self._lines:
            copy(self._html, own)

    def closing_lines(self) -> Sequence[summary.Line]:
        """Return the closing text, nothing where the run was not judged."""
        return self._lines

    def _booked(self, facts: SiteFacts | None) -> Bookings:
        """Return what all processes have booked."""
        if facts is None:
            return Bookings()
        trips, meetings = dict(facts.bookings), {}
        for part in self._recorder.parts:
            trips.update(part["bookings"])
            meetings.update(part["meetings"])
        return Bookings.of(trips, meetings, facts.sweep, facts.booking_stopped)

    def _result(self, booked: Bookings) -> Result:
        site, outcomes = self._run.site, self._recorder.outcomes
        interrupted = [INTERRUPTED.format(by=INTERRUPTION.by)] if INTERRUPTION else []
        measurement = measurement_notes(
            sum(int(part["unconfirmed"]) for part in self._recorder.parts),
            lost_sign_in=Gate(self._run.folder).second_try_taken,
            other_failed=len(self._recorder.other_failed),
        )
        waivers = waiver_notes(site, self._run.started.astimezone().date(), outcomes.values())
        return judge_run(
            expected_pairs(self._requirements.values(), site),
            outcomes,
            site,
            rooms_chosen=len(self._run.rooms),
            other_failed=len(self._recorder.other_failed),
            notes=[*interrupted, *bookings.notes(booked), *self._notes, *waivers, *measurement],
        )

    def _closing(self, written: Written, run: RunInfo) -> Sequence[summary.Line]:
        return summary.lines(
            written.result,
            findings(written.result.outcomes, self._requirements),
            self._run.site,
            self._folder,
            requirements=self._requirements,
            footprint=footprint.line(run.footprint, self._run.site.service_account.email),
            changed=run.changes.sentence if run.changes else "",
            not_kept=written.not_kept,
            written=run.bookings.written > 0,
        )


def _claim_html(config: pytest.Config, folder: Path) -> Path | None:
    """Have pytest-html write acceptance.html, unless the user named another file; return where, None without it."""
    option = config.option
    if not hasattr(option, "htmlpath"):
        return None
    if not option.htmlpath:
        own = folder / PAGE
        if own.is_symlink():  # somebody else's idea of where our page should go
            own.unlink()
        option.htmlpath = str(own)
    option.self_contained_html = True
    return Path(os.path.expandvars(option.htmlpath)).expanduser()  # as pytest-html reads it
