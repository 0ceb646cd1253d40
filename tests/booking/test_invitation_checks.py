"""What speaks against inviting a room, as a request would reach people; what cannot be seen does, too."""

from __future__ import annotations

import pytest

from pytest_flowscape.booking.invitation_checks import (
    REACHES,
    directory_objections,
    exchange_objections,
    temporary_trouble,
)
from pytest_flowscape.facts import CalendarSettings, DirectoryEntry, Holders, Kind, MailTips, Trouble

ROOM = "atlas@demo.test"
NAMES = tuple(REACHES)
QUIET = MailTips(ROOM, restricted=False, moderated=False)
ACCEPTS = CalendarSettings(ROOM, 2)


def holders(attributes: dict[str, bytes], unreadable: frozenset[str] = frozenset()) -> Holders:
    values = {name.lower(): (value,) for name, value in attributes.items()}
    return Holders(ROOM, (DirectoryEntry("CN=Atlas", attributes=values, unreadable=unreadable),))


def test_nothing_speaks_against_a_plain_room() -> None:
    assert directory_objections(holders({})) == ""
    assert directory_objections(holders({"deliverAndRedirect": b"FALSE", "msExchEnableModeration": b"FALSE"})) == ""
    assert exchange_objections(QUIET, ACCEPTS) == ""


@pytest.mark.parametrize("name", NAMES)
def test_each_attribute_that_leads_to_people_speaks_against_it(name: str) -> None:
    found = directory_objections(holders({name: b"TRUE" if "And" in name or "Enable" in name else b"CN=Somebody"}))
    assert name in found
    hidden = directory_objections(holders({}, frozenset((name.lower(),))))
    assert "cannot be seen" in hidden
    assert name in hidden


def test_without_an_object_nothing_is_known() -> None:
    assert "cannot be seen" in directory_objections(Holders(ROOM))
    assert "no [directory]" in directory_objections(None, "no [directory]")


@pytest.mark.parametrize(
    "tips",
    [
        MailTips(ROOM, restricted=True, moderated=False),
        MailTips(ROOM, restricted=False, moderated=True),
        MailTips(ROOM, restricted=None, moderated=False),
        MailTips(ROOM, restricted=False, moderated=None),
        MailTips(ROOM, trouble=Trouble(Kind.OTHER, "ErrorMailTipsDisabled", code="ErrorMailTipsDisabled")),
    ],
)
def test_what_mail_tips_do_not_exclude_speaks_against_it(tips: MailTips) -> None:
    assert exchange_objections(tips, ACCEPTS)


@pytest.mark.parametrize("setting", [None, 0, 1, 3])
def test_only_a_room_that_accepts_by_itself_is_invited(setting: int | None) -> None:
    assert "AutomateProcessing" in exchange_objections(QUIET, CalendarSettings(ROOM, setting))
    hidden = CalendarSettings(ROOM, trouble=Trouble(Kind.NO_ACCESS, "ErrorItemNotFound", code="ErrorItemNotFound"))
    assert "AutomateProcessing" in exchange_objections(QUIET, hidden)


def test_a_temporary_trouble_says_nothing_about_the_room() -> None:
    busy = Trouble(Kind.THROTTLED, "ErrorServerBusy", code="ErrorServerBusy")
    assert temporary_trouble(MailTips(ROOM, trouble=busy), ACCEPTS) is busy
    assert temporary_trouble(QUIET, CalendarSettings(ROOM, trouble=Trouble(Kind.NO_ACCESS, "no"))) is None
