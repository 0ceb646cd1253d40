"""exchangelib asks for what is not an item: zones, free/busy, working hours, names, rooms, ids, settings; both ways."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from exchangelib import CalendarItem, EWSDateTime, EWSTimeZone
from exchangelib.errors import (
    ErrorInvalidIdMalformed,
    ErrorItemNotFound,
    ErrorMailboxDataArrayTooBig,
    ErrorMailRecipientNotFound,
    ErrorNameResolutionNoResults,
    ErrorSchemaValidation,
)
from exchangelib.properties import (
    AlternateId,
    DaylightTime,
    Email,
    FreeBusyView,
    FreeBusyViewOptions,
    MailboxData,
    StandardTime,
    TimeWindow,
    TimeZone,
)
from exchangelib.protocol import Protocol
from exchangelib.services import GetUserAvailability
from exchangelib.winzone import MS_TIMEZONE_TO_IANA_MAP

from tests.exchangelib_client.accounts import account, protocol
from tests.simulator.ews_client import EMAIL
from tests.simulator.harness import Simulator, require_schema_folder

ATLAS = "atlas@demo.test"
AURORA = "aurora@demo.test"  # one appointment: 2 March 2020, 09:00 to 10:00 UTC
BERLIN = EWSTimeZone("Europe/Berlin")
DAY = dt.timedelta(days=1)
LAST = 5  # of its weekday in the month


@pytest.fixture
def connected(simulator: Simulator, way: str) -> Iterator[Protocol]:
    """A protocol, signed in either way; one that went another way would be no judge."""
    yield protocol(simulator, way)
    used = {entry["way"].lower() for entry in simulator.log() if entry["status"] != 401}
    assert used == {way}


def busy(found: Protocol, *addresses: str, start: EWSDateTime, days: int = 1, **more: Any) -> list[Any]:
    people = [(address, "Room", False) for address in addresses]
    return list(found.get_free_busy_info(people, start, start + days * DAY, **more))


# --- time zones -------------------------------------------------------------------------------------


def test_every_time_zone_is_one_that_exchangelib_knows(connected: Protocol) -> None:
    zones = list(connected.get_timezones(return_full_timezone_data=True))
    assert len(zones) >= 4
    for zone in zones:
        assert zone.id in MS_TIMEZONE_TO_IANA_MAP
        assert zone.periods
        assert zone.transitions


def test_names_alone(connected: Protocol) -> None:
    (zone,) = connected.get_timezones(timezones=[BERLIN])
    assert (zone.id, zone.periods) == ("W. Europe Standard Time", None)


@pytest.mark.parametrize("year", [2005, 2008, 2020, 2026])
def test_zones_agree_with_the_time_zone_database(simulator: Simulator, year: int) -> None:
    """Bias and both changes of each zone, computed by exchangelib, against those of the IANA database."""
    for zone in protocol(simulator).get_timezones(return_full_timezone_data=True):
        told = TimeZone.from_server_timezone(zone, for_year=year)
        known = ZoneInfo(MS_TIMEZONE_TO_IANA_MAP[zone.id])
        start = dt.datetime(year, 1, 1, tzinfo=dt.timezone.utc)
        hours = [start + dt.timedelta(hours=n) for n in range(365 * 24)]
        offsets = [moment.astimezone(known).utcoffset() for moment in hours]
        changes = [at for at in range(1, len(hours)) if offsets[at] != offsets[at - 1]]
        assert -told.bias * 60 == min(o.total_seconds() for o in offsets if o is not None), zone.id
        expected = [(hours[at - 1].astimezone(known) + dt.timedelta(hours=1)).replace(tzinfo=None) for at in changes]
        assert sorted(_moments(told, year)) == expected, zone.id


def _moments(zone: TimeZone, year: int) -> list[dt.datetime]:
    """Return the local times of a zone's changes in a year; none where both have no bias (exchangelib's filler)."""
    if not zone.standard_time.bias and not zone.daylight_time.bias:
        return []
    return [_moment(change, year) for change in (zone.standard_time, zone.daylight_time)]


def _moment(change: StandardTime | DaylightTime, year: int) -> dt.datetime:
    days = [dt.date(year, change.iso_month, 1) + n * DAY for n in range(31)]
    wanted = [d for d in days if d.month == change.iso_month and d.isoweekday() == change.weekday]
    return dt.datetime.combine(wanted[-1 if change.occurrence == LAST else change.occurrence - 1], change.time)


# --- free/busy --------------------------------------------------------------------------------------


def test_free_and_busy_in_the_callers_zone(connected: Protocol) -> None:
    start = EWSDateTime(2020, 3, 2, tzinfo=BERLIN)
    (view,) = busy(connected, AURORA, start=start, merged_free_busy_interval=60)
    assert view.merged == "0" * 10 + "2" + "0" * 13
    (event,) = view.calendar_events
    assert event.start == EWSDateTime(2020, 3, 2, 9, tzinfo=EWSTimeZone("UTC"))
    assert (event.busy_type, event.details.subject) == ("Busy", "Meeting 1")


def test_working_hours_and_the_zone_of_a_mailbox(connected: Protocol) -> None:
    (view,) = busy(connected, AURORA, start=EWSDateTime(2020, 3, 2, tzinfo=BERLIN))
    (period,) = view.working_hours
    assert period.weekdays == [1, 2, 3, 4, 5]
    assert (period.start, period.end) == (dt.time(8), dt.time(17))
    zones = list(connected.get_timezones(return_full_timezone_data=True))
    found = view.working_hours_timezone.to_server_timezone(zones, for_year=2020)
    assert found in ("W. Europe Standard Time", "Romance Standard Time")  # the same clock


def test_each_mailbox_has_its_own_answer(connected: Protocol) -> None:
    start = EWSDateTime(2020, 3, 2, tzinfo=BERLIN)
    unknown, known = busy(connected, "nobody@demo.test", AURORA, start=start)
    assert isinstance(unknown, ErrorMailRecipientNotFound)
    assert isinstance(known, FreeBusyView)


def test_a_hundred_mailboxes_at_once(connected: Protocol, simulator: Simulator) -> None:
    start = EWSDateTime(2020, 3, 2, tzinfo=BERLIN)
    assert len(busy(connected, *[AURORA] * 100, start=start)) == 100
    assert simulator.count("ews.GetUserAvailability") == 1


def test_more_in_one_request_are_refused(connected: Protocol) -> None:
    """By itself exchangelib asks for a hundred at once; its service can ask for more."""
    (zone,) = connected.get_timezones(timezones=[BERLIN], return_full_timezone_data=True)
    start = EWSDateTime(2020, 3, 2, tzinfo=BERLIN)
    window = TimeWindow(start=start, end=start + DAY)
    person = MailboxData(email=Email(email_address=AURORA), attendee_type="Room", exclude_conflicts=False)
    asked = GetUserAvailability(connected, chunk_size=101).call(
        tzinfo=BERLIN,
        mailbox_data=[person] * 101,
        timezone=TimeZone.from_server_timezone(zone, for_year=2020),
        free_busy_view_options=FreeBusyViewOptions(
            time_window=window, merged_free_busy_interval=30, requested_view="FreeBusy"
        ),
    )
    with pytest.raises(ErrorMailboxDataArrayTooBig):
        list(asked)


def test_without_a_grant_details_are_hidden(connected: Protocol, simulator: Simulator) -> None:
    simulator.plant(f"PERMISSION-1:{AURORA}")
    (view,) = busy(connected, AURORA, start=EWSDateTime(2020, 3, 2, tzinfo=BERLIN))
    assert view.view_type == "FreeBusyMerged"
    assert [event.details for event in view.calendar_events] == [None]


def test_an_appointment_in_summer_blocks_the_room_and_its_event_id_leads_to_it(simulator: Simulator, way: str) -> None:
    room = account(simulator, way, address=ATLAS)
    start = EWSDateTime(2026, 7, 6, 14, 30, tzinfo=BERLIN)
    item = CalendarItem(folder=room.calendar, subject="Summer", start=start, end=start + dt.timedelta(minutes=45))
    item.save(send_meeting_invitations="SendToNone")
    midnight = EWSDateTime(2026, 7, 6, tzinfo=BERLIN)
    (view,) = busy(room.protocol, ATLAS, start=midnight, merged_free_busy_interval=15)
    assert view.merged == "0" * 58 + "222" + "0" * 35
    (event,) = view.calendar_events
    assert (event.start, event.details.subject) == (start, "Summer")
    told = AlternateId(id=event.details.id, format="HexEntryId", mailbox=ATLAS)
    (found,) = room.protocol.convert_ids([told], "EwsId")
    assert found.id == item.id
    item.delete(send_meeting_cancellations="SendToNone")
    (after,) = busy(room.protocol, ATLAS, start=midnight)
    assert after.calendar_events is None
    assert set(after.merged) == {"0"}


def test_a_calendars_editor_sees_details_but_nothing_of_what_is_private(simulator: Simulator, way: str) -> None:
    room = account(simulator, way, address=ATLAS)
    start = EWSDateTime(2026, 7, 6, 9, tzinfo=BERLIN)
    for hour, sensitivity in enumerate(("Normal", "Private")):
        begin = start + dt.timedelta(hours=hour)
        end = begin + dt.timedelta(minutes=30)
        item = CalendarItem(folder=room.calendar, subject=sensitivity, start=begin, end=end, sensitivity=sensitivity)
        item.save(send_meeting_invitations="SendToNone")
    simulator.plant(f"editor-on-calendar:{ATLAS}")
    (view,) = busy(room.protocol, ATLAS, start=start)
    told = [(event.details.subject, event.details.is_private) for event in view.calendar_events]
    assert told == [("Normal", False), (None, True)]


# --- names and rooms --------------------------------------------------------------------------------


def test_a_name_with_its_contact_data(connected: Protocol) -> None:
    ((mailbox, contact),) = connected.resolve_names(
        [EMAIL], return_full_contact_data=True, search_scope="ActiveDirectory"
    )
    assert (mailbox.email_address, mailbox.mailbox_type, mailbox.routing_type) == (EMAIL, "Mailbox", "SMTP")
    assert (contact.given_name, contact.surname, contact.contact_source) == ("Flowscape", "Service", "ActiveDirectory")
    assert [entry.email for entry in contact.email_addresses] == [f"SMTP:{EMAIL}"]


def test_several_names(connected: Protocol) -> None:
    found = connected.resolve_names(["a"], return_full_contact_data=True)
    assert {mailbox.email_address for mailbox, _ in found} >= {ATLAS, AURORA, "anna.lind@demo.test"}


def test_no_name(connected: Protocol, simulator: Simulator) -> None:
    simulator.plant(f"hidden-from-address-list:{ATLAS}")
    for name in ("nobody@demo.test", ATLAS):
        (error,) = connected.resolve_names([name])
        assert isinstance(error, ErrorNameResolutionNoResults)


def test_room_lists_and_their_rooms(connected: Protocol, simulator: Simulator) -> None:
    lists = list(connected.get_roomlists())
    assert [found.email_address for found in lists] == ["rooms-annex@demo.test", "rooms-hq@demo.test"]
    rooms = [room.email_address for found in lists for room in connected.get_rooms(found.email_address)]
    assert len(set(rooms)) == len(rooms) == 6
    simulator.plant(f"hidden-from-address-list:{ATLAS}")
    left = [room.email_address for found in lists for room in connected.get_rooms(found.email_address)]
    assert set(rooms) - set(left) == {ATLAS}
    with pytest.raises(ErrorNameResolutionNoResults):
        list(connected.get_rooms("nobody@demo.test"))


# --- ids and settings -------------------------------------------------------------------------------


def test_ids_in_other_formats_and_back(connected: Protocol, simulator: Simulator, way: str) -> None:
    own = account(simulator, way).calendar.id
    for form in ("EwsLegacyId", "EntryId", "HexEntryId", "StoreId", "OwaId"):
        (there,) = connected.convert_ids([AlternateId(id=own, format="EwsId", mailbox=EMAIL)], form)
        assert (there.format, there.mailbox) == (form, EMAIL)
        (back,) = connected.convert_ids([there], "EwsId")
        assert back.id == own
    (wrong,) = connected.convert_ids([AlternateId(id="AAAA", format="EwsId", mailbox=EMAIL)], "EntryId")
    assert isinstance(wrong, ErrorInvalidIdMalformed)


@pytest.mark.parametrize("impersonate", [False, True])
def test_a_rooms_settings(simulator: Simulator, way: str, *, impersonate: bool) -> None:
    room = account(simulator, way, impersonate=ATLAS) if impersonate else account(simulator, way, address=ATLAS)
    found = room.calendar.get_user_configuration("Calendar", properties="Dictionary")
    assert found.dictionary["AutomateProcessing"] == 2
    everything = room.calendar.get_user_configuration("Calendar")
    assert everything.id
    for folder, name in ((room.calendar, "Nothing"), (room.inbox, "Calendar")):
        with pytest.raises(ErrorItemNotFound):
            folder.get_user_configuration(name)


# --- where exchangelib itself leaves the schema -----------------------------------------------------


@pytest.fixture
def schema() -> None:
    """Skip without the schema: nothing else shows that a request is wrong."""
    require_schema_folder()


@pytest.mark.usefixtures("schema")
def test_two_names_in_one_request_are_against_the_schema(simulator: Simulator, way: str) -> None:
    """The schema has one UnresolvedEntry; exchangelib puts every name of the list into one request."""
    with pytest.raises(ErrorSchemaValidation):
        protocol(simulator, way).resolve_names([ATLAS, AURORA])
    (problem,) = simulator.forget_schema_problems()
    assert problem.startswith("request: ResolveNames: Element ")
    assert problem.endswith("UnresolvedEntry': This element is not expected.")


@pytest.mark.usefixtures("schema")
def test_mail_tips_are_against_the_schema(simulator: Simulator, way: str) -> None:
    """exchangelib writes the word All where the schema has the element MailTipsRequested."""
    with pytest.raises(ErrorSchemaValidation):
        _ = account(simulator, way).mail_tips
    text, missing = simulator.forget_schema_problems()
    assert text.startswith("request: GetMailTips: ")
    assert "Character content other than whitespace is not allowed" in text
    assert missing.endswith("MailTipsRequested ).")
