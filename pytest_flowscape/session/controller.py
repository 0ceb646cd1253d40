"""The controller of a run: it reads the site file, measures the site before any test, and serves xdist's workers."""

from __future__ import annotations

import pickle
import shutil
import tempfile
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.core.errors import DemoError, PasswordError
from pytest_flowscape.core.interruption import INTERRUPTION, WITH_WORKERS
from pytest_flowscape.core.own_state import BOOKINGS, REFUSED_SIGN_INS, private_folder, state_folder
from pytest_flowscape.core.secret import NOTHING, scrub
from pytest_flowscape.gathering.refusals import RunRefusals
from pytest_flowscape.gathering.site import utc_now
from pytest_flowscape.hooks.collection import may_hold_requirements, paths_to_run, requirement_of
from pytest_flowscape.hooks.prefetch import prefetch
from pytest_flowscape.hooks.progress import Progress
from pytest_flowscape.hooks.recorder import Recorder
from pytest_flowscape.hooks.run_end import RunEnd
from pytest_flowscape.hooks.scheduling import RoomScheduling
from pytest_flowscape.hooks.scrubbing import forms_of
from pytest_flowscape.hooks.terminal import Terminal
from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.report.files.writing import report_folder
from pytest_flowscape.session.command_line import (
    booking_kind,
    count_workers,
    run_id_from,
    select_rooms,
    site_from,
)
from pytest_flowscape.session.demo import Demo
from pytest_flowscape.session.measurement import Measurement
from pytest_flowscape.session.password_prompt import fetch_passwords, password_file_warnings
from pytest_flowscape.session.stop_workers import Workers
from pytest_flowscape.session.worker import Measuring, open_ledger, register_hooks
from pytest_flowscape.site.one_run import Run

LOOKS_ONLY = ("collectonly", "showfixtures", "show_fixtures_per_test")
SECRETS = ("password", "directory_password")


def set_up_controller(config: pytest.Config) -> None:
    """Set up the run that the command line asks for. Raises UsageError."""
    if config.getoption("flowscape_demo"):
        if config.getoption("flowscape_config"):
            raise pytest.UsageError("Use --flowscape-config or --flowscape-demo, not both.")
        _start_demo(config)
    if not config.getoption("flowscape_config"):
        raise pytest.UsageError("--flowscape-config is empty; write --flowscape-config=SITE.INI.")
    # what only looks at the tests measures nothing, and leaves an earlier report alone
    looks_only = any(getattr(config.option, name, False) for name in LOOKS_ONLY)
    run, notes, distributed = _run(config, looks_only=looks_only)
    collection = register_hooks(config, run)
    catalogue = load_requirements()
    if looks_only:
        return
    open_ledger(config, run)
    reports = _report_folder(config, run)
    manager = config.pluginmanager
    progress = Progress(config, run, [judged.requirement for judged in catalogue.values()])
    # a demo's refusals, planted or not, are nobody's account
    personal = None if config.getoption("flowscape_demo") else state_folder(REFUSED_SIGN_INS)
    refusals = RunRefusals.of(run.site, reports, personal=personal)
    retry = bool(config.getoption("flowscape_retry_sign_in"))
    measurement = Measurement(run, refusals, progress.show, retry=retry)
    recorder = Recorder(config, catalogue, run.site)
    clean = partial(scrub, forms=forms_of(run))
    end = RunEnd(config, run, reports, measurement, recorder, collection, notes, clean)
    manager.register(Terminal(config, run, notes, end.closing_lines), "flowscape-terminal")
    manager.register(progress, "flowscape-progress")
    manager.register(recorder, "flowscape-recorder")
    manager.register(end, "flowscape-run-end")
    controller = Controller(config, run, measurement, recorder, distributed=distributed)
    manager.register(controller, "flowscape-controller")


def _run(config: pytest.Config, *, looks_only: bool) -> tuple[Run, list[str], bool]:
    """Return the run, notes for its header, and whether workers run the tests."""
    site = site_from(config)
    rooms = select_rooms(site, config.getoption("flowscape_room"))
    run_id = run_id_from(config.getoption("flowscape_run_id"))
    config.args[:] = paths_to_run(config)
    workers, note = (0, "") if looks_only else count_workers(config, site)
    notes = [one for one in (note, *password_file_warnings(site)) if one]
    config.add_cleanup(INTERRUPTION.listen())
    folder = Path(tempfile.mkdtemp(prefix="flowscape-run-"))  # mkdtemp makes it private
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    try:
        password, directory_password = (NOTHING, NOTHING) if looks_only else fetch_passwords(site, config)
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
    return run, notes, workers > 0


def _report_folder(config: pytest.Config, run: Run) -> Path:
    base = config.getoption("flowscape_report")
    try:
        if base:
            return private_folder(Path(base))
        return report_folder(config.invocation_params.dir / "reports", run.site)
    except OSError as error:
        raise pytest.UsageError(
            f"The report folder cannot be created ({error}); choose another one with --flowscape-report=DIR."
        ) from None


def _start_demo(config: pytest.Config) -> None:
    try:
        demo = Demo(config.getoption("flowscape_demo"))
    except DemoError as error:
        raise pytest.UsageError(str(error)) from None
    config.add_cleanup(demo.stop)
    config.option.flowscape_config = str(demo.site_file)


class Controller:
    """Has the site measured before anything else, and hands the facts to the processes that run tests."""

    def __init__(
        self, config: pytest.Config, run: Run, measurement: Measurement, recorder: Recorder, *, distributed: bool
    ) -> None:
        self._config = config
        self._run = run
        self._measurement = measurement
        self._recorder = recorder
        self._distributed = distributed
        self._measuring: Measuring | None = None  # without workers
        self._workers = Workers(config)
        self._interruption: KeyboardInterrupt | None = None
        if distributed:
            INTERRUPTION.grace = WITH_WORKERS
            INTERRUPTION.call_at_signal(self._workers.stop)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Sign in before xdist starts its workers, where the paths given hold a requirement at all."""
        if self._distributed and may_hold_requirements(self._config):
            try:
                self._measurement.measure()
            except KeyboardInterrupt as interruption:  # here pytest would end without any report
                self._interruption = interruption

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_xdist_setupnodes(self, specs: list[Any]) -> None:
        """Start no worker once the run has been stopped; last, as xdist's own terminal reporter expects some."""
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
            measuring = self._measuring = Measuring(self._config, self._run, self._measurement.measure())
            prefetch(measuring.facts, measuring.judge, session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send a worker what it needs, through xdist's own pipe: no file, no environment, no argument."""
        facts, run = self._measurement.facts, self._run
        if facts is None:
            return
        values = {one.name: getattr(run, one.name) for one in fields(Run) if one.name not in SECRETS}
        node.workerinput["flowscape"] = pickle.dumps((values, facts, list(self._config.args)))
        node.workerinput["flowscape_secrets"] = (run.password.reveal(), run.directory_password.reveal())

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: Any) -> None:
        """Forget here what has arrived there."""
        node.workerinput.pop("flowscape_secrets", None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config) -> RoomScheduling | None:
        """Schedule by chunks of rooms, whatever --dist says."""
        return None if self._measurement.facts is None else RoomScheduling(config, self._run)

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ask nothing ahead of tests that will not run, and keep the one place that is shown.

        To read the source of every other one takes longer than the report.
        """
        if self._measuring is not None:
            self._measuring.facts.stop()
        if not self._config.option.fulltrace:
            excinfo.traceback = excinfo.traceback[-1:]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Remove what a process that died has left of its bookings, before the report is written."""
        if INTERRUPTION:
            self._workers.wait()
        self._measurement.sweep(self._measuring.facts if self._measuring else None)
        if self._measuring is not None:
            self._recorder.parts.append(self._measuring.measured())
