"""Frozen observed state: what the probes observed, exactly; no I/O and no judgement.

Every fact can be pickled (it travels to xdist workers) and none holds a secret.
"""

from __future__ import annotations

from pytest_flowscape.facts.bookings import (
    TAG_NAME as TAG_NAME,
    TAG_SET as TAG_SET,
    Availability as Availability,
    CalendarSettings as CalendarSettings,
    ClockChange as ClockChange,
    MailTips as MailTips,
    RoundTrip as RoundTrip,
    StepTaken as StepTaken,
    Sweep as Sweep,
    WorkingPeriod as WorkingPeriod,
    Written as Written,
    Zone as Zone,
)
from pytest_flowscape.facts.directory import (
    FILETIME_EPOCH as FILETIME_EPOCH,
    FILETIME_NEVER as FILETIME_NEVER,
    AccountNames as AccountNames,
    AccountState as AccountState,
    Bind as Bind,
    DirectoryEntry as DirectoryEntry,
    DirectoryView as DirectoryView,
    Grant as Grant,
    Holders as Holders,
    MailboxRights as MailboxRights,
    RoomAddresses as RoomAddresses,
)
from pytest_flowscape.facts.host import (
    AddressTried as AddressTried,
    Certificate as Certificate,
    Endpoint as Endpoint,
    FrontEndLook as FrontEndLook,
    Host as Host,
    SignIn as SignIn,
)
from pytest_flowscape.facts.mailboxes import (
    Contact as Contact,
    FolderAnswer as FolderAnswer,
    MailboxAnswer as MailboxAnswer,
    PermissionEntry as PermissionEntry,
    ResolvedName as ResolvedName,
    SyncAnswer as SyncAnswer,
)
from pytest_flowscape.facts.trouble import (
    Closed as Closed,
    Kind as Kind,
    Trouble as Trouble,
)
from pytest_flowscape.facts.whole_site import (
    SiteFacts as SiteFacts,
    Vantage as Vantage,
)
