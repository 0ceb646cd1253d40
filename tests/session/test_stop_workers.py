"""At an interruption workers are told, heard out, and ended: with real processes, and an xdist session made up."""

from __future__ import annotations

import queue
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_flowscape.core import interruption
from pytest_flowscape.session import stop_workers
from pytest_flowscape.session.stop_workers import Workers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a signal is a kill there")

# each says when it is ready; the first ends when it is told to, the second does not listen
LISTENS = "import signal, sys; signal.signal(15, lambda *_: sys.exit(7)); print('ready', flush=True); signal.pause()"
DEAF = "import signal; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); signal.pause(); signal.pause()"


class Node:
    """What is used of xdist's controller of a worker."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.gateway = SimpleNamespace(_io=SimpleNamespace(popen=process))


class Session:
    """What is used of pytest's configuration and of xdist's session."""

    def __init__(self, *programs: str) -> None:
        self.reports: list[Any] = []
        self.ended: list[Any] = []
        self.processes = [
            subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for program in programs
        ]
        for process in self.processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        self.nodes = [Node(process) for process in self.processes]
        self.dsession = SimpleNamespace(
            _active_nodes=list(self.nodes), queue=queue.Queue(), nodemanager=SimpleNamespace(EXIT_TIMEOUT=10)
        )
        self.pluginmanager = SimpleNamespace(getplugin=lambda name: self.dsession if name == "dsession" else None)
        self.hook = SimpleNamespace(
            pytest_runtest_logreport=self._keep,
            pytest_testnodedown=lambda node, error: self.ended.append((node, error)),
        )

    def _keep(self, report: Any) -> None:
        self.reports.append(report)


@pytest.fixture
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    made = Session(*request.param)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.parametrize("session", [(LISTENS, LISTENS)], indirect=True, ids=["two"])
def test_every_worker_is_told_to_stop(session: Session) -> None:
    Workers(session).stop()  # type: ignore[arg-type]
    assert [process.wait(30) for process in session.processes] == [7, 7]


@pytest.mark.parametrize("session", [(DEAF, DEAF)], indirect=True, ids=["two"])
def test_who_has_said_everything_is_left_to_xdist_and_the_other_is_ended(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stop_workers, "LAST_WORDS", 0.1)
    first, second = session.nodes
    report = SimpleNamespace()
    session.dsession.queue.put(("testreport", {"node": second, "rep": report}))
    session.dsession.queue.put(("collectionstart", {"node": second}))
    session.dsession.queue.put(("workerfinished", {"node": first}))
    Workers(session).wait()  # type: ignore[arg-type]
    assert session.reports == [report]
    assert report.node is second
    assert session.ended == [(first, None)]
    assert session.processes[0].poll() is None
    assert session.processes[1].poll() == -9
    assert session.dsession.nodemanager.EXIT_TIMEOUT < 1


@pytest.mark.parametrize("session", [(DEAF,)], indirect=True, ids=["one"])
@pytest.mark.parametrize("event", ["errordown", "internal_error"])
def test_a_worker_that_has_died_is_not_waited_for(event: str, session: Session) -> None:
    session.dsession.queue.put((event, {"node": session.nodes[0], "error": "x"}))
    Workers(session).wait()  # type: ignore[arg-type]  it would wait for seconds
    assert session.processes[0].poll() is None


def test_without_xdist_there_is_nobody() -> None:
    nobody = SimpleNamespace(pluginmanager=SimpleNamespace(getplugin=lambda _: None))
    Workers(nobody).stop()  # type: ignore[arg-type]
    Workers(nobody).wait()  # type: ignore[arg-type]


def test_time_runs_from_the_signal_on() -> None:
    assert interruption.Interruption().remaining(3.0) == 3.0
