"""exchangelib's item interface for a meeting: the organizer's own item, and every trace of it in a mailbox.

Only three calls send something: ``invite``, ``move_meeting`` and ``cancel``,
each to those invited only and without a copy in Sent Items.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from exchangelib import ExtendedProperty, Mailbox, Q
from exchangelib.folders import FolderCollection
from exchangelib.items import (
    ALL_OCCURRENCES,
    SEND_ONLY_TO_ALL,
    SEND_TO_NONE,
    CancelCalendarItem,
    MeetingResponse,
)
from exchangelib.properties import Attendee, ReferenceItemId

from pytest_flowscape.booking.client.booking_calendar import (
    BookingCalendar,
    TaggedCalendar,
    TaggedItem,
    every,
    ews_time,
)
from pytest_flowscape.booking.client.transport import RawAnswer
from pytest_flowscape.facts import Written
from pytest_flowscape.probes.ews.meeting_answers import OBJECT_ID, OBJECT_ID_SET

REPORT = "REPORT."  # how the item class of a non-delivery report begins ([MS-OXCMSG])


class ObjectId(ExtendedProperty):  # type: ignore[misc]  # exchangelib has no types
    """PidLidGlobalObjectId, which a meeting and every message about it have."""

    distinguished_property_set_id = OBJECT_ID_SET
    property_id = OBJECT_ID
    property_type = "Binary"


TaggedItem.register("object_id", ObjectId)
TaggedItem.get_field_by_fieldname("object_id").is_complex = False  # as of the tag: FindItem returns it


class _Answers(TaggedCalendar):
    """A folder of answers: exchangelib has to know which fields these have."""

    supported_item_models = (MeetingResponse,)


class MeetingMailbox(BookingCalendar):
    """One of the two mailboxes of a meeting: the organizer's, acting as itself, or the room's, by FullAccess."""

    def make(self, item: Written, body: str) -> tuple[RawAnswer, ...]:
        """Save a new item with its tag, shown as busy, without anybody invited; nothing is sent."""
        return self.create(item, body, shown="Busy")

    def get(self, item_id: str, change_key: str) -> tuple[RawAnswer, ...]:
        """Get the organizer's item: its object id, whether requests were sent, who has answered what, and its end."""
        fields = ["end", "object_id", "meeting_request_was_sent", "is_cancelled", "resources"]
        ids = [(item_id, change_key)]
        return self._call(lambda: every(self._account.fetch(ids, folder=self._calendar, only_fields=fields)))

    def invite(self, item_id: str, change_key: str, room: str) -> tuple[RawAnswer, ...]:
        """Invite a room, as a resource, and send it the request."""
        item = self._reference(item_id, change_key)
        item.resources = [Attendee(mailbox=Mailbox(email_address=room), response_type="Unknown")]
        return self._save(item, "resources", SEND_ONLY_TO_ALL)

    def move_meeting(self, item_id: str, change_key: str, end: datetime) -> tuple[RawAnswer, ...]:
        """Set the end of the organizer's item, and send the update."""
        item = self._reference(item_id, change_key)
        item.end = ews_time(end)
        return self._save(item, "end", SEND_ONLY_TO_ALL)

    def cancel(self, item_id: str, change_key: str) -> tuple[RawAnswer, ...]:
        """Cancel a meeting, and send the cancellation."""
        reference = ReferenceItemId(id=item_id, changekey=change_key)
        order = CancelCalendarItem(account=self._account, reference_item_id=reference)
        return self._call(lambda: order.send(save_copy=False))

    def answers(self, ids: Sequence[tuple[str, str]]) -> tuple[RawAnswer, ...]:
        """Get answers in the inbox, by (id, change key): who wrote them in whose name, when, and their text."""
        folder = self._folder("inbox", _Answers)
        fields = ["sender", "author", "datetime_received", "text_body"]
        return self._call(lambda: every(self._account.fetch(ids, folder=folder, only_fields=fields)))

    def copies(self, uid: str) -> tuple[RawAnswer, ...]:
        """Find the meeting in this calendar: its times, whether it is cancelled, what was answered."""
        fields = ("subject", "start", "end", "is_cancelled", "my_response_type", "object_id")
        found = self._calendar.filter(object_id=bytes.fromhex(uid)).only(*fields)
        return self._call(lambda: every(found))

    def traces(
        self, folders: Sequence[str], *, uid: str = "", tagged: bool = False, reported: str = ""
    ) -> tuple[RawAnswer, ...]:
        """Find what belongs to meetings in these distinguished folders, with one response message for each.

        ``uid``: items with this object id; ``tagged``: every item that has a tag,
        also of other runs; ``reported``: non-delivery reports with this tag in
        their subject.
        """
        wanted = Q(object_id=bytes.fromhex(uid)) if uid else Q()
        if tagged:
            wanted |= Q(run_tag__exists=True)
        if reported:
            wanted |= Q(item_class__startswith=REPORT, subject__contains=reported)
        opened = FolderCollection(account=self._account, folders=[self._folder(name) for name in folders])
        found = opened.filter(wanted).only("subject", "item_class", "run_tag", "object_id")
        return self._call(lambda: every(found))

    def delete_all(self, ids: Sequence[tuple[str, str]]) -> tuple[RawAnswer, ...]:
        """Delete items, by (id, change key), for good; nothing is sent, no read receipt either."""
        return self._call(
            lambda: self._account.bulk_delete(
                ids=ids,
                send_meeting_cancellations=SEND_TO_NONE,
                affected_task_occurrences=ALL_OCCURRENCES,
                suppress_read_receipts=True,
            )
        )
