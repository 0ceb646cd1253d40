"""exchangelib's item interface for one calendar and the items of one run: create, change, delete, find.

What exchangelib makes of an answer does not matter: each call returns the raw
answers to it, and raises nothing for what a server did. A call ends with the
first SOAP fault: exchangelib would send the same write once more for every API
version that it knows (measured, 5.6.0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from exchangelib import UTC, CalendarItem, ExtendedProperty, Mailbox
from exchangelib.folders import Calendar, Root
from exchangelib.items import ALWAYS_OVERWRITE, SEND_TO_NONE
from exchangelib.properties import DistinguishedFolderId, Fields, ItemId

from pytest_flowscape.booking.client.account import AccountSettings, make_account
from pytest_flowscape.booking.client.transport import RawAnswer, Sender
from pytest_flowscape.core.errors import FlowscapeError
from pytest_flowscape.facts import TAG_NAME, TAG_SET, Trouble, Written
from pytest_flowscape.probes.ews.http_wire import HttpAnswer

MAX_CHANGES = 512  # of one SyncFolderItems (messages.xsd, MaxSyncChangesReturnedType)
_FAULT = 500


class RunTag(ExtendedProperty):  # type: ignore[misc]  # exchangelib has no types
    """The run's tag."""

    property_set_id = TAG_SET
    property_name = TAG_NAME
    property_type = "String"


class TaggedItem(CalendarItem):  # type: ignore[misc]
    """A calendar item with the tag; its fields are its own, so that nobody else's calendar items change."""

    FIELDS = Fields(*CalendarItem.FIELDS)


TaggedItem.register("run_tag", RunTag)
# FindItem returns such properties where they are asked for; exchangelib would fetch each item for them
TaggedItem.get_field_by_fieldname("run_tag").is_complex = False


class TaggedCalendar(Calendar):  # type: ignore[misc]
    """A calendar that is searched by the tag."""

    supported_item_models = (TaggedItem,)


class CallEnded(FlowscapeError):  # noqa: N818  an order, not an error
    """exchangelib was about to send again what the server had just refused."""


class _UntilFault:
    """Passes requests on until one of a call has been answered by a fault or not at all."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._ended = False

    def begin(self) -> None:
        """Begin a new call."""
        self._ended = False

    def pass_on(self, body: bytes, *, anchor: str, headers: Mapping[str, str]) -> HttpAnswer | Trouble:
        """Send one SOAP request once. Raises CallEnded after a fault."""
        if self._ended:
            raise CallEnded("the server has refused this call already")
        answer = self._sender.pass_on(body, anchor=anchor, headers=headers)
        self._ended = isinstance(answer, Trouble) or answer.status >= _FAULT
        return answer


class BookingCalendar:
    """The calendar of ``address``, by the service account's own rights or, with ``impersonate``, as its owner.

    For one thread. Nothing is sent to anybody by any of its calls.
    """

    def __init__(self, sender: Sender, settings: AccountSettings, address: str, *, impersonate: bool = False) -> None:
        self.address = address
        self._guard = _UntilFault(sender)
        self._account = make_account(self._guard, settings, address, impersonate=impersonate)
        self._calendar = self._folder("calendar")

    def create(self, item: Written, body: str, *, shown: str = "Free") -> tuple[RawAnswer, ...]:
        """Save a new item with its tag, shown as free or busy, without reminder and attendees."""
        new = TaggedItem(
            account=self._account,
            folder=self._calendar,
            subject=item.subject,
            body=body,
            start=ews_time(item.begin),
            end=ews_time(item.end),
            legacy_free_busy_status=shown,
            reminder_is_set=False,
            run_tag=item.tag,
        )
        return self._call(lambda: new.save(send_meeting_invitations=SEND_TO_NONE))

    def move_end(self, item_id: str, change_key: str, end: datetime) -> tuple[RawAnswer, ...]:
        """Set the end of an item."""
        item = self._reference(item_id, change_key)
        item.end = ews_time(end)
        return self._save(item, "end", SEND_TO_NONE)

    def delete(self, item_id: str, change_key: str) -> tuple[RawAnswer, ...]:
        """Delete an item for good."""
        item = self._reference(item_id, change_key)
        return self._call(lambda: item.delete(send_meeting_cancellations=SEND_TO_NONE))

    def changes(self) -> tuple[RawAnswer, ...]:
        """Synchronise: ids, times and tags of what has changed since the last call; at first of everything."""
        return self._call(
            lambda: every(self._calendar.sync_items(only_fields=["end", "run_tag"], max_changes_returned=MAX_CHANGES))
        )

    def tagged(self) -> tuple[RawAnswer, ...]:
        """Find every tagged item of the calendar, also of other runs."""
        found = self._calendar.filter(run_tag__exists=True).only("subject", "start", "end", "run_tag")
        return self._call(lambda: every(found))

    def _folder(self, name: str, kind: type[Any] = TaggedCalendar) -> Any:
        """Return a folder by its distinguished name: no request is sent for it, and none for the mailbox's root."""
        where = DistinguishedFolderId(id=name, mailbox=Mailbox(email_address=self.address))
        return kind(root=Root(account=self._account), _distinguished_id=where)

    def _reference(self, item_id: str, change_key: str) -> Any:
        return TaggedItem(account=self._account, folder=self._calendar, _id=ItemId(id=item_id, changekey=change_key))

    def _save(self, item: Any, field: str, send: str) -> tuple[RawAnswer, ...]:
        return self._call(
            lambda: item.save(
                update_fields=[field], conflict_resolution=ALWAYS_OVERWRITE, send_meeting_invitations=send
            )
        )

    def _call(self, call: Callable[[], Any]) -> tuple[RawAnswer, ...]:
        """Call exchangelib, and return what came back on the wire."""
        self._guard.begin()
        before = len(self._account.answers)
        try:
            call()
        except Exception:  # what exchangelib says of an answer is not evidence; the answer is
            if len(self._account.answers) == before:
                raise
        answers = tuple(self._account.answers[before:])
        del self._account.answers[:]  # a calendar may be large
        return answers


def every(found: Iterable[Any]) -> None:
    """Fetch everything that exchangelib yields one by one."""
    for _ in found:
        pass


def ews_time(moment: datetime | None) -> Any:
    """Return an aware time as an EWSDateTime."""
    assert moment is not None
    return moment.astimezone(UTC)  # exchangelib's zone makes it exchangelib's time
