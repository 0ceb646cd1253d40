"""Conditions of rooms that meetings run into: how a room decides, where its mail goes, and who answers when.

``conditions.py`` takes them in among its own; everything here goes away with a
reset. The target is the room's primary address; that of ``cancel-refused`` the
organizer's, without one the service account's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_flowscape.simulator.ews.writes import CANCEL
from pytest_flowscape.simulator.model_meetings import AUTO_UPDATE, NO_PROCESSING
from pytest_flowscape.simulator.runtime import Runtime

Condition = Callable[[Runtime, str], None]
SITE = "site"
LONG = 3600.0  # seconds: later than any test, unless the control delivers it


def _someone(runtime: Runtime) -> str:
    """Return the address of a person of the site, who is neither a room nor the service account."""
    organisation = runtime.organisation
    return next(
        mailbox.primary
        for mailbox in organisation.mailboxes.values()
        if mailbox.automate_processing is None
        and mailbox.owner_sid != runtime.service.sid
        and mailbox.primary != organisation.out_of_scope
    )


def _automate(setting: int) -> Condition:
    def plant(runtime: Runtime, target: str) -> None:
        runtime.mailbox(target).automate_processing = setting

    return plant


def _processing(**values: Any) -> Condition:
    """Make a condition that sets the room's calendar processing."""

    def plant(runtime: Runtime, target: str) -> None:
        settings = runtime.mailbox(target).processing
        for name, value in values.items():
            setattr(settings, name, value)

    return plant


def _by_delegate(answer: str) -> Condition:
    """Make a condition in which a person has to approve, and says this at once; empty for no answer yet."""

    def plant(runtime: Runtime, target: str) -> None:
        settings = runtime.mailbox(target).processing
        settings.all_book_in_policy, settings.all_request_in_policy = False, True
        settings.delegates = (_someone(runtime),)
        settings.delegate_answer = answer

    return plant


def _flow(**values: Any) -> Condition:
    """Make a condition that sets where the room's mail goes; a value that is called gets the address of a person."""

    def plant(runtime: Runtime, target: str) -> None:
        flow = runtime.mailbox(target).flow
        for name, value in values.items():
            setattr(flow, name, value(_someone(runtime)) if callable(value) else value)

    return plant


def _cancel_refused(runtime: Runtime, target: str) -> None:
    """Refuse to cancel meetings, the owner of the calendar included."""
    runtime.mailbox(runtime.service.mail if target == SITE else target).refuses_all[CANCEL] = "ErrorAccessDenied"


MEETING_CONDITIONS: dict[str, Condition] = {
    # how the room decides
    "auto-update": _automate(AUTO_UPDATE),
    "no-processing": _automate(NO_PROCESSING),
    "no-answer": _processing(attendant=False),
    "delegate-approval": _by_delegate(""),
    "delegate-accepts": _by_delegate("Accept"),
    "delegate-declines": _by_delegate("Decline"),
    "tentative": _processing(all_book_in_policy=False, all_request_in_policy=True, forward_to_delegates=False),
    "declined": _processing(all_book_in_policy=False),
    "conflict": _processing(conflicts="always"),
    "conflict-on-update": _processing(conflicts="update"),
    "outside-window": _processing(window_days=1),
    "too-long": _processing(longest_minutes=10),
    "work-hours-only": _processing(only_work_hours=True),
    "keeps-subject": _processing(delete_subject=False, add_organizer_to_subject=False, delete_comments=False),
    "removes-cancelled": _processing(remove_cancelled=True),
    "cancel-refused": _cancel_refused,
    # when it answers
    "late-response": _processing(answers_after=LONG),
    "slow-response": _processing(answers_after=0.5),
    "late-request": _flow(arrives_after=LONG),
    # where its mail goes
    "moderated": _flow(moderators=lambda person: (person,)),
    "restricted": _flow(accepts_only=lambda person: (person,)),
    "forwarding": _flow(forward_to=lambda person: person, deliver_and_forward=True),
    "redirected": _flow(forward_to=lambda person: person),
    "forwarding-elsewhere": _flow(forward_smtp="elsewhere@example.test", deliver_and_forward=True),
    "delegates": _flow(send_on_behalf=lambda person: (person,)),
}
