"""Run the simulator: ``python -m pytest_flowscape.simulator --folder DIR``.

Prints one line of JSON when it is ready, and ends when its standard input
closes, so that it never outlives its parent, or on SIGTERM. Ends with status 3
where a request or an answer was against the schema.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import threading
from pathlib import Path
from typing import Any

from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
    textFileLogObserver,
)

from pytest_flowscape.simulator import scenarios
from pytest_flowscape.simulator.certificates import RIGHT
from pytest_flowscape.simulator.control import Control
from pytest_flowscape.simulator.faults import PlantError, plant
from pytest_flowscape.simulator.runtime import Runtime
from pytest_flowscape.simulator.site_file import write_private, write_site
from pytest_flowscape.simulator.web import quiet_site

SCHEMA_VARIABLE = "FLOWSCAPE_EWS_SCHEMA"
PROBLEMS = 3


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pytest_flowscape.simulator", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where site.ini and the files beside it are written")
    parser.add_argument("--scenario", default="ready", help=f"one of {', '.join(scenarios.builders())}")
    parser.add_argument("--rooms", type=int, help="number of rooms; each scenario has its own default")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[:TARGET]", help="plant this; repeatable")
    parser.add_argument("--timeout", type=float, default=10.0, help="timeout written into site.ini, in seconds")
    return parser.parse_args(arguments)


def _new_password() -> str:
    """Return a password with characters that XML, URLs and shells need escaped."""
    return f"Sim&{secrets.token_urlsafe(12)}<%7>"


def _end_with_parent(reactor: Any) -> None:
    """Stop the reactor when standard input closes."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        reactor.callFromThread(_stop, reactor)

    threading.Thread(target=watch, name="stdin", daemon=True).start()


def _stop(reactor: Any) -> None:
    if reactor.running:
        reactor.stop()


def main(arguments: list[str] | None = None) -> int:
    """Run until standard input closes or SIGTERM, and return the exit status."""
    from twisted.internet import reactor as installed  # noqa: PLC0415  importing it installs it

    reactor: Any = installed
    options = _arguments(arguments)
    only_errors: Any = LogLevelFilterPredicate(LogLevel.error)
    to_stderr: Any = textFileLogObserver(sys.stderr)
    errors: Any = FilteringLogObserver(to_stderr, [only_errors])
    globalLogBeginner.beginLoggingTo([errors], redirectStandardIO=False)
    folder: Path = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    schema = os.environ.get(SCHEMA_VARIABLE)
    try:
        scenario = scenarios.load(options.scenario, rooms=options.rooms, password=_new_password())
        runtime = Runtime(scenario, folder, Path(schema) if schema else None)
        runtime.start(reactor)
        for fault in (*scenario.conditions, *options.fault):
            plant(runtime, fault)
    except (PlantError, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201  the command's answer
        return 2
    site = write_site(
        folder,
        scenario,
        ca_pem=runtime.certificates.ca_pem,
        ports=runtime.ports,
        timeout=options.timeout,
    )
    # so that a proxy in front of the site can show the same certificate, and channel binding holds through it
    pem = runtime.certificates.leaf(RIGHT).private_key_and_cert_chain_pem.bytes()
    write_private(folder / "certificate.pem", pem.decode("ascii"))
    control = Control(runtime)
    port = reactor.listenTCP(0, quiet_site(control), interface="127.0.0.1").getHost().port
    ready = {
        "ready": True,
        "site": str(site),
        "control": f"http://127.0.0.1:{port}/{control.token}",
        **runtime.ports,
        "ca": str(folder / "ca.pem"),
    }
    reactor.callWhenRunning(print, json.dumps(ready), flush=True)
    _end_with_parent(reactor)
    reactor.run()
    for problem in runtime.schema.problems:
        print(problem, file=sys.stderr)  # noqa: T201  the command's answer
    return PROBLEMS if runtime.schema.problems else 0


if __name__ == "__main__":
    sys.exit(main())
