"""One pytest session as one run: what the controller does before, around and after the tests."""

from __future__ import annotations

import logging
import pickle
import shutil
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape import fixtures
from pytest_flowscape.asking import readable_by_others, run_passwords
from pytest_flowscape.book_first import book_first, sweep_left
from pytest_flowscape.booking.journal import personal_journals
from pytest_flowscape.collection import (
    Collection,
    attributes_judged,
    load_requirements,
    paths_to_run,
    requirement_of,
    suites_folder,
)
from pytest_flowscape.command_line import asked_site, chosen_booking, chosen_rooms, chosen_run_id, count_workers
from pytest_flowscape.demo import Demo
from pytest_flowscape.errors import DemoError, PasswordError
from pytest_flowscape.facts import SiteFacts, Sweep
from pytest_flowscape.fixtures import JUDGE, LIVE
from pytest_flowscape.gather import Gather
from pytest_flowscape.gather_site import gather_site, utc_now
from pytest_flowscape.judge import Judge
from pytest_flowscape.live import Live
from pytest_flowscape.outcome_hooks import OutcomeHooks, Scrubber
from pytest_flowscape.probes.ledger import LEDGER
from pytest_flowscape.recorder import Recorder
from pytest_flowscape.refusals import RunRefusals, personal_folder
from pytest_flowscape.report.files import private_folder, report_folder
from pytest_flowscape.requirement import MARK
from pytest_flowscape.run import Run
from pytest_flowscape.schedule import RoomScheduling
from pytest_flowscape.secret import NOTHING, Secret, encodings, scrub

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
    collection = Collection(run, sign_off=str(suites_folder()) in config.args)
    manager.register(collection, "flowscape-collection")
    manager.register(OutcomeHooks(run.site, run.started.astimezone().date()), "flowscape-outcomes")
    forms = _forms(run)
    if forms:
        manager.register(Scrubber(forms), "flowscape-scrubber")
        _scrub_logs(config, forms)
    return collection


class Forms(tuple[str, ...]):
    """What is scrubbed, without a repr that would show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Show how many there are."""
        return f"<{len(self)} forms of the passwords>"


def _forms(run: Run) -> tuple[str, ...]:
    """Give every text under which one of the run's passwords might show."""
    account = run.site.service_account
    names = (account.username, account.email, account.username.rpartition("\\")[2])
    own = encodings(run.password.reveal(), names) if run.password is not NOTHING else ()
    other = run.directory_password
    more = encodings(other.reveal()) if other not in (NOTHING, run.password) else ()
    # longest first over both: one password may begin with the other
    return Forms(sorted({*own, *more}, key=lambda text: (-len(text), text)))


def _scrub_logs(config: pytest.Config, forms: tuple[str, ...]) -> None:
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


# --- worker -------------------------------------------------------------------------------------


def _activate_worker(config: pytest.Config) -> None:
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


def gathered(gather: Gather, judge: Judge) -> dict[str, Any]:
    """Give what a process measured, for notes and evidence."""
    return {
        "owner": gather.owner,
        "delegate": gather.delegate,
        "sync": gather.sync,
        "users": gather.users,
        "names": gather.names,
        "bookings": gather.bookings.known,
        "meetings": gather.bookings.meetings,
        "second_looks": judge.second_looks,
        "unconfirmed": judge.unconfirmed,
    }


# --- controller ---------------------------------------------------------------------------------


def _activate_controller(config: pytest.Config) -> None:
    if config.getoption("flowscape_demo"):
        if config.getoption("flowscape_config"):
            raise pytest.UsageError("Give --flowscape-config or --flowscape-demo, not both.")
        _start_demo(config)
    if not config.getoption("flowscape_config"):
        raise pytest.UsageError("--flowscape-config names no file: write --flowscape-config=SITE.INI.")
    site = asked_site(config)
    rooms = chosen_rooms(site, config.getoption("flowscape_room"))
    run_id = chosen_run_id(config.getoption("flowscape_run_id"))
    config.args[:] = paths_to_run(config)
    option = config.option
    # what only looks at the tests measures nothing, and leaves an earlier report alone
    collect_only = any(getattr(option, name, False) for name in LOOKS_ONLY)
    workers, note = (0, "") if collect_only else count_workers(config, site)
    distributed = workers > 0
    notes = [note, *readable_by_others(site)]
    folder = Path(tempfile.mkdtemp(prefix="flowscape-run-"))  # mkdtemp makes it private
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    try:
        password, directory_password = (NOTHING, NOTHING) if collect_only else run_passwords(site, config)
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
        book=chosen_booking(config, site, rooms),
        # a demo's mailboxes are gone with it, and so is its journal
        journals=folder / "bookings" if config.getoption("flowscape_demo") else personal_journals(),
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
            f"The report's folder cannot be made ({error}): run elsewhere or say --flowscape-report=DIR."
        ) from None
    recorder = Recorder(config, run, reports, collection, [note for note in notes if note])
    # a demo's refusals, planted or not, are nobody's account
    personal = None if config.getoption("flowscape_demo") else personal_folder()
    recorder.refusals = RunRefusals.of(site, reports, personal=personal)
    forms = _forms(run)
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

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Sign in before xdist starts its workers, where the paths given hold a requirement at all."""
        if self._distributed and self._may_hold_requirements():
            self._measure()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Sign in before the first test of a single process, if a requirement was collected."""
        broken = session.testsfailed and not self._config.option.continue_on_collection_errors
        if self._distributed or broken:
            return
        if any(requirement_of(item) for item in session.items):
            facts = self._measure()
            gather = self._gather = Gather(self._run, facts)
            judge = Judge(load_requirements(), gather)
            self._config.stash[JUDGE] = judge
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
    def pytest_xdist_make_scheduler(self, config: pytest.Config) -> RoomScheduling | None:
        """Schedule by chunks of rooms, whatever --dist says."""
        return RoomScheduling(config, self._run) if self._facts is not None else None

    def _may_hold_requirements(self) -> bool:
        """Tell whether a path given names our package: without importing it no test declares a requirement."""
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
                    self._facts = gather_site(self._after_refusals(refusals), reads=attributes_judged(self._run))
                    self._recorder.facts = self._facts
                finally:
                    # at once: a run that is killed later leaves its note, and so does one that is interrupted here
                    self._recorder.note_refusals(signed_in=True)
            self._facts = self._recorder.facts = book_first(self._run, self._facts)
        assert self._facts is not None
        return self._facts

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Remove what a process that died has left of its bookings, before the report is written."""
        facts = self._facts
        if not self._run.book or facts is None or facts.ews_cause:
            return
        gather = self._gather or Gather(self._run, facts)
        gather.bookings.end()  # its own journal counts as any other: what is open in it is looked for once more
        try:
            swept = sweep_left(self._run, gather.bookings)
        finally:
            gather.close()
        self._recorder.facts = replace(facts, sweep=Sweep.together([facts.sweep, swept]))

    def _after_refusals(self, refusals: RunRefusals) -> Run:
        """Give the run with what earlier ones noted; looked at anew, since another run may just have been refused."""
        if self._config.getoption("flowscape_retry_sign_in"):
            return self._run
        now = utc_now()
        directory = refusals.directory.since(now) if refusals.directory else None
        return replace(self._run, refused_at=refusals.account.since(now), directory_refused_at=directory)
