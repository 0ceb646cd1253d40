"""What the command line asks of a run: its site, its rooms, its workers, its id; every mistake a usage error."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from pathlib import Path

import pytest

from pytest_flowscape.core.errors import SiteFileError
from pytest_flowscape.hooks.scheduling import cut_workers
from pytest_flowscape.judging.catalogue import judged_per
from pytest_flowscape.site.model import Room, Site
from pytest_flowscape.site.one_run import BOOK_MEETING
from pytest_flowscape.site.reading import load_site


def site_from(config: pytest.Config) -> Site:
    """Read the site file of ``--flowscape-config``. Raises UsageError with every mistake in it."""
    try:
        return load_site(Path(config.getoption("flowscape_config")), judged_per())
    except SiteFileError as error:
        raise pytest.UsageError(*(str(mistake) for mistake in error.mistakes)) from None


def select_rooms(site: Site, addresses: Iterable[str]) -> tuple[Room, ...]:
    """Return the rooms with these addresses, all if there are none. Raises UsageError for one that the site lacks."""
    wanted = {address.strip().lower() for address in addresses}
    unknown = sorted(wanted - {room.email for room in site.rooms})
    if unknown:
        raise pytest.UsageError(*(f"--flowscape-room={address}: {site.path} has no such room." for address in unknown))
    return tuple(room for room in site.rooms if not wanted or room.email in wanted)


def run_id_from(text: str | None) -> str:
    """Return the run's id: the one asked for in its usual form, else a new one. Raises UsageError if it is no UUID."""
    if text is None:
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise pytest.UsageError(
            f"--flowscape-run-id={text[:60]} is not a UUID; copy the one that --flowscape-plan printed."
        ) from None


def booking_kind(config: pytest.Config, site: Site, rooms: Iterable[Room]) -> str:
    """Return what the run is to book: ``room``, ``meeting`` or nothing.

    Raises UsageError for meetings where the site file lists none of the chosen
    rooms for them: a room is invited by name only, and with somebody's approval.
    """
    book = str(config.getoption("flowscape_book") or "")
    if book == BOOK_MEETING and not site.booking.rooms:
        raise pytest.UsageError(
            f"--flowscape-book=meeting: {site.path} has no [booking] section; add one with the `rooms` that may be "
            "invited, a `window`, and who approved it (`approved_by`): docs/site-file.md."
        )
    if book == BOOK_MEETING and not {room.email for room in rooms} & set(site.booking.rooms):
        raise pytest.UsageError(
            f"--flowscape-book=meeting: `rooms` under [booking] in {site.path} lists none of the chosen rooms."
        )
    return book


def count_workers(config: pytest.Config, site: Site) -> tuple[int, str]:
    """Return the number of xdist's workers, cut to the connection budget, and the note on a cut; 0 for one process."""
    if config.getoption("dist", "no") == "no" or not config.getoption("tx", None):
        return 0, ""
    note = cut_workers(config, site.exchange.max_connections)
    return len(config.option.tx), note
