"""exchangelib's filters, orders and pages: the Restriction, SortOrder and view of FindItem."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from exchangelib import UTC, Account, CalendarItem, Q
from exchangelib.errors import DoesNotExist
from exchangelib.folders import Calendar

from tests.exchangelib_client.accounts import account
from tests.simulator.harness import Simulator

ROOM = "atlas@demo.test"
BEGIN = datetime(2031, 3, 5, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MADE = (
    ("Alpha", 0, "Here", ["Blue"], "Busy"),
    ("alphabet", 2, None, ["Blue", "Red"], "Free"),
    ("Übung Beta", 4, "Nowhere", None, "OOF"),
)


@pytest.fixture
def calendar(simulator: Simulator) -> Calendar:
    opened: Account = account(simulator, address=ROOM)
    items = [
        CalendarItem(
            subject=subject,
            start=BEGIN + after * HOUR,
            end=BEGIN + (after + 1) * HOUR,
            location=location,
            categories=categories,
            legacy_free_busy_status=status,
        )
        for subject, after, location, categories, status in MADE
    ]
    opened.bulk_create(folder=opened.calendar, items=items)
    return opened.calendar


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        (Q(subject="Alpha"), [0]),
        (Q(subject="ALPHA"), [0]),  # a comparison in the store knows no case
        (Q(subject__exact="ALPHA"), []),
        (Q(subject__iexact="ALPHA"), [0]),
        (Q(subject__contains="bet"), [1]),
        (Q(subject__icontains="BET"), [1, 2]),
        (Q(subject__startswith="Alpha"), [0]),
        (Q(subject__istartswith="alpha"), [0, 1]),
        (~Q(subject="Alpha"), [1, 2]),
        (Q(subject="Alpha") | Q(legacy_free_busy_status="OOF"), [0, 2]),
        (Q(subject__istartswith="alpha") & Q(legacy_free_busy_status="Free"), [1]),
        (Q(subject__in=["alphabet", "Übung Beta"]), [1, 2]),
        (Q(start=BEGIN), [0]),
        (Q(start__gt=BEGIN), [1, 2]),
        (Q(start__gte=BEGIN + 2 * HOUR), [1, 2]),
        (Q(end__lt=BEGIN + 3 * HOUR), [0]),
        (Q(end__lte=BEGIN + 3 * HOUR), [0, 1]),
        (Q(start__range=(BEGIN, BEGIN + 2 * HOUR)), [0, 1]),
        (Q(location__exists=True), [0, 2]),
        (Q(location__exists=False), [1]),
        (Q(categories__contains=["Red"]), [1]),
        (Q(categories__contains=["Blue", "Red"]), [1]),
        (Q(is_all_day=False), [0, 1, 2]),
        (Q(is_meeting=True), []),
        (Q(importance="Normal"), [0, 1, 2]),
    ],
    ids=str,
)
def test_a_filter_finds(calendar: Calendar, chosen: Q, found: list[int]) -> None:
    subjects = {item.subject for item in calendar.filter(chosen)}
    assert subjects == {MADE[number][0] for number in found}


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (("start",), [0, 1, 2]),
        (("-start",), [2, 1, 0]),
        (("-legacy_free_busy_status", "start"), [2, 1, 0]),
        (("location",), [1, 0, 2]),
    ],
    ids=str,
)
def test_an_order(calendar: Calendar, order: tuple[str, ...], found: list[int]) -> None:
    assert [item.subject for item in calendar.all().order_by(*order)] == [MADE[number][0] for number in found]


def test_pages_of_two_hold_everything_once(simulator: Simulator, calendar: Calendar) -> None:
    pages = calendar.all().order_by("start")
    pages.page_size = 2
    simulator_before = simulator.count("ews.FindItem")
    assert [item.subject for item in pages] == [subject for subject, *_ in MADE]
    assert simulator.count("ews.FindItem") - simulator_before == 2


def test_a_part_and_single_values(calendar: Calendar) -> None:
    assert [item.subject for item in calendar.all().order_by("start")[1:2]] == ["alphabet"]
    assert list(calendar.filter(subject="Alpha").values_list("location", flat=True)) == ["Here"]
    assert calendar.get(subject="Alpha").start == BEGIN
    with pytest.raises(DoesNotExist):
        calendar.get(subject="Nothing")


def test_a_filter_deletes_what_it_finds_and_nothing_else(calendar: Calendar) -> None:
    calendar.filter(legacy_free_busy_status="Free").delete()
    assert {item.subject for item in calendar.all()} == {"Alpha", "Übung Beta"}
