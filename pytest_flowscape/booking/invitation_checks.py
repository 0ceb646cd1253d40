"""Whether a request to a room would reach people, by the directory, mail tips and the calendar's settings.

Such a room is not invited. Sources: Microsoft, "Configure mail forwarding for a mailbox"
(altRecipient, deliverAndRedirect, msExchGenericForwardingAddress),
"Set-CalendarProcessing" (delegates of a resource are those of
GrantSendOnBehalfTo: publicDelegates), "Configure moderation", "Configure message
delivery restrictions" (authOrig).
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_flowscape.facts import CalendarSettings, DirectoryEntry, Holders, Kind, MailTips, Trouble
from pytest_flowscape.facts.policy import REPEATED

# by attribute; transport reads all of them from a global catalog, so it has them, too
REACHES = {
    "publicDelegates": "it has delegates, who would get the request",
    "altRecipient": "its mail is forwarded to somebody else",
    "deliverAndRedirect": "its mail is delivered to somebody else, too",
    "msExchGenericForwardingAddress": "its mail is forwarded to another address",
    "authOrig": "it accepts mail from certain senders only",
    "msExchEnableModeration": "a moderator has to approve its mail",
}
AUTO_ACCEPT = 2
_SETTINGS = {0: "None: nobody answers", 1: "AutoUpdate: requests stay unanswered"}
_FALSE = ("", "FALSE")
# the answers of a moment, which say nothing about the room
_TEMPORARY = frozenset((*REPEATED, Kind.MALFORMED, Kind.HTTP, Kind.NOT_ASKED, Kind.STOPPED, Kind.LOST_SIGN_IN))


def directory_objections(holders: Holders | None, why_not: str = "") -> str:
    """Return why the directory speaks against inviting a room, empty where it does not.

    ``why_not`` is why there are no holders: what cannot be seen speaks against it.
    """
    entries = (*holders.by_proxy, *holders.by_mail) if holders else ()
    if not entries:
        return f"where its mail goes cannot be seen in the directory: {why_not or 'it shows no such object'}"
    return "; ".join(dict.fromkeys(why for entry in entries for why in _entry_objections(entry)))


def _entry_objections(entry: DirectoryEntry) -> Iterator[str]:
    hidden = sorted(name for name in REACHES if name.lower() in entry.unreadable)
    if hidden:
        yield f"where its mail goes cannot be seen in the directory: {', '.join(hidden)} not readable"
    for name, why in REACHES.items():
        if name not in hidden and any(text.upper() not in _FALSE for text in entry.texts(name)):
            yield f"{why} ({name})"


def exchange_objections(tips: MailTips, settings: CalendarSettings) -> str:
    """Return why Exchange's own answers speak against inviting a room, empty where they do not."""
    found = []
    if tips.trouble is not None:
        found.append(f"whether it accepts the account's mail cannot be seen: {tips.trouble.said}")
    elif tips.restricted is not False or tips.moderated is not False:
        word = {True: "yes", False: "no", None: "not in the answer"}
        found.append(f"GetMailTips: delivery restricted: {word[tips.restricted]}, moderated: {word[tips.moderated]}")
    if settings.trouble is not None:
        found.append(f"who decides about requests cannot be seen (AutomateProcessing): {settings.trouble.said}")
    elif settings.automate_processing != AUTO_ACCEPT:
        value = settings.automate_processing
        found.append(f"AutomateProcessing is {'not set' if value is None else _SETTINGS.get(value, str(value))}")
    return "; ".join(found)


def temporary_trouble(*answers: MailTips | CalendarSettings) -> Trouble | None:
    """Return a trouble that time may cure, None for none: with one nothing is known, in either direction."""
    troubles = [answer.trouble for answer in answers if answer.trouble is not None]
    return next((trouble for trouble in troubles if trouble.kind in _TEMPORARY), None)
