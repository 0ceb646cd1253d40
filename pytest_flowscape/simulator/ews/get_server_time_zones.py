"""GetServerTimeZones: the zones that the server knows, by name or with periods, groups and transitions.

Shape: Microsoft, "GetServerTimeZones operation". Without Ids the answer has
every zone; without ReturnFullTimeZoneData it has them in full.
"""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, M, T, message
from pytest_flowscape.simulator.ews.operation import Call
from pytest_flowscape.simulator.ews.time_zones import LAST, ZONES, Change, Zone

NAME = "GetServerTimeZonesResponseMessage"


def get_server_time_zones(call: Call) -> list[etree._Element]:
    """Answer GetServerTimeZones: one response message with the zones asked for that the server has, in its order."""
    element = call.body.find("m:Ids", NS)
    ids = None if element is None else {(one.text or "").strip() for one in element}
    full = call.body.get("ReturnFullTimeZoneData", "true") in ("true", "1")
    zones = (zone for zone in ZONES.values() if ids is None or zone.id in ids)
    return [message(NAME, M.TimeZoneDefinitions(*(_definition(zone, full=full) for zone in zones)))]


def _definition(zone: Zone, *, full: bool) -> etree._Element:
    element = T.TimeZoneDefinition(Id=zone.id, Name=zone.name)
    if full:
        element.extend(_changing_clock(zone) if zone.rules else _fixed_clock(zone))
    return element


def _fixed_clock(zone: Zone) -> list[etree._Element]:
    key = _key(zone, 1, "Standard")
    group = T.TransitionsGroup(T.Transition(T.To(key, Kind="Period")), Id="0")
    return [
        T.Periods(_period(zone.bias, "Standard", key)),
        T.TransitionsGroups(group),
        T.Transitions(T.Transition(T.To("0", Kind="Group"))),
    ]


def _changing_clock(zone: Zone) -> list[etree._Element]:
    periods, groups, transitions = T.Periods(), T.TransitionsGroups(), T.Transitions()
    for number, rule in enumerate(zone.rules):
        standard, daylight = (_key(zone, rule.since or 1, name) for name in ("Standard", "Daylight"))
        periods.append(_period(zone.bias, "Standard", standard))
        periods.append(_period(zone.bias - 60, "Daylight", daylight))
        changes = sorted(((rule.daylight, daylight), (rule.standard, standard)), key=lambda pair: pair[0].month)
        groups.append(T.TransitionsGroup(*(_recurring(change, key) for change, key in changes), Id=str(number)))
        to = T.To(str(number), Kind="Group")
        if rule.since:
            transitions.append(T.AbsoluteDateTransition(to, T.DateTime(f"{rule.since}-01-01T00:00:00")))
        else:
            transitions.append(T.Transition(to))
    return [periods, groups, transitions]


def _key(zone: Zone, since: int, name: str) -> str:
    """Return a period's id, which looks like a path in the registry."""
    return f"trule:Microsoft/Registry/{zone.id}/{since}-{name}"


def _period(bias: int, name: str, key: str) -> etree._Element:
    return T.Period(Bias=_duration(bias), Name=name, Id=key)


def _recurring(change: Change, key: str) -> etree._Element:
    return T.RecurringDayTransition(
        T.To(key, Kind="Period"),
        T.TimeOffset(_duration(change.minutes)),
        T.Month(str(change.month)),
        T.DayOfWeek(change.weekday),
        T.Occurrence("-1" if change.order == LAST else str(change.order)),
    )


def _duration(minutes: int) -> str:
    """Write minutes as xs:duration."""
    hours, rest = divmod(abs(minutes), 60)
    text = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (rest, "M")) if number)
    return f"{'-' if minutes < 0 else ''}PT{text or '0S'}"
