"""The mistakes that customers make: the site of ``ready`` with eleven of them planted.

``PLANTED`` names every (requirement, target) pair that must fail. What needs
one of those cannot be measured; everything else passes.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from pytest_flowscape.simulator.model import AccessEntry, FolderEntry, Organisation
from pytest_flowscape.simulator.scenarios import Scenario, ready
from pytest_flowscape.simulator.sign_in import filetime

NO_GRANT = ("bergen@demo.test", "oslo@demo.test")
CALENDAR_EDITOR = "kyoto@demo.test"
TOP_FOLDER_ONLY = "library@demo.test"
RENAMED = "malmoe@demo.test"
NEW_NAME = "malmo@demo.test"
MISSPELT = "gotlnad@demo.test"
RIGHT_SPELLING = "gotland@demo.test"
PLAIN_USER = "aurora@demo.test"
OUT_OF_SCOPE_USER = "joerg.maeder@demo.test"
MIN_ROOMS = 12
SITE = "site"

PLANTED: tuple[tuple[str, str], ...] = (
    ("ACCOUNT-1", SITE),
    ("ACCOUNT-4", SITE),
    ("ROOM-1", MISSPELT),
    ("ROOM-1", PLAIN_USER),
    ("ROOM-2", RENAMED),
    ("PERMISSION-1", NO_GRANT[0]),
    ("PERMISSION-1", NO_GRANT[1]),
    ("PERMISSION-1", CALENDAR_EDITOR),
    ("PERMISSION-1", TOP_FOLDER_ONLY),
    ("IMPERSONATION-2", OUT_OF_SCOPE_USER),
    ("IMPERSONATION-3", SITE),
)


def build(rooms: int | None, password: str) -> Scenario:
    """Build the site with this many rooms (24 if None). Raises ValueError below twelve, where the mistakes are."""
    if rooms is not None and rooms < MIN_ROOMS:
        raise ValueError(f"the scenario typical has at least {MIN_ROOMS} rooms")
    scenario = ready.build(rooms, password)
    organisation = scenario.organisation
    _spoil_account(organisation)
    _spoil_grants(organisation)
    _spoil_addresses(organisation)
    scope = organisation.roles[0].scope or set()
    scope.difference_update((OUT_OF_SCOPE_USER, scenario.email))
    scenario.name = "typical"
    scenario.rooms = tuple(MISSPELT if room == RIGHT_SPELLING else room for room in scenario.rooms)
    return scenario


def _spoil_account(organisation: Organisation) -> None:
    """Leave the last name out, and let the password expire by the domain's policy."""
    service = organisation.accounts[organisation.service_account]
    now = datetime.now(timezone.utc)
    service.sn = ""
    service.password_never_expires = False
    service.pwd_last_set = filetime(now - timedelta(days=3))
    service.password_expires = filetime(now + timedelta(days=39))


def _spoil_grants(organisation: Organisation) -> None:
    """Forget two grants, and grant one room on the calendar alone and one on the top folder alone."""
    for room in (*NO_GRANT, CALENDAR_EDITOR):
        organisation.mailboxes[room].access.clear()
    entries = organisation.mailboxes[CALENDAR_EDITOR].folders.setdefault("calendar", [])
    entries.append(FolderEntry(organisation.service_account, "Editor"))
    top_only = AccessEntry(organisation.service_account, subfolders=False)
    organisation.mailboxes[TOP_FOLDER_ONLY].access = [top_only]


def _spoil_addresses(organisation: Organisation) -> None:
    """Rename one room, so that the address handed over is an alias, and make another a plain user mailbox."""
    organisation.rename(RENAMED, NEW_NAME)
    plain = organisation.owner(PLAIN_USER)
    plain.recipient_type_details, plain.recipient_display_type, plain.resource_metadata = 1, 1073741824, ()
