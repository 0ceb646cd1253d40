"""Meetings as they travel: who books a room how, where mail goes, and the letters that are under way.

Plain values. The settings are those of Set-CalendarProcessing and Set-Mailbox
(Microsoft's reference), with Exchange's defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_flowscape.simulator.model_items import Person, Value

# AutomateProcessing as the calendar's settings hold it ([MS-OXOCFG] 2.2.5.1.1)
NO_PROCESSING, AUTO_UPDATE, AUTO_ACCEPT = 0, 1, 2
REQUEST, RESPONSE, CANCELLATION, NOTE = "MeetingRequest", "MeetingResponse", "MeetingCancellation", "Message"


@dataclass
class CalendarProcessing:
    """How a resource decides about requests. The mailbox itself has AutomateProcessing.

    The last ones are not settings but what may befall a room: ``attendant``
    False, and nothing is decided at all; ``conflicts`` "always" or "update",
    and somebody else was always faster; ``answers_after`` are the seconds until
    an answer goes out; ``delegate_answer`` is what a delegate answers at once.
    """

    all_book_in_policy: bool = True
    all_request_in_policy: bool = False
    delegates: tuple[str, ...] = ()  # primary addresses
    forward_to_delegates: bool = True
    allow_conflicts: bool = False
    window_days: int = 180
    longest_minutes: int = 1440  # 0 for no limit
    only_work_hours: bool = False
    delete_subject: bool = True
    add_organizer_to_subject: bool = True
    delete_comments: bool = True
    remove_private: bool = True
    remove_cancelled: bool = False  # RemoveCanceledMeetings, which only Exchange Online has
    attendant: bool = True
    conflicts: str = ""
    answers_after: float = 0.0
    delegate_answer: str = ""


@dataclass
class MailFlow:
    """Where mail for a mailbox goes and from whom it is taken; all are primary addresses.

    ``arrives_after`` are the seconds that mail needs to reach it.
    """

    forward_to: str = ""  # ForwardingAddress: altRecipient
    forward_smtp: str = ""  # ForwardingSmtpAddress: msExchGenericForwardingAddress
    deliver_and_forward: bool = False  # DeliverToMailboxAndForward: deliverAndRedirect
    accepts_only: tuple[str, ...] = ()  # AcceptMessagesOnlyFrom: authOrig
    moderators: tuple[str, ...] = ()  # ModeratedBy; any of them: msExchEnableModeration
    send_on_behalf: tuple[str, ...] = ()  # GrantSendOnBehalfTo: publicDelegates
    arrives_after: float = 0.0


@dataclass(frozen=True)
class Meeting:
    """A meeting as a letter carries it: the organizer's values of that moment, without extended properties."""

    uid: str
    organizer: Person
    sequence: int
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Letter:
    """One message to one mailbox; ``kind`` is its element in EWS.

    ``sender`` wrote it, ``author`` is the one in whose name (a room, whose
    delegate answered). ``response`` is that of a MeetingResponse, as EWS names it.
    """

    kind: str
    to: str
    sender: Person
    author: Person
    subject: str
    item_class: str
    body: str = ""
    meeting: Meeting | None = None
    response: str = ""
    update: bool = False


@dataclass(eq=False)
class Posted:
    """A letter under way; ``delay`` in seconds, ``scheduled`` once its arrival is."""

    letter: Letter
    delay: float = 0.0
    scheduled: bool = field(default=False)
