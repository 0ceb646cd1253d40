"""The pytest plugin: options, and nothing else until one of them is used.

Merely installed it registers no fixture and imports nothing heavy.
"""

from __future__ import annotations

import pytest

NEEDS_A_RUN = (
    "flowscape_add",
    "flowscape_book",
    "flowscape_plan",
    "flowscape_report",
    "flowscape_retry_sign_in",
    "flowscape_room",
    "flowscape_run_id",
    "flowscape_sweep",
)
WANTS_A_RUN = ("flowscape_config", "flowscape_demo")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, all under one heading."""
    group = parser.getgroup("flowscape", "acceptance tests of an Exchange site for Flowscape")
    group.addoption(
        "--flowscape-config",
        metavar="SITE.INI",
        help="run the acceptance tests of this site file",
    )
    group.addoption(
        "--flowscape-demo",
        nargs="?",
        const="ready",
        metavar="SCENARIO",
        help="run them on a built-in simulator: ready (the default) or typical",
    )
    group.addoption(
        "--flowscape-template",
        action="store_true",
        help="print a commented site file and exit",
    )
    group.addoption(
        "--flowscape-room",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="test only this room (repeatable); such a run is at best INCOMPLETE",
    )
    group.addoption(
        "--flowscape-add",
        action="append",
        default=[],
        metavar="PATH",
        help="also run the tests in this file or folder (repeatable)",
    )
    group.addoption(
        "--flowscape-book",
        nargs="?",
        const="room",
        choices=("room", "meeting"),
        help="book each room at night, extend, end and delete the booking; =meeting also invites the rooms listed in "
        "[booking] (this writes to calendars, see docs/booking.md)",
    )
    group.addoption(
        "--flowscape-sweep",
        action="store_true",
        help="remove what an interrupted run with --flowscape-book left, list it, and exit",
    )
    group.addoption(
        "--flowscape-plan",
        action="store_true",
        help="print what the run would send, for the change ticket, without sending anything, and exit",
    )
    group.addoption(
        "--flowscape-run-id",
        metavar="UUID",
        help="use this run id, as printed by --flowscape-plan, instead of a new one",
    )
    group.addoption(
        "--flowscape-report",
        metavar="DIR",
        help="write the report to this folder instead of reports/<site>",
    )
    group.addoption(
        "--flowscape-retry-sign-in",
        action="store_true",
        help="sign in even if the account was refused less than 60 minutes ago",
    )


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Handle the options that print or sweep instead of running tests.

    xdist has counted its workers by then. Raises UsageError.
    """
    if config.getoption("flowscape_template"):
        from pytest_flowscape.site.template import TEMPLATE  # noqa: PLC0415  loaded only when asked for

        print(TEMPLATE, end="")  # noqa: T201  the option's purpose
        return 0
    if config.getoption("flowscape_plan"):
        from pytest_flowscape.session.plan import print_plan  # noqa: PLC0415  loaded only when asked for

        print_plan(config)
        return 0
    if config.getoption("flowscape_sweep"):
        from pytest_flowscape.session.sweep import run_sweep  # noqa: PLC0415  loaded only when asked for

        return run_sweep(config)
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set up a run if one of our options asks for it, before xdist and pytest-html look at theirs."""
    sent = getattr(config, "workerinput", None)
    options = [name for name in WANTS_A_RUN if config.getoption(name) is not None]
    if sent is None and not options and any(config.getoption(name) for name in NEEDS_A_RUN):
        names = ", ".join(f"--{name.replace('_', '-')}" for name in NEEDS_A_RUN if config.getoption(name))
        raise pytest.UsageError(f"{names}: add --flowscape-config=SITE.INI or --flowscape-demo.")
    if options if sent is None else "flowscape" in sent:
        if sent is None:
            from pytest_flowscape.session.controller import set_up_controller as set_up  # noqa: PLC0415  heavy
        else:
            from pytest_flowscape.session.worker import set_up_worker as set_up  # noqa: PLC0415  heavy: only when used

        set_up(config)
