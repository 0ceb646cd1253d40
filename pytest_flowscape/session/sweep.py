"""--flowscape-sweep: remove what interrupted runs left in calendars, and say what was removed."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_flowscape.booking.journal import sweep_without_server
from pytest_flowscape.core.errors import FlowscapeError, PasswordError
from pytest_flowscape.core.interruption import INTERRUPTION
from pytest_flowscape.core.own_state import BOOKINGS, REFUSED_SIGN_INS, state_folder
from pytest_flowscape.core.secret import NOTHING, encodings, scrub
from pytest_flowscape.facts import Sweep
from pytest_flowscape.gathering.facts import Facts
from pytest_flowscape.gathering.refusals import RunRefusals
from pytest_flowscape.gathering.site import gather_site, utc_now
from pytest_flowscape.judging.causes import sentence
from pytest_flowscape.report.text import printable
from pytest_flowscape.session.command_line import run_id_from, site_from
from pytest_flowscape.session.first_booking import sweep_left
from pytest_flowscape.session.password_prompt import fetch_passwords
from pytest_flowscape.site.model import Users
from pytest_flowscape.site.one_run import Run


def run_sweep(config: pytest.Config) -> int:
    """Sweep for the site of ``--flowscape-config`` and print what was done; 0 where nothing is left, else 1.

    Without anything in the journals no server is asked and no password is read.
    Raises UsageError.
    """
    if config.getoption("flowscape_demo") or not config.getoption("flowscape_config"):
        raise pytest.UsageError("--flowscape-sweep: add --flowscape-config=SITE.INI.")
    site = site_from(config)
    run = Run(
        # only the account signs in: no room, no user and no canary is asked
        site=replace(site, rooms=(), users=Users()),
        run_id=run_id_from(config.getoption("flowscape_run_id")),
        folder=Path(),
        rooms=(),
        password=NOTHING,
        directory_password=NOTHING,
        started=utc_now(),
        journals=state_folder(BOOKINGS),
    )
    swept = sweep_without_server(run)
    forms: tuple[str, ...] = ()
    if swept is None:
        try:
            passwords = fetch_passwords(site, config)
        except PasswordError as error:
            raise pytest.UsageError(str(error)) from None
        config.add_cleanup(INTERRUPTION.listen())
        forms = tuple(form for secret in passwords for form in encodings(secret.reveal()))
        run = replace(run, password=passwords[0], directory_password=passwords[1])
        swept = _sweep(run, retry=bool(config.getoption("flowscape_retry_sign_in")))
    for line in _lines(swept):
        print(printable(scrub(line, forms)))  # noqa: T201  the option's purpose
    if INTERRUPTION:
        return pytest.ExitCode.INTERRUPTED
    return 0 if swept.clean and not swept.awaited else 1


def _lines(swept: Sweep) -> Iterator[str]:
    """Return what was removed and what was not, one line each."""
    for item in swept.removed:
        yield f"Removed: {item}"
    for item, why in swept.left:
        yield f"NOT REMOVED: {item}: {why}"
    for item in swept.strangers:
        yield f"NOT OURS: {item}: it has the mark of an acceptance run, but is in no journal here"
    for text in swept.not_ours:
        yield f"LEFT ALONE: {text}"
    for item in swept.awaited:
        yield f"LOOK AGAIN: nothing of {item} is left, but mail about it may still arrive: {' and '.join(item.due)}"
    if not swept:
        yield "Nothing to remove: no interrupted booking by this user on this machine is known."
    elif swept.removed:
        yield "What was removed stays in Recoverable Items until the mailbox's retention time ends."


def _sweep(run: Run, *, retry: bool) -> Sweep:
    """Sign in as carefully as any run, and sweep."""
    no_report = Path(tempfile.gettempdir()) / "flowscape-none"
    refusals = RunRefusals.of(run.site, no_report, personal=state_folder(REFUSED_SIGN_INS))
    try:
        # the folder is private to the user
        with tempfile.TemporaryDirectory(prefix="flowscape-run-", ignore_cleanup_errors=True) as folder:
            with refusals.account.turn():
                run = replace(run if retry else refusals.before(run), folder=Path(folder))
                facts = gather_site(run)
            if facts.ews_closed:
                return Sweep(not_ours=(f"nothing was removed: {sentence(facts.ews_closed)}",))
            with contextlib.closing(Facts(run, facts)) as own:
                return sweep_left(run, own.bookings)
    except FlowscapeError as error:
        return Sweep(not_ours=(f"nothing was removed: {error}",))
    except KeyboardInterrupt:  # what was removed is known to the journals
        return Sweep(not_ours=("interrupted: run --flowscape-sweep again",))
