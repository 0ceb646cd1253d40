"""Fixes for rooms that answer otherwise than Flowscape needs, by what they answered."""

from __future__ import annotations

from pytest_flowscape.remedies import EXCHANGE, SAFE, fix

_LOOK = (
    "  Get-CalendarProcessing -Identity '{target}' | Format-List AutomateProcessing,AllBookInPolicy,BookInPolicy,"
    "AllRequestInPolicy,RequestInPolicy,ResourceDelegates,ForwardRequestsToDelegates,AllowConflicts,"
    "BookingWindowInDays,MaximumDurationInMinutes,ScheduleOnlyDuringWorkHours,AllowRecurringMeetings"
)
_UNDO = "To undo, set the former values. Waiting time: none, for requests that come in from then on."
ACCEPT_FIX = fix(
    "Let the room accept by itself whatever Flowscape books. Look at its settings, then set those that differ. "
    + EXCHANGE,
    _LOOK,
    "  Set-CalendarProcessing -Identity '{target}' -AutomateProcessing AutoAccept -AllBookInPolicy $true "
    "-AllRequestInPolicy $false" + SAFE,
    _UNDO,
)
DECLINED_FIX = fix(
    "A room declines what is outside its policies: it was taken meanwhile, the day is beyond its booking window, the "
    "meeting is too long or outside its working hours, or the service account may not book it. Look which of them it "
    "is. " + EXCHANGE,
    _LOOK,
    "If the account may not book it, let everybody, or name the account in BookInPolicy (which replaces the list):",
    "  Set-CalendarProcessing -Identity '{target}' -AllBookInPolicy $true" + SAFE,
    _UNDO,
)
DELEGATE_FIX = fix(
    "People decide about this room's requests. If Flowscape is to book it without them, let the room accept by itself; "
    "else leave it as it is, and waive this requirement for the room. " + EXCHANGE,
    _LOOK,
    "  Set-CalendarProcessing -Identity '{target}' -AllBookInPolicy $true -AllRequestInPolicy $false" + SAFE,
    _UNDO,
)
SILENT_FIX = fix(
    "The request has arrived and nobody decides about it: either the room is not set to accept, or the service that "
    "does it on the mailbox server (Microsoft Exchange Mailbox Assistants) does not run or is behind. " + EXCHANGE,
    _LOOK,
    "  Set-CalendarProcessing -Identity '{target}' -AutomateProcessing AutoAccept" + SAFE,
    "  Get-Service -Name 'MSExchangeMailboxAssistants'",
    _UNDO,
)
# by the cause of a step
ANSWER_FIXES = {
    "declined": DECLINED_FIX,
    "tentative": DELEGATE_FIX,
    "by-delegate": DELEGATE_FIX,
    "not-answered": SILENT_FIX,
    "not-processed": SILENT_FIX,
}
# what it usually is, for the finding itself
USUAL = {
    "declined": "usually it was taken meanwhile, or it is outside the room's booking window, length or working hours, "
    "or the account may not book it",
    "tentative": "usually AllBookInPolicy is off, and delegates decide",
    "by-delegate": "usually AllBookInPolicy is off, and delegates decide",
    "not-answered": "usually AutomateProcessing is AutoUpdate",
    "not-processed": "usually AutomateProcessing is None, or the mailbox assistants do not run",
    "request-under-way": "usually a queue in transport, or a rule or moderation that holds it",
    "answer-under-way": "usually a queue in transport",
    "not-followed": "usually the room's calendar is changed by something else, or the mailbox assistants are behind",
}
