"""What Exchange tells of a room before anything is sent to it."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_flowscape.facts.trouble import Trouble


@dataclass(frozen=True)
class MailTips:
    """What a sender is told of a recipient (GetMailTips); None for what was not told."""

    address: str
    restricted: bool | None = None
    moderated: bool | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True)
class CalendarSettings:
    """How a mailbox handles requests: AutomateProcessing 0 none, 1 update, 2 accept ([MS-OXOCFG] 2.2.5.1.1).

    None where the settings do not hold it.
    """

    address: str
    automate_processing: int | None = None
    trouble: Trouble | None = None
