"""Everything that was found out before any room was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pytest_flowscape.facts.bookings import RoundTrip, Sweep
from pytest_flowscape.facts.directory import DirectoryEntry, DirectoryView
from pytest_flowscape.facts.host import Endpoint, Host, SignIn
from pytest_flowscape.facts.mailboxes import MailboxAnswer, ResolvedName
from pytest_flowscape.facts.trouble import Closed


@dataclass(frozen=True)
class Vantage:
    """From where the run looked; its statements about network and trust hold there only."""

    machine: str = ""
    user: str = ""
    platform: str = ""
    python: str = ""
    tool: str = ""
    run_id: str = ""
    started: datetime | None = None


@dataclass(frozen=True)
class SiteFacts:
    """What the controller found out before any room was asked; sent to every worker.

    ``ews_cause`` and ``directory_cause`` are keys of ``causes.CAUSES`` where
    that whole side is closed to us, empty where it is open. ``contacts`` holds
    what ResolveNames found for the account, by address, where the directory is closed.
    ``bookings`` are the round trips that the controller made before all others,
    by room, ``sweep`` what it removed of earlier ones; ``booking_stopped`` is the
    reason for which no other room may be booked, empty for none.
    """

    vantage: Vantage
    host: Host
    endpoint: Endpoint | None = None
    sign_in: SignIn | None = None
    own_mailbox: MailboxAnswer | None = None
    self_as_owner: MailboxAnswer | None = None
    out_of_scope: MailboxAnswer | None = None
    directory: DirectoryView | None = None
    contacts: Mapping[str, ResolvedName] = field(default_factory=dict)
    ews_cause: str = ""
    ews_detail: str = ""
    directory_cause: str = ""
    directory_detail: str = ""
    bookings: Mapping[str, RoundTrip] = field(default_factory=dict)
    sweep: Sweep = field(default_factory=Sweep)
    booking_stopped: str = ""

    @property
    def account(self) -> DirectoryEntry | None:
        """The service account's object, None where it was not read."""
        return self.directory.account if self.directory else None

    @property
    def ews_closed(self) -> Closed | None:
        """Why Exchange cannot be asked, None where it can."""
        return Closed(self.ews_cause, self.ews_detail) if self.ews_cause else None

    @property
    def directory_closed(self) -> Closed | None:
        """Why the directory cannot be asked, None where it can."""
        return Closed(self.directory_cause, self.directory_detail) if self.directory_cause else None

    @property
    def closed(self) -> tuple[Closed, ...]:
        """Why sides are closed, the directory first: its codes are the exacter ones."""
        return tuple(one for one in (self.directory_closed, self.ews_closed) if one)
