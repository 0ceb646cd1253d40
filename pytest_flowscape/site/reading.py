"""site.ini -> frozen Site, or every mistake of the file at once. No network, and no password is read.

``lines`` splits the text, ``keys`` takes the keys of a section one by one,
``sections`` and ``decisions`` read each section; this module puts the parts
together.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_flowscape.core.errors import SiteFileError
from pytest_flowscape.site import sections as read
from pytest_flowscape.site.decisions import Targets, read_attestations, read_waivers
from pytest_flowscape.site.keys import KEYS, Keys, find_sections
from pytest_flowscape.site.lines import Block, Mistakes, check_against_configparser, read_text, scan
from pytest_flowscape.site.model import Site
from pytest_flowscape.site.values import plain, whole_number


def load_site(path: Path, judged_per: Mapping[str, str]) -> Site:
    """Read and check a site file, with the room list that it names.

    Relative paths in it start at its folder. Addresses come out lower-case,
    trimmed and IDNA-normalised, in the order of the file. ``customer`` is the
    domain of the service account's address where the file names none.
    An expired waiver is not a mistake: the report shows it. ``judged_per`` says
    of each requirement that may be waived or attested ``site``, ``room`` or ``user``.

    Raises SiteFileError with every mistake found, in the order of the lines.
    """
    mistakes = Mistakes(path)
    text = read_text(path, kind="site file")
    blocks = scan(text, mistakes)
    site = _read_sections(path, find_sections(blocks, mistakes), judged_per, mistakes)
    if not mistakes.found:
        check_against_configparser(text, blocks, mistakes)
    if mistakes.found:
        in_order = sorted(mistakes.found, key=lambda mistake: (mistake.path != path, str(mistake.path), mistake.line))
        raise SiteFileError(tuple(in_order))
    return site


def _read_sections(path: Path, blocks: dict[str, Block], judged_per: Mapping[str, str], mistakes: Mistakes) -> Site:
    base = path.absolute().parent
    keys = {name: Keys(name, blocks.get(name), mistakes) for name, known in KEYS.items() if known}
    account = read.read_service_account(keys["service_account"], base)
    rooms = read.read_room_list(keys["rooms"], base, account, mistakes)
    users = read.read_users(keys["users"], account, rooms)
    empty = Block("", 1)
    known = Targets(judged_per, rooms, users)
    return Site(
        path=path.absolute(),
        customer=keys["site"].one("customer", plain) or account.email.rpartition("@")[2],
        name=keys["site"].one("name", plain) or path.stem,
        contact=keys["site"].one("contact", plain) or "",
        exchange=read.read_exchange(keys["exchange"], base),
        service_account=account,
        rooms=rooms,
        users=users,
        directory=read.read_directory(keys["directory"], base, account),
        expected_rooms=keys["rooms"].one("expected", whole_number(1, read.MAX_ROOMS, "expected = 5")),
        booking=read.read_booking(keys["booking"], rooms),
        password_by=keys["handover"].one("password_by", plain) or "",
        waivers=read_waivers(blocks.get("waivers", empty), known, mistakes),
        attestations=read_attestations(blocks.get("attestations", empty), known, mistakes),
    )
