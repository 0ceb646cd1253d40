"""What every process of a run sets up; xdist's worker gets the site's facts and sends home what it measured."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.gathering.clients import Clients
from pytest_flowscape.gathering.facts import Facts
from pytest_flowscape.hooks import fixtures
from pytest_flowscape.hooks.collection import Collection
from pytest_flowscape.hooks.fixtures import CLIENTS, JUDGE
from pytest_flowscape.hooks.outcomes import OutcomeHooks
from pytest_flowscape.hooks.prefetch import Prefetch
from pytest_flowscape.hooks.scrubbing import Scrubber, forms_of, scrub_debug, scrub_logs
from pytest_flowscape.hooks.short_path import ShortPath
from pytest_flowscape.judging.catalogue import load_requirements, suites_folder
from pytest_flowscape.judging.exceptions import Exceptions
from pytest_flowscape.judging.judge import Judge
from pytest_flowscape.probes.ledger import LEDGER
from pytest_flowscape.requirement import MARK
from pytest_flowscape.session.gc_tuning import collect_garbage_rarely
from pytest_flowscape.site.one_run import Run


def register_hooks(config: pytest.Config, run: Run) -> Collection:
    """Register what every process needs; the scrubber last, so that it is the outermost wrapper."""
    config.addinivalue_line("markers", f"{MARK}(requirement): the requirement that a test function proves")
    manager = config.pluginmanager
    manager.register(fixtures, "flowscape-fixtures")
    collect_garbage_rarely(config)
    collection = Collection(run, sign_off=str(suites_folder()) in config.args)
    manager.register(collection, "flowscape-collection")
    exceptions = Exceptions(run.site, run.started.astimezone().date())
    outcomes = OutcomeHooks(run.site, exceptions)
    manager.register(outcomes, "flowscape-outcomes")
    manager.register(ShortPath(config, exceptions, outcomes), "flowscape-short-path")
    forms = forms_of(run)
    if forms:
        manager.register(Scrubber(forms), "flowscape-scrubber")
        scrub_logs(config, forms)
        scrub_debug(config, forms)
    return collection


def open_ledger(config: pytest.Config, run: Run) -> None:
    """Write down for the footprint everything that this process sends."""
    LEDGER.open(run.folder)
    config.add_cleanup(LEDGER.close)


class Measuring:
    """Facts, judge and clients of a process that runs tests."""

    def __init__(self, config: pytest.Config, run: Run, site_facts: SiteFacts) -> None:
        self.facts = Facts(run, site_facts)
        self.judge = Judge(load_requirements(), self.facts)
        config.stash[JUDGE] = self.judge
        clients = Clients(self.facts.sessions)  # no client is made before a test asks for one
        config.stash[CLIENTS] = clients
        config.add_cleanup(clients.close)
        config.add_cleanup(self.facts.close)

    def measured(self) -> dict[str, Any]:
        """Return what this process measured, for notes and evidence; nothing more is fetched."""
        return {
            **self.facts.measured(),
            "second_looks": self.judge.second_looks,
            "unconfirmed": self.judge.unconfirmed,
        }


def set_up_worker(config: pytest.Config) -> None:
    """Set up a worker from what the controller sent."""
    config.add_cleanup(INTERRUPTION.listen())
    sent: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
    # from our own controller, through its pipe
    fields, facts, arguments = pickle.loads(sent.pop("flowscape"))  # noqa: S301
    config.args[:] = arguments
    password, directory_password = (Secret(text) for text in sent.pop("flowscape_secrets"))
    run = Run(password=password, directory_password=directory_password, **fields)
    register_hooks(config, run)
    open_ledger(config, run)
    measuring = Measuring(config, run, facts)
    config.pluginmanager.register(WorkerEnd(measuring), "flowscape-worker")
    config.pluginmanager.register(Prefetch(run, measuring.facts, measuring.judge), "flowscape-prefetch")


class WorkerEnd:
    """Sends home what a worker measured, and ends its connections."""

    def __init__(self, measuring: Measuring) -> None:
        self._measuring = measuring

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Put the facts into what xdist carries to the controller."""
        output: dict[str, Any] = session.config.workeroutput  # type: ignore[attr-defined]
        output["flowscape"] = pickle.dumps(self._measuring.measured())
        self._measuring.facts.close()

    def pytest_keyboard_interrupt(self) -> None:
        """Ask nothing more ahead of tests that will not run."""
        self._measuring.facts.stop()
