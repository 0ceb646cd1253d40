"""The envelopes that are sent: exactly this, valid against the public schema, safe with any address."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from lxml import etree

from pytest_flowscape.probes.ews import get_folder, resolve_names, sync_folder_items
from pytest_flowscape.probes.ews.request import DistinguishedFolder, Summary, summary_of

FIVE = ("msgfolderroot", "inbox", "calendar", "sentitems", "deleteditems")
ATLAS = "atlas@demo.test"
ODD = 'o\'brien&<x>+"ä"@demo.test'
ENVELOPES = {
    "own": get_folder.request([DistinguishedFolder("inbox"), DistinguishedFolder("inbox", "svc@demo.test")]),
    "delegate": get_folder.request([DistinguishedFolder(name, "atlas@demo.test") for name in FIVE], rights=True),
    "owner": get_folder.request(
        [DistinguishedFolder(name, "atlas@demo.test") for name in FIVE],
        impersonate="atlas@demo.test",
        rights=True,
        permissions=True,
    ),
    "user": get_folder.request([DistinguishedFolder("calendar", "u@demo.test")], impersonate="u@demo.test"),
    "odd": get_folder.request([DistinguishedFolder("calendar", ODD)], impersonate=ODD),
    "sync": sync_folder_items.request(DistinguishedFolder("calendar", ATLAS), impersonate=ATLAS),
    "sync-own": sync_folder_items.request(DistinguishedFolder("calendar")),
    "resolve": resolve_names.request("smtp:atlas@demo.test"),
}


@pytest.fixture(scope="module")
def schema() -> ModuleType:
    named = os.environ.get("FLOWSCAPE_EWS_SCHEMA")
    if not named:
        if os.environ.get("CI") == "true":
            pytest.fail("FLOWSCAPE_EWS_SCHEMA names no folder with the public EWS schema")
        pytest.skip("FLOWSCAPE_EWS_SCHEMA names no folder with the public EWS schema")
    spec = importlib.util.spec_from_file_location("ews_schema_of_requests", Path(named) / "load_schema.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ENVELOPES)
def test_valid_against_the_schema(schema: ModuleType, name: str) -> None:
    assert schema.problems(ENVELOPES[name]) == []


def test_the_schema_would_notice(schema: ModuleType) -> None:
    assert schema.problems(ENVELOPES["own"].replace(b"IdOnly", b"Everything"))


def text(name: str) -> str:
    return ENVELOPES[name].decode()


def test_bare_folder_comes_first_without_a_mailbox() -> None:
    ids = etree.fromstring(ENVELOPES["own"]).findall(".//{*}DistinguishedFolderId")
    assert [[child.findtext("{*}EmailAddress") for child in one] for one in ids] == [[], ["svc@demo.test"]]


def test_nothing_but_ids_of_people() -> None:
    user = text("user")
    assert "<t:BaseShape>IdOnly</t:BaseShape>" in user
    assert "FieldURI" not in user
    assert "AllProperties" not in "".join(map(text, ENVELOPES))


def test_impersonation_only_where_asked() -> None:
    assert "ExchangeImpersonation" not in text("delegate")
    assert text("owner").count("<t:PrimarySmtpAddress>atlas@demo.test</t:PrimarySmtpAddress>") == 1


@pytest.mark.parametrize(
    "address",
    [
        "room@contoso.test",
        "o'hara+1@contoso.test",
        'a"b@contoso.test',
        "a&b@contoso.test",
        "<a>@contoso.test",
        "å@b.test",
    ],
)
def test_a_request_tells_of_itself(address: str) -> None:
    folders = [DistinguishedFolder(name, address) for name in ("calendar", "inbox")]
    assert summary_of(get_folder.request(folders, impersonate=address)) == Summary("GetFolder", address, (address,))
    sync = sync_folder_items.request(folders[0], impersonate=address)
    assert summary_of(sync) == Summary("SyncFolderItems", address, (address,))


def test_whom_a_request_names_and_for_whom_it_acts_stay_apart() -> None:
    folders = [DistinguishedFolder("calendar", "one@contoso.test")]
    summary = summary_of(get_folder.request(folders, impersonate="two@contoso.test"))
    assert (summary.impersonated, summary.mailboxes) == ("two@contoso.test", ("two@contoso.test", "one@contoso.test"))
    assert summary_of(get_folder.request(folders)).impersonated == ""


def test_sync_asks_for_one_change() -> None:
    assert "<m:MaxChangesReturned>1</m:MaxChangesReturned>" in text("sync")
    assert "SyncState" not in text("sync")


def test_any_address_is_data() -> None:
    root = etree.fromstring(ENVELOPES["odd"])
    assert root.findtext(".//{*}EmailAddress") == ODD
    assert root.findtext(".//{*}PrimarySmtpAddress") == ODD
