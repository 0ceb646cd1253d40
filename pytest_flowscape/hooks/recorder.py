"""Collect the outcomes in the controller; at the end make the verdict, the files and the closing text."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape import __version__
from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.core.own_state import FOLDER_MODE
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.facts.names import KINDS
from pytest_flowscape.gathering.refusals import RunRefusals
from pytest_flowscape.gathering.site import directory_user_gate, utc_now
from pytest_flowscape.hooks.collection import Collection
from pytest_flowscape.hooks.outcomes import describe
from pytest_flowscape.hooks.progress import Progress
from pytest_flowscape.hooks.terminal import Terminal
from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.outcomes import READ, Outcome, Word, outcome_of
from pytest_flowscape.judging.verdict import Result, exit_code, expected_pairs, judge_run
from pytest_flowscape.probes import ledger
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.report import bookings, footprint
from pytest_flowscape.report.bookings import Booked
from pytest_flowscape.report.files import evidence, handover, history, junit, results
from pytest_flowscape.report.files.artefacts import written_apart
from pytest_flowscape.report.files.writing import copy, make_private
from pytest_flowscape.report.fixes import scripts
from pytest_flowscape.report.groups import findings
from pytest_flowscape.report.page.evidence import Evidence
from pytest_flowscape.report.page.html import AcceptancePage
from pytest_flowscape.report.page.html_sieve import ALONE
from pytest_flowscape.report.terminal import summary
from pytest_flowscape.site.one_run import Run

# of what is counted only, nothing but the word is kept
SAID_ALL = {word.value: {"outcome": word.value, "level": ""} for word in (Word.PASSED, Word.NOT_REQUESTED)}
ENDED_BY_ITSELF = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)


class Recorder:
    """Reporting hooks of the controller; ``facts`` is set once the site has been measured."""

    def __init__(self, config: pytest.Config, run: Run, folder: Path, collection: Collection, notes: list[str]) -> None:
        self._collection = collection
        self._config = config
        self._run = run
        self.folder = folder
        self.facts: SiteFacts | None = None
        self.clean: Callable[[str], str] = str
        self.single: Callable[[], dict[str, Any]] | None = None
        self.refusals: RunRefusals | None = None
        self._notes = notes
        self._outcomes: dict[tuple[str, str], Outcome] = {}
        self._other_failed: set[str] = set()
        self._gathered: list[dict[str, Any]] = []
        self._result: Result | None = None
        self._footprint = ""
        self._changed = ""
        self._not_kept = ""
        self._booked = Booked()
        self._requirements = {id_: judged.requirement for id_, judged in load_requirements().items()}
        self._page = AcceptancePage(run.site, self._requirements)
        self._html = self._claim_html()
        self._terminal = Terminal(config, run, notes)
        self._terminal.closing = self._closing
        self.progress = Progress(config, run, list(self._requirements.values()))
        config.pluginmanager.register(self._terminal, "flowscape-terminal")
        config.pluginmanager.register(self.progress, "flowscape-progress")

    def _claim_html(self) -> Path | None:
        """Have pytest-html write acceptance.html, unless the user named another file."""
        option = self._config.option
        if not hasattr(option, "htmlpath"):
            return None
        if not option.htmlpath:
            own = self.folder / "acceptance.html"
            if own.is_symlink():  # somebody else's idea of where our page should go
                own.unlink()
            option.htmlpath = str(own)
        option.self_contained_html = True
        self._page.written = Path(os.path.expandvars(option.htmlpath)).expanduser()  # as pytest-html reads it
        self._config.pluginmanager.register(self._page, "flowscape-page")
        return self._page.written

    # --- while it runs ---

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep the outcome of a requirement; count other tests that fail."""
        outcome = outcome_of(report)
        if outcome is not None:
            if outcome.requirement in self._requirements:
                self._outcomes[outcome.requirement, outcome.target] = outcome
            elif outcome.word in (Word.FAILED, Word.NOT_MEASURED):
                # a requirement of the customer's own is not in the expected set: it counts as any other test
                self._other_failed.add(report.nodeid)
        elif report.failed and not self._lost_pair(report):
            self._other_failed.add(report.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_runtest_logreport")
    def pytest_keep_little(self, report: Any) -> Generator[None, None, None]:
        """Let go of what nobody reads any more: pytest's terminal keeps a report of each test of thousands of rooms.

        Phases that went well it keeps under no name.
        """
        yield
        stats = getattr(self._config.pluginmanager.get_plugin("terminalreporter"), "stats", None)
        if isinstance(stats, dict) and "" in stats:
            del stats[""]
        word = getattr(report, "flowscape", {}).get("outcome")
        if word in SAID_ALL and getattr(report, ALONE, False):
            report.flowscape, report.user_properties = SAID_ALL[word], []
        vars(report).pop(READ, None)

    def pytest_collectreport(self, report: Any) -> None:
        """Count a file that could not be collected as a test that failed."""
        if report.failed:
            self._other_failed.add(report.nodeid)

    def _lost_pair(self, report: Any) -> bool:
        """Tell a requirement whose worker died a second time as not measured; it is no failing test."""
        for id_, judged in load_requirements().items():
            if f"::{judged.function.__name__}" not in report.nodeid:
                continue
            if report.when != "???":
                return False
            target = report.nodeid.partition("[")[2].rpartition("]")[0] or "site"
            record = judged.requirement
            outcome = Outcome(id_, target, Word.NOT_MEASURED, record.level.value, cause="worker-died")
            outcome = replace(outcome, found="the worker process died while it measured this")
            self._outcomes.setdefault((id_, target), outcome)
            # whoever reads the report after us sees our outcome, not a crash
            report.flowscape, report.longrepr = outcome.as_json(), describe(record, outcome, self._run.site)
            junit.tell_lost(self._config, report, replace(outcome, owner=record.owner.value))
            return True
        return False

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take in what a worker saw."""
        sent = getattr(node, "workeroutput", {}).get("flowscape")
        if sent:
            self._gathered.append(pickle.loads(sent))  # noqa: S301  from our own worker, through its pipe

    # --- at the end ---

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Make the verdict, write the files, set the exit code."""
        INTERRUPTION.hold()  # what follows takes a moment, and must be whole
        nothing_done = self.facts is None and not self._collection.found and not INTERRUPTION
        if nothing_done or exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        if self.single is not None:
            self._gathered.append(self.single())
        self.note_refusals()
        self._booked = self._all_booked()
        result = self._judge_run()
        changes, unused = history.look_back(self.folder, result, self._run.site, self._run.started)
        if unused:
            result = replace(result, notes=(*result.notes, unused))
        run_info = results.RunInfo(
            started=self._run.started,
            ended=utc_now(),
            run_id=self._run.run_id,
            tool_version=__version__,
            command_users=self.facts.vantage.user if self.facts else "",
            footprint=ledger.read(self._run.folder),
            workers=self._run.workers,
            booked=self._booked,
            changes=changes,
        )
        result = self._write(result, run_info)
        junit.tell_suite(self._config, result, self._run.run_id)
        self._page.result = result
        self._page.site_facts = self.facts
        self._page.evidence = Evidence(self.facts, self._room_facts(), self.clean)
        self._page.run = run_info
        self._page.fixes = scripts.by_owner(self.folder)
        self._result = result
        self._terminal.count_not_run(result.not_run)
        self._changed = changes.sentence if changes else ""
        self._footprint = footprint.line(run_info.footprint, self._run.site.service_account.email)
        if exitstatus in ENDED_BY_ITSELF:
            session.exitstatus = pytest.ExitCode.INTERRUPTED if INTERRUPTION else exit_code(result)
            if session.exitstatus == pytest.ExitCode.OK and not self._page.results_sha256:
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR  # an acceptance without its record is none

    def _write(self, result: Result, run_info: results.RunInfo) -> Result:
        """Write the report's files, each by itself; give the result with a note of what could not be written."""
        site, clean = self._run.site, self.clean
        beside: dict[str, Callable[[], object]] = {
            **scripts.writers(self.folder, findings(result.outcomes, self._requirements), site, self.facts, run_info),
            handover.NAME: partial(handover.write, self.folder, result, site, run_info, clean=clean),
            evidence.NAME: partial(evidence.write, self.folder, self.facts, self._room_facts(), clean=clean),
        }
        failed = written_apart(beside, clean=clean)
        result = replace(result, notes=(*failed, *result.notes))  # the first of the notes, which are cut at the end
        own = partial(results.write, self.folder, result, self._requirements, site, self.facts, run_info)
        failed = written_apart({results.NAME: own}, clean=clean)
        if failed:
            return replace(result, notes=(*failed, *result.notes))
        written = self.folder / results.NAME
        self._keep(written)
        self._page.results_sha256 = hashlib.sha256(written.read_bytes()).hexdigest()
        return result

    def _keep(self, written: Path) -> None:
        """Keep results.json in history/; a run that measured is not lost for want of it."""
        try:
            history.keep(self.folder, written, self._run.started, self._run.run_id)
        except OSError as error:
            self._not_kept = f"This run could not be kept in {history.FOLDER}/: {error.strerror or error}"

    def note_refusals(self, *, signed_in: bool = False) -> None:
        """Note for an hour that sign-ins were stopped, for whatever reason and at whatever time of the run.

        ``signed_in`` is the moment after the first sign-ins: only then a
        success drops older notes. Later it might drop that of another run.
        """
        if self.refusals is None:
            return
        account, directory = self.refusals.account, self.refusals.directory
        if Gate(self._run.folder).stopped:
            account.remember(utc_now())
        elif signed_in and self.facts and self.facts.sign_in and self.facts.sign_in.succeeded:
            account.forget()
        if directory is not None and directory_user_gate(self._run).stopped:
            directory.remember(utc_now())
        elif directory is not None and signed_in and self._bound():
            directory.forget()

    def _bound(self) -> bool:
        return bool(self.facts and self.facts.directory and not self.facts.directory.bind.trouble)

    def _judge_run(self) -> Result:
        site = self._run.site
        notes = [*bookings.notes(self._booked), *self._notes]
        if INTERRUPTION:
            notes.insert(0, f"The run was interrupted ({INTERRUPTION.by}): what had no result by then was not run.")
        today = self._run.started.astimezone().date()
        notes += [
            f"The waiver of {w.requirement} for {w.target} ended on {w.until.isoformat()}; it was not applied."
            for w in site.waivers
            if w.until < today
        ]
        used = {(o.requirement, o.target) for o in self._outcomes.values() if o.word is Word.WAIVED}
        notes += [
            f"The waiver of {w.requirement} for {w.target} was not needed."
            for w in site.waivers
            if w.until >= today and (w.requirement, w.target) not in used
        ]
        unconfirmed = sum(int(part["unconfirmed"]) for part in self._gathered)
        if unconfirmed:
            notes.append(f"{unconfirmed} failed results were measured once only; the first ones were measured twice.")
        if Gate(self._run.folder).second_try_taken:
            notes.append(
                "Exchange refused a connection that was signed in (HTTP 401), and one new one was tried. Look for a "
                "balancer that mixes up connections: the product will meet it too."
            )
        if self._other_failed:
            notes.append(f"{len(self._other_failed)} other tests failed.")
        return judge_run(
            expected_pairs(self._requirements.values(), site),
            self._outcomes,
            site,
            rooms_chosen=len(self._run.rooms),
            other_failed=len(self._other_failed),
            notes=notes,
        )

    def _all_booked(self) -> Booked:
        """Put together what all processes have booked."""
        if self.facts is None:
            return Booked()
        trips, meetings = dict(self.facts.bookings), {}
        for part in self._gathered:
            trips.update(part["bookings"])
            meetings.update(part["meetings"])
        return Booked.of(trips, meetings, self.facts.sweep, self.facts.booking_stopped)

    def _room_facts(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for part in self._gathered:
            for kind in (*KINDS, "bookings", "meetings"):
                for address, answer in part[kind].items():
                    found.setdefault(address, {})[kind] = answer
        return found

    def pytest_unconfigure(self) -> None:
        """Make the written page private, and keep a copy beside the other files if it was written elsewhere."""
        with contextlib.suppress(OSError, ValueError):  # pytest's cache, where it is used, names every room
            (self._config.rootpath / os.path.expandvars(self._config.getini("cache_dir"))).chmod(FOLDER_MODE)
        own = self.folder / "acceptance.html"
        if self._html is None or not self._html.exists():
            return
        if self._html.resolve() == own.resolve():
            make_private(own)
        elif self._result is not None:
            copy(self._html, own)

    def _closing(self) -> list[summary.Line]:
        """Return the closing text, nothing where the run was not judged."""
        if self._result is None:
            return []
        return summary.lines(
            self._result,
            findings(self._result.outcomes, self._requirements),
            self._run.site,
            self.folder,
            requirements=self._requirements,
            footprint=self._footprint,
            changed=self._changed,
            not_kept=self._not_kept,
            written=self._booked.written > 0,
        )
