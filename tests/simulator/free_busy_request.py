"""A raw request for free/busy information, for tests of the simulator."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulator.ews_client import envelope


@dataclass
class FreeBusyRequest:
    """One free/busy request; ``zone`` is bias, month of daylight time, month of standard time."""

    addresses: tuple[str, ...]
    start: str = "2020-03-02T00:00:00"
    end: str = "2020-03-03T00:00:00"
    interval: str = "60"
    view: str = "DetailedMerged"
    zone: tuple[str, str, str] | None = None
    impersonate: str = ""

    def body(self) -> bytes:
        people = "".join(
            f"<t:MailboxData><t:Email><t:Address>{address}</t:Address></t:Email>"
            "<t:AttendeeType>Required</t:AttendeeType></t:MailboxData>"
            for address in self.addresses
        )
        zone = ""
        if self.zone:
            bias, daylight, standard = self.zone
            zone = (
                f"<t:TimeZone><t:Bias>{bias}</t:Bias>"
                f"<t:StandardTime><t:Bias>0</t:Bias><t:Time>03:00:00</t:Time><t:DayOrder>5</t:DayOrder>"
                f"<t:Month>{standard}</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:StandardTime>"
                f"<t:DaylightTime><t:Bias>-60</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>5</t:DayOrder>"
                f"<t:Month>{daylight}</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:DaylightTime></t:TimeZone>"
            )
        return envelope(
            f"<m:GetUserAvailabilityRequest>{zone}<m:MailboxDataArray>{people}</m:MailboxDataArray>"
            f"<t:FreeBusyViewOptions><t:TimeWindow><t:StartTime>{self.start}</t:StartTime>"
            f"<t:EndTime>{self.end}</t:EndTime></t:TimeWindow>"
            f"<t:MergedFreeBusyIntervalInMinutes>{self.interval}</t:MergedFreeBusyIntervalInMinutes>"
            f"<t:RequestedView>{self.view}</t:RequestedView></t:FreeBusyViewOptions></m:GetUserAvailabilityRequest>",
            self.impersonate,
        )
