"""site.ini -> frozen Site, or every mistake of the file at once. No network, and no password is read.

The lines are scanned by ``config_lines``, the keys taken by ``config_keys``,
each section read by its function in ``config_sections`` and
``config_decisions``; this module puts the parts together.
"""

from __future__ import annotations

from pathlib import Path

from pytest_flowscape.core.errors import SiteFileError
from pytest_flowscape.site import sections as read
from pytest_flowscape.site.decisions import read_attestations, read_waivers
from pytest_flowscape.site.keys import Keys, sections
from pytest_flowscape.site.lines import Block, Mistakes, check_against_configparser, read_text, scan
from pytest_flowscape.site.model import Booking, Exchange, PasswordSource, ServiceAccount, Site, Users
from pytest_flowscape.site.rooms import PlacedRoom
from pytest_flowscape.site.values import plain


def load_site(path: Path) -> Site:
    """Read and check a site file, with the room list that it names.

    Relative paths in it start at its folder. Addresses come out lower-case,
    trimmed and IDNA-normalised, in the order of the file. ``customer`` is the
    domain of the service account's address where the file names none.
    An expired waiver is no mistake: the report tells it.

    Raises SiteFileError with every mistake found, in the order of the lines.
    """
    mistakes = Mistakes(path)
    text = read_text(path, kind="site file")
    blocks = scan(text, mistakes)
    site = _read_sections(path, sections(blocks, mistakes), mistakes)
    if not mistakes.found:
        check_against_configparser(text, blocks, mistakes)
    if mistakes.found:
        in_order = sorted(mistakes.found, key=lambda mistake: (mistake.path != path, str(mistake.path), mistake.line))
        raise SiteFileError(tuple(in_order))
    return site


def _read_sections(path: Path, blocks: dict[str, Block], mistakes: Mistakes) -> Site:
    """Read the sections that are there; required ones that are missing were noted before."""
    base = path.absolute().parent
    present = {name: Keys(block, mistakes) for name, block in blocks.items()}
    head, handover = present.get("site"), present.get("handover")
    account = ServiceAccount("", "", PasswordSource("prompt"))
    placed: tuple[PlacedRoom, ...] = ()
    if "service_account" in present:
        account = read.read_service_account(present["service_account"], base)
    if "rooms" in present:
        placed = read.read_room_list(present["rooms"], base, mistakes)
    for place in placed:
        if place.room.email == account.email:
            Mistakes(place.path, mistakes.found).add(
                place.line, f"The room {account.email} is the service account.", "List rooms only; it is tested anyway."
            )
    rooms = tuple(place.room for place in placed)
    users = read.read_users(present["users"], account, rooms) if "users" in present else Users()
    return Site(
        path=path.absolute(),
        customer=_text(head, "customer") or account.email.rpartition("@")[2],
        name=_text(head, "name") or path.stem,
        contact=_text(head, "contact"),
        exchange=read.read_exchange(present["exchange"], base) if "exchange" in present else Exchange(""),
        service_account=account,
        rooms=rooms,
        users=users,
        directory=read.read_directory(present["directory"], base, account) if "directory" in present else None,
        expected_rooms=read.read_expected(present["rooms"]) if "rooms" in present else None,
        booking=read.read_booking(present["booking"], rooms) if "booking" in present else Booking(),
        password_by=_text(handover, "password_by"),
        waivers=read_waivers(blocks.get("waivers", Block("", 1)), rooms, users, mistakes),
        attestations=read_attestations(blocks.get("attestations", Block("", 1)), rooms, users, mistakes),
    )


def _text(keys: Keys | None, key: str) -> str:
    return (keys.one(key, plain) if keys else None) or ""
