"""Conditions of rooms that meetings run into: how a room decides, where its mail goes, and who answers when.

The target is the room's primary address; that of ``cancel-refused`` the
organizer's, without one the service account's.
"""

from __future__ import annotations

from typing import Any

from pytest_flowscape.simulator.conditions.fields import SITE, Condition, mailbox, processing
from pytest_flowscape.simulator.ews.writes import CANCEL
from pytest_flowscape.simulator.model_meetings import AUTO_UPDATE, NO_PROCESSING
from pytest_flowscape.simulator.runtime import Runtime

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


def _decide_by_delegate(answer: str) -> Condition:
    """Return the condition that a person has to approve, and answers so at once; empty for no answer yet."""

    def plant(runtime: Runtime, target: str) -> None:
        settings = runtime.mailbox(target).processing
        settings.all_book_in_policy, settings.all_request_in_policy = False, True
        settings.delegates = (_someone(runtime),)
        settings.delegate_answer = answer

    return plant


def _mail_flow(**values: Any) -> Condition:
    """Return the condition that sets where the room's mail goes; a value that is called gets a person's address."""

    def plant(runtime: Runtime, target: str) -> None:
        flow = runtime.mailbox(target).flow
        for name, value in values.items():
            setattr(flow, name, value(_someone(runtime)) if callable(value) else value)

    return plant


def _refuse_cancelling(runtime: Runtime, target: str) -> None:
    """Refuse to cancel meetings, to the owner of the calendar too."""
    runtime.mailbox(runtime.service.mail if target == SITE else target).refuses_all[CANCEL] = "ErrorAccessDenied"


MEETING_CONDITIONS: dict[str, Condition] = {
    # how the room decides
    "auto-update": mailbox(automate_processing=AUTO_UPDATE),
    "no-processing": mailbox(automate_processing=NO_PROCESSING),
    "no-answer": processing(attendant=False),
    "delegate-approval": _decide_by_delegate(""),
    "delegate-accepts": _decide_by_delegate("Accept"),
    "delegate-declines": _decide_by_delegate("Decline"),
    "tentative": processing(all_book_in_policy=False, all_request_in_policy=True, forward_to_delegates=False),
    "declined": processing(all_book_in_policy=False),
    "conflict": processing(conflicts="always"),
    "conflict-on-update": processing(conflicts="update"),
    "outside-window": processing(window_days=1),
    "too-long": processing(longest_minutes=10),
    "work-hours-only": processing(only_work_hours=True),
    "keeps-subject": processing(delete_subject=False, add_organizer_to_subject=False, delete_comments=False),
    "removes-cancelled": processing(remove_cancelled=True),
    "cancel-refused": _refuse_cancelling,
    # when it answers
    "late-response": processing(answers_after=LONG),
    "slow-response": processing(answers_after=0.5),
    "late-request": _mail_flow(arrives_after=LONG),
    # where its mail goes
    "moderated": _mail_flow(moderators=lambda person: (person,)),
    "restricted": _mail_flow(accepts_only=lambda person: (person,)),
    "forwarding": _mail_flow(forward_to=lambda person: person, deliver_and_forward=True),
    "redirected": _mail_flow(forward_to=lambda person: person),
    "forwarding-elsewhere": _mail_flow(forward_smtp="elsewhere@example.test", deliver_and_forward=True),
    "delegates": _mail_flow(send_on_behalf=lambda person: (person,)),
}
