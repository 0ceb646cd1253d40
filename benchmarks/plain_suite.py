"""What a competent engineer writes in an afternoon: pytest and exchangelib, one Account for each room and test.

Read-only, like the product's required checks: FullAccess by opening the
calendar and the inbox, impersonation, and the synchronisation of the calendar.
``write`` puts it into a folder; it runs there with plain pytest.
"""

from __future__ import annotations

import json
from pathlib import Path

from pytest_flowscape.site.model import Site

SUITE = """
import json
import pathlib

import pytest
from exchangelib import DELEGATE, IMPERSONATION, NTLM, Account, Configuration, Credentials

SITE = json.loads((pathlib.Path(__file__).parent / "site.json").read_text())


@pytest.fixture(scope="session")
def config():
    return Configuration(
        service_endpoint=SITE["endpoint"],
        credentials=Credentials(SITE["username"], SITE["password"]),
        auth_type=NTLM,
    )


def account(config, room, access_type):
    return Account(room, config=config, autodiscover=False, access_type=access_type)


@pytest.mark.parametrize("room", SITE["rooms"])
def test_full_access(config, room):
    rights = account(config, room, DELEGATE).calendar.effective_rights
    assert rights.read and rights.modify and rights.create_contents


@pytest.mark.parametrize("room", SITE["rooms"])
def test_impersonation(config, room):
    assert account(config, room, IMPERSONATION).calendar.effective_rights.read


@pytest.mark.parametrize("room", SITE["rooms"])
def test_calendar_synchronises(config, room):
    for change in account(config, room, IMPERSONATION).calendar.sync_items(max_changes_returned=1):
        break
"""


def write(folder: Path, site: Site, password: str) -> Path:
    """Write the suite with its rooms, and return the file to run. The password lies in it, as it does in real ones."""
    values = {
        "endpoint": f"https://{site.exchange.hostname}:{site.exchange.port}/EWS/Exchange.asmx",
        "username": site.service_account.username,
        "password": password,
        "rooms": [room.email for room in site.rooms],
    }
    (folder / "site.json").write_text(json.dumps(values), encoding="utf-8")
    path = folder / "test_rooms.py"
    path.write_text(SUITE, encoding="utf-8")
    return path
