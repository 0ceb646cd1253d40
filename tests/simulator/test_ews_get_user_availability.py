"""GetUserAvailability of the simulated EWS: what it shows to whom, in which zone, and where a request asks too much."""

from __future__ import annotations

import pytest

from tests.simulator.ews_client import Client
from tests.simulator.free_busy_request import FreeBusyRequest
from tests.simulator.harness import Simulator

ROOM = "atlas@demo.test"
OTHER = "aurora@demo.test"  # one appointment, on the first of the sample days
THREE = "zuerich@demo.test"  # three of them, on 2, 3 and 4 March 2020 from 09:00 to 10:00 UTC
USER = "anna.lind@demo.test"
BERLIN = ("-60", "3", "10")


def test_free_and_busy_in_utc_where_no_zone_is_named(simulator: Simulator, client: Client) -> None:
    reply = client.basic(FreeBusyRequest((OTHER,)).body())
    assert reply.codes == ["NoError"]
    assert reply.text(".//t:MergedFreeBusy") == "0" * 9 + "2" + "0" * 14
    assert reply.text(".//t:CalendarEvent/t:StartTime") == "2020-03-02T09:00:00"
    assert simulator.count("ews.GetUserAvailability") == 1
    assert simulator.count(f"mailbox.{OTHER}") == 1


def test_local_times_of_the_requests_zone(client: Client) -> None:
    reply = client.basic(FreeBusyRequest((OTHER,), zone=BERLIN).body())
    assert reply.text(".//t:MergedFreeBusy").index("2") == 10
    assert reply.text(".//t:CalendarEvent/t:EndTime") == "2020-03-02T11:00:00"
    # the same moment, told on the clock of a summer: the window decides by its own offset, not the sender's words
    aware = client.basic(
        FreeBusyRequest((OTHER,), start="2020-03-01T23:00:00Z", end="2020-03-02T23:00:00Z", zone=BERLIN).body()
    )
    assert aware.text(".//t:MergedFreeBusy") == reply.text(".//t:MergedFreeBusy")


def test_a_southern_zone_where_the_year_begins_in_summer(client: Client) -> None:
    """Its summer ends with March: on 2 March the clock is an hour ahead of its bias of -60."""
    reply = client.basic(FreeBusyRequest((OTHER,), zone=("-60", "10", "3")).body())
    assert reply.text(".//t:CalendarEvent/t:StartTime") == "2020-03-02T11:00:00"


def test_working_hours_come_with_the_mailboxs_zone(client: Client) -> None:
    reply = client.basic(FreeBusyRequest((OTHER,)).body())
    assert reply.text(".//t:WorkingPeriod/t:DayOfWeek") == "Monday Tuesday Wednesday Thursday Friday"
    hours = [reply.text(f".//t:WorkingPeriod/t:{name}") for name in ("StartTimeInMinutes", "EndTimeInMinutes")]
    assert hours == ["480", "1020"]
    assert reply.text(".//t:WorkingHours/t:TimeZone/t:Bias") == "-60"
    assert reply.text(".//t:WorkingHours/t:TimeZone/t:DaylightTime/t:Month") == "3"


@pytest.mark.parametrize(
    ("view", "told", "events", "details", "merged"),
    [
        ("MergedOnly", "MergedOnly", 0, 0, True),
        ("FreeBusy", "FreeBusy", 3, 0, False),
        ("FreeBusyMerged", "FreeBusyMerged", 3, 0, True),
        ("Detailed", "Detailed", 3, 3, False),
        ("DetailedMerged", "DetailedMerged", 3, 3, True),
    ],
)
def test_each_view(client: Client, view: str, told: str, *, events: int, details: int, merged: bool) -> None:
    reply = client.basic(FreeBusyRequest((THREE,), end="2020-03-05T00:00:00", interval="1440", view=view).body())
    assert reply.text(".//t:FreeBusyViewType") == told
    assert len(reply.all(".//t:CalendarEvent")) == events
    assert len(reply.all(".//t:CalendarEventDetails")) == details
    assert reply.text(".//t:MergedFreeBusy") == ("222" if merged else "")


def test_what_reaches_into_the_window_and_a_last_interval_that_is_shorter(client: Client) -> None:
    asked = FreeBusyRequest((OTHER,), start="2020-03-02T09:30:00", end="2020-03-02T10:20:00", interval="20")
    assert client.basic(asked.body()).text(".//t:MergedFreeBusy") == "220"


def test_without_a_grant_only_the_times_are_seen(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"PERMISSION-1:{OTHER}")
    reply = client.basic(FreeBusyRequest((OTHER, USER)).body())
    assert [e.text for e in reply.all(".//t:FreeBusyViewType")] == ["FreeBusyMerged", "FreeBusyMerged"]
    assert reply.all(".//t:CalendarEventDetails") == []
    # as the room itself, everything
    assert len(client.basic(FreeBusyRequest((OTHER,), impersonate=OTHER).body()).all(".//t:Subject")) == 1


def test_each_mailbox_has_its_own_answer_in_order(simulator: Simulator, client: Client) -> None:
    simulator.plant(f"moving:{ROOM}")
    reply = client.basic(FreeBusyRequest(("nobody@demo.test", OTHER, ROOM)).body())
    assert reply.codes == ["ErrorMailRecipientNotFound", "NoError", "ErrorMailboxMoveInProgress"]
    assert [e.text for e in reply.all(".//t:FreeBusyViewType")] == ["None", "DetailedMerged", "None"]


def test_an_alias_is_as_good(client: Client) -> None:
    assert client.basic(FreeBusyRequest((f"room-{OTHER}",)).body()).text(".//t:MergedFreeBusy").count("2") == 1


def test_a_hundred_mailboxes_and_no_more(client: Client) -> None:
    assert len(client.basic(FreeBusyRequest((OTHER,) * 100).body()).codes) == 100
    over = client.basic(FreeBusyRequest((OTHER,) * 101).body())
    assert (over.status, over.fault) == (500, "ErrorMailboxDataArrayTooBig")
    assert client.basic(FreeBusyRequest(()).body()).fault == "ErrorMailboxDataArrayEmpty"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (FreeBusyRequest((OTHER,), end="2020-03-02T00:00:00"), "ErrorInvalidTimeInterval"),
        (FreeBusyRequest((OTHER,), end="2020-04-13T00:00:01"), "ErrorTimeIntervalTooBig"),
        (FreeBusyRequest((OTHER,), interval="4"), "ErrorInvalidMergedFreeBusyInterval"),
        (FreeBusyRequest((OTHER,), interval="1441"), "ErrorInvalidMergedFreeBusyInterval"),
    ],
)
def test_requests_that_ask_too_much(client: Client, asked: FreeBusyRequest, code: str) -> None:
    assert client.basic(asked.body()).fault == code


def test_forty_two_days_are_allowed(client: Client) -> None:
    assert client.basic(FreeBusyRequest((OTHER,), end="2020-04-13T00:00:00").body()).codes == ["NoError"]
