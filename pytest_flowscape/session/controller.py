"""One pytest session as one run: what the controller does before, around and after the tests."""

from __future__ import annotations

import pickle
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.booking.bookings import TripInterrupted
from pytest_flowscape.core.errors import DemoError, PasswordError
from pytest_flowscape.core.interruption import INTERRUPTION, WITH_WORKERS
from pytest_flowscape.core.own_state import BOOKINGS, REFUSED_SIGN_INS, private_folder, state_folder
from pytest_flowscape.core.secret import NOTHING, Secret, scrub
from pytest_flowscape.facts import SiteFacts, Sweep
from pytest_flowscape.gathering.clients import Live
from pytest_flowscape.gathering.facts import Gather
from pytest_flowscape.gathering.refusals import RunRefusals
from pytest_flowscape.gathering.site import gather_site, utc_now
from pytest_flowscape.hooks import fixtures
from pytest_flowscape.hooks.collection import Collection, paths_to_run, requirement_of
from pytest_flowscape.hooks.fixtures import JUDGE, LIVE
from pytest_flowscape.hooks.outcomes import OutcomeHooks
from pytest_flowscape.hooks.prefetch import Prefetch, expect
from pytest_flowscape.hooks.recorder import Recorder
from pytest_flowscape.hooks.scheduling import RoomScheduling
from pytest_flowscape.hooks.scrubbing import Scrubber, forms_of, scrub_debug, scrub_logs
from pytest_flowscape.hooks.short_path import FactsOnly
from pytest_flowscape.judging.catalogue import attributes_judged, load_requirements, suites_folder
from pytest_flowscape.judging.judge import Judge
from pytest_flowscape.probes.ledger import LEDGER
from pytest_flowscape.report.files.writing import report_folder
from pytest_flowscape.requirement import MARK
from pytest_flowscape.session.command_line import booking_kind, count_workers, run_id_from, select_rooms, site_from
from pytest_flowscape.session.demo import Demo
from pytest_flowscape.session.first_booking import book_first, sweep_left
from pytest_flowscape.session.gc_tuning import collect_garbage_rarely
from pytest_flowscape.session.password_prompt import fetch_passwords, password_file_warnings
from pytest_flowscape.session.stop_workers import Workers
from pytest_flowscape.site.one_run import Run

LOOKS_ONLY = ("collectonly", "showfixtures", "show_fixtures_per_test")


def activate(config: pytest.Config) -> None:
    """Set up a worker from what the controller sent, or the controller from the site file."""
    config.addinivalue_line("markers", f"{MARK}(requirement): the requirement that a test function proves")
    if hasattr(config, "workerinput"):
        _activate_worker(config)
    else:
        _activate_controller(config)


def _register(config: pytest.Config, run: Run) -> Collection:
    """Register what every process needs; the scrubber last, so that it is the outermost wrapper."""
    manager = config.pluginmanager
    manager.register(fixtures, "flowscape-fixtures")
    collect_garbage_rarely(config)
    collection = Collection(run, sign_off=str(suites_folder()) in config.args)
    manager.register(collection, "flowscape-collection")
    outcomes = OutcomeHooks(run.site, run.started.astimezone().date())
    manager.register(outcomes, "flowscape-outcomes")
    manager.register(FactsOnly(config, outcomes), "flowscape-facts-only")
    forms = forms_of(run)
    if forms:
        manager.register(Scrubber(forms), "flowscape-scrubber")
        scrub_logs(config, forms)
        scrub_debug(config, forms)
    return collection


# --- worker -------------------------------------------------------------------------------------


def _activate_worker(config: pytest.Config) -> None:
    config.add_cleanup(INTERRUPTION.listen())
    sent: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
    # from our own controller, through its pipe
    fields, facts, arguments = pickle.loads(sent.pop("flowscape"))  # noqa: S301
    config.args[:] = arguments
    password, directory_password = (Secret(text) for text in sent.pop("flowscape_secrets"))
    run = Run(password=password, directory_password=directory_password, **fields)
    _register(config, run)
    _keep_ledger(config, run)
    gather = Gather(run, facts)
    config.stash[JUDGE] = Judge(load_requirements(), gather)
    _offer_clients(config, gather)
    config.pluginmanager.register(WorkerEnd(gather, config.stash[JUDGE]), "flowscape-worker")
    config.pluginmanager.register(Prefetch(run, gather, config.stash[JUDGE]), "flowscape-prefetch")


def _keep_ledger(config: pytest.Config, run: Run) -> None:
    """Have everything that this process sends written down for the footprint."""
    LEDGER.open(run.folder)
    config.add_cleanup(LEDGER.close)


def _offer_clients(config: pytest.Config, gather: Gather) -> None:
    """Have clients ready for a customer's tests; none is made before a test asks."""
    live = Live(gather)
    config.stash[LIVE] = live
    config.add_cleanup(live.close)


class WorkerEnd:
    """Sends home what a worker saw, and ends its connections."""

    def __init__(self, gather: Gather, judge: Judge) -> None:
        self._gather = gather
        self._judge = judge

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Put the facts into what xdist carries to the controller."""
        output: dict[str, Any] = session.config.workeroutput  # type: ignore[attr-defined]
        output["flowscape"] = pickle.dumps(gathered(self._gather, self._judge))
        self._gather.close()
        LEDGER.flush()

    def pytest_keyboard_interrupt(self) -> None:
        """Ask nothing more ahead of tests that will not run."""
        self._gather.stop()


def gathered(gather: Gather, judge: Judge) -> dict[str, Any]:
    """Return what a process measured, for notes and evidence."""
    return {
        **gather.asked(),
        "bookings": gather.bookings.known,
        "meetings": gather.bookings.meetings,
        "second_looks": judge.second_looks,
        "unconfirmed": judge.unconfirmed,
    }


# --- controller ---------------------------------------------------------------------------------


def _activate_controller(config: pytest.Config) -> None:
    if config.getoption("flowscape_demo"):
        if config.getoption("flowscape_config"):
            raise pytest.UsageError("Use --flowscape-config or --flowscape-demo, not both.")
        _start_demo(config)
    if not config.getoption("flowscape_config"):
        raise pytest.UsageError("--flowscape-config is empty; write --flowscape-config=SITE.INI.")
    site = site_from(config)
    rooms = select_rooms(site, config.getoption("flowscape_room"))
    run_id = run_id_from(config.getoption("flowscape_run_id"))
    config.args[:] = paths_to_run(config)
    option = config.option
    # what only looks at the tests measures nothing, and leaves an earlier report alone
    collect_only = any(getattr(option, name, False) for name in LOOKS_ONLY)
    workers, note = (0, "") if collect_only else count_workers(config, site)
    distributed = workers > 0
    notes = [note, *password_file_warnings(site)]
    config.add_cleanup(INTERRUPTION.listen())
    folder = Path(tempfile.mkdtemp(prefix="flowscape-run-"))  # mkdtemp makes it private
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    try:
        password, directory_password = (NOTHING, NOTHING) if collect_only else fetch_passwords(site, config)
    except PasswordError as error:
        raise pytest.UsageError(str(error)) from None
    run = Run(
        site=site,
        run_id=run_id,
        folder=folder,
        rooms=rooms,
        password=password,
        directory_password=directory_password,
        started=utc_now(),
        workers=max(1, workers),
        book=booking_kind(config, site, rooms),
        # a demo's mailboxes are gone with it, and so is its journal
        journals=folder / BOOKINGS if config.getoption("flowscape_demo") else state_folder(BOOKINGS),
    )
    collection = _register(config, run)
    load_requirements()
    if collect_only:
        return
    _keep_ledger(config, run)
    base = config.getoption("flowscape_report")
    try:
        reports = private_folder(Path(base)) if base else report_folder(config.invocation_params.dir / "reports", site)
    except OSError as error:
        raise pytest.UsageError(
            f"The report folder cannot be created ({error}); choose another one with --flowscape-report=DIR."
        ) from None
    recorder = Recorder(config, run, reports, collection, [note for note in notes if note])
    # a demo's refusals, planted or not, are nobody's account
    personal = None if config.getoption("flowscape_demo") else state_folder(REFUSED_SIGN_INS)
    recorder.refusals = RunRefusals.of(site, reports, personal=personal)
    forms = forms_of(run)
    recorder.clean = lambda text: scrub(text, forms)
    config.pluginmanager.register(recorder, "flowscape-recorder")
    config.pluginmanager.register(Controller(config, run, recorder, distributed=distributed), "flowscape-controller")


def _start_demo(config: pytest.Config) -> None:
    try:
        demo = Demo(config.getoption("flowscape_demo"))
    except DemoError as error:
        raise pytest.UsageError(str(error)) from None
    config.add_cleanup(demo.stop)
    config.option.flowscape_config = str(demo.site_file)


class Controller:
    """Measures the site before anything else, hands the facts to whoever runs tests."""

    def __init__(self, config: pytest.Config, run: Run, recorder: Recorder, *, distributed: bool) -> None:
        self._config = config
        self._run = run
        self._recorder = recorder
        self._distributed = distributed
        self._facts: SiteFacts | None = None
        self._gather: Gather | None = None
        self._workers = Workers(config)
        self._interruption: KeyboardInterrupt | None = None
        if distributed:
            INTERRUPTION.grace = WITH_WORKERS
            INTERRUPTION.call_at_signal(self._workers.stop)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Sign in before xdist starts its workers, where the paths given hold a requirement at all."""
        if self._distributed and self._may_hold_requirements():
            try:
                self._measure()
            except KeyboardInterrupt as interruption:  # here pytest would end without any report
                self._interruption = interruption

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_xdist_setupnodes(self, specs: list[Any]) -> None:
        """Start no worker once the run was told to stop; last, as xdist's own terminal reporter expects some."""
        if self._interruption is not None:
            specs.clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Sign in before the first test of a single process, if a requirement was collected."""
        if self._interruption is not None:
            raise self._interruption
        broken = session.testsfailed and not self._config.option.continue_on_collection_errors
        if self._distributed or broken:
            return
        if any(requirement_of(item) for item in session.items):
            facts = self._measure()
            gather = self._gather = Gather(self._run, facts)
            judge = Judge(load_requirements(), gather)
            self._config.stash[JUDGE] = judge
            expect(gather, judge, session.items)
            _offer_clients(self._config, gather)
            self._recorder.single = lambda: gathered(gather, judge)
            self._config.add_cleanup(gather.close)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send a worker what it needs, through xdist's own pipe: no file, no environment, no argument."""
        if self._facts is None:
            return
        run = self._run
        fields: Mapping[str, Any] = {
            "site": run.site,
            "run_id": run.run_id,
            "folder": run.folder,
            "rooms": run.rooms,
            "started": run.started,
            "workers": run.workers,
            "book": run.book,
            "journals": run.journals,
        }
        node.workerinput["flowscape"] = pickle.dumps((fields, self._facts, list(self._config.args)))
        node.workerinput["flowscape_secrets"] = (run.password.reveal(), run.directory_password.reveal())

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: Any) -> None:
        """Forget here what has arrived there."""
        node.workerinput.pop("flowscape_secrets", None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config) -> RoomScheduling | None:
        """Schedule by chunks of rooms, whatever --dist says."""
        if self._facts is None:
            return None
        return RoomScheduling(config, self._run)

    def _may_hold_requirements(self) -> bool:
        """Whether a path given names our package: without importing it no test declares a requirement."""
        for argument in self._config.args:
            path = Path(str(argument).split("::")[0])
            path = path if path.is_absolute() else self._config.invocation_params.dir / path
            files = [path] if path.is_file() else path.rglob("*.py")
            if any("pytest_flowscape" in file.read_text(encoding="utf-8", errors="replace") for file in files):
                return True
        return False

    def _measure(self) -> SiteFacts:
        refusals = self._recorder.refusals
        if self._facts is None and refusals is not None:
            with refusals.account.turn():
                try:
                    self._recorder.progress.say("Measuring the site: host, directory, sign-in ...")
                    run = self._run if self._config.getoption("flowscape_retry_sign_in") else refusals.before(self._run)
                    facts = gather_site(run, reads=attributes_judged(self._run))
                    self._facts = self._recorder.facts = facts
                finally:
                    # at once: a run that is killed later leaves its note, and so does one that is interrupted here
                    self._recorder.note_refusals(signed_in=True)
            if self._run.book:
                self._recorder.progress.say("Booking the first room ...")
            try:
                self._facts = book_first(self._run, self._facts)
            except TripInterrupted as ended:
                self._facts = replace(self._facts, bookings={ended.trip.address: ended.trip})
                raise
            finally:
                self._recorder.facts = self._facts
                self._recorder.progress.erase()
        assert self._facts is not None
        return self._facts

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ask nothing ahead of tests that will not run, and keep the one place that is shown.

        To read the source of every other one takes longer than the report.
        """
        if self._gather is not None:
            self._gather.stop()
        if not self._config.option.fulltrace:
            excinfo.traceback = excinfo.traceback[-1:]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Remove what a process that died has left of its bookings, before the report is written."""
        if INTERRUPTION:
            self._workers.wait()
        facts = self._facts
        if not self._run.book or facts is None or facts.ews_cause:
            return
        if self._gather is not None:
            # its own journal counts as any other: what is open in it is looked for once more
            self._gather.bookings.end()
        # after an interruption threads that were left behind may hold its connections for ever
        gather = Gather(self._run, facts) if INTERRUPTION or self._gather is None else self._gather
        try:
            swept = sweep_left(self._run, gather.bookings)
        except KeyboardInterrupt:  # the journals keep what is left, and the report has still to be written
            swept = Sweep(not_ours=("the removal of what bookings left was interrupted: run --flowscape-sweep",))
        finally:
            gather.close()
        self._recorder.facts = replace(facts, sweep=Sweep.together([facts.sweep, swept]))
