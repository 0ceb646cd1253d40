"""Frozen observed state: what the probes were told, exactly; no I/O and no judgement.

Every fact can be pickled (it travels to xdist workers) and none holds a secret.
"""

from __future__ import annotations

from pytest_flowscape.facts.bookings import (
    TAG_NAME,
    TAG_SET,
    Availability,
    ClockChange,
    RoundTrip,
    StepTaken,
    Sweep,
    WorkingPeriod,
    Written,
    Zone,
)
from pytest_flowscape.facts.directory import (
    FILETIME_EPOCH,
    FILETIME_NEVER,
    AccountNames,
    AccountState,
    Bind,
    DirectoryEntry,
    DirectoryView,
    Grant,
    Holders,
    MailboxRights,
    RoomAddresses,
)
from pytest_flowscape.facts.host import AddressTried, Certificate, Endpoint, FrontEndLook, Host, SignIn
from pytest_flowscape.facts.mail_flow import CalendarSettings, MailTips
from pytest_flowscape.facts.mailboxes import (
    Contact,
    FolderAnswer,
    MailboxAnswer,
    PermissionEntry,
    ResolvedName,
    SyncAnswer,
)
from pytest_flowscape.facts.trouble import Closed, Kind, Trouble
from pytest_flowscape.facts.whole_site import SiteFacts, Vantage

__all__ = [
    "FILETIME_EPOCH",
    "FILETIME_NEVER",
    "TAG_NAME",
    "TAG_SET",
    "AccountNames",
    "AccountState",
    "AddressTried",
    "Availability",
    "Bind",
    "CalendarSettings",
    "Certificate",
    "ClockChange",
    "Closed",
    "Contact",
    "DirectoryEntry",
    "DirectoryView",
    "Endpoint",
    "FolderAnswer",
    "FrontEndLook",
    "Grant",
    "Holders",
    "Host",
    "Kind",
    "MailTips",
    "MailboxAnswer",
    "MailboxRights",
    "PermissionEntry",
    "ResolvedName",
    "RoomAddresses",
    "RoundTrip",
    "SignIn",
    "SiteFacts",
    "StepTaken",
    "Sweep",
    "SyncAnswer",
    "Trouble",
    "Vantage",
    "WorkingPeriod",
    "Written",
    "Zone",
]
