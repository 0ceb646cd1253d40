"""Remove the items of a meeting from two mailboxes made by hand: what is refused, what moves, what is hidden."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest

from pytest_flowscape.booking import meeting_items
from pytest_flowscape.booking.calls import Patience
from pytest_flowscape.booking.client.transport import RawAnswer
from pytest_flowscape.booking.meeting_items import OF_ORGANIZER, OF_ROOM, REMOVE, Mailboxes
from pytest_flowscape.booking.removal import CHECK, Removal
from pytest_flowscape.facts import TAG_NAME, TAG_SET, Written
from tests.probes.ews_samples import response

SERVICE, ROOM, UID, TAG = "svc@demo.test", "atlas@demo.test", "0400AB", "run/1"
ITEM = Written(SERVICE, "calendar", TAG, "Subject", uid=UID, invited=ROOM)
ONCE = Patience(0, 5.0)
Held = dict[str, tuple[str, str, str]]  # item id to folder, tag, object id


class Box:
    """A mailbox that finds and deletes what it holds; ``refuses`` are ids, ``moves`` ids that get others first."""

    def __init__(self, address: str, held: Held, refuses: Sequence[str] = (), hidden: bool = False) -> None:
        self.address = address
        self.held = held
        self.refuses = refuses
        self.hidden = hidden
        self.moves: dict[str, str] = {}
        self.deletions = 0

    def traces(self, folders: Sequence[str], **_: object) -> tuple[RawAnswer, ...]:
        if self.hidden:
            return (raw_answer("FindItem", [refusal("FindItem", "ErrorAccessDenied")]),)
        found = ["".join(map(self._item, (i for i, (where, *_) in self.held.items() if where == f))) for f in folders]
        return (
            raw_answer(
                "FindItem", [success("FindItem", f"<m:RootFolder>{items(one)}</m:RootFolder>") for one in found]
            ),
        )

    def _item(self, item_id: str) -> str:
        _, tag, uid = self.held[item_id]
        properties = (
            extended_property(f'PropertySetId="{TAG_SET}" PropertyName="{TAG_NAME}" PropertyType="String"', tag)
            if tag
            else ""
        )
        value = base64.b64encode(bytes.fromhex(uid)).decode()
        properties += extended_property(
            'PropertySetId="6ed8da90-450b-101b-98da-00aa003f1305" PropertyId="3" PropertyType="Binary"', value
        )
        return f'<t:CalendarItem><t:ItemId Id="{item_id}" ChangeKey="C"/>{properties}</t:CalendarItem>'

    def delete_all(self, ids: Sequence[tuple[str, str]]) -> tuple[RawAnswer, ...]:
        self.deletions += 1
        messages = []
        for item_id, _ in ids:
            if item_id in self.moves:
                self.held[self.moves.pop(item_id)] = self.held.pop(item_id)
                messages.append(refusal("DeleteItem", "ErrorItemNotFound"))
            elif item_id in self.refuses:
                messages.append(refusal("DeleteItem", "ErrorAccessDenied"))
            else:
                del self.held[item_id]
                messages.append(success("DeleteItem", ""))
        return (raw_answer("DeleteItem", messages),)


def items(text: str) -> str:
    return f"<t:Items>{text}</t:Items>"


def extended_property(name: str, value: str) -> str:
    return f"<t:ExtendedProperty><t:ExtendedFieldURI {name}/><t:Value>{value}</t:Value></t:ExtendedProperty>"


def success(operation: str, content: str) -> str:
    return (
        f'<m:{operation}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{content}</m:{operation}ResponseMessage>"
    )


def refusal(operation: str, code: str) -> str:
    return (
        f'<m:{operation}ResponseMessage ResponseClass="Error"><m:MessageText>no</m:MessageText>'
        f"<m:ResponseCode>{code}</m:ResponseCode></m:{operation}ResponseMessage>"
    )


def raw_answer(operation: str, messages: Sequence[str]) -> RawAnswer:
    return RawAnswer(operation, 200, response(operation, "".join(messages)))


def organizers(**more: object) -> Box:
    held: Held = {"own": ("deleteditems", TAG, UID), "answer": ("inbox", "", UID), "other": ("inbox", "", "0400CD")}
    return Box(SERVICE, held, **more)  # type: ignore[arg-type]


def rooms(**more: object) -> Box:
    held: Held = {"copy": ("calendar", "", UID), "request": ("inbox", "", UID), "theirs": ("calendar", "", "0400EF")}
    return Box(ROOM, held, **more)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting_items, "ROUNDS", (0.0, 0.0, 0.0, 0.0))


def remove(own: Box, room: Box, tags: Sequence[str] = ()) -> Removal:
    return meeting_items.remove(Mailboxes(own, room), ITEM, tags, ONCE)  # type: ignore[arg-type]


def test_what_is_ours_goes_and_everything_else_stays() -> None:
    own, room = organizers(), rooms()
    removal = remove(own, room)
    assert removal.clean
    assert {item.item_id for item in removal.removed} == {"own", "answer", "copy", "request"}
    assert [(step.name, step.succeeded) for step in removal.steps] == [(REMOVE, True), (CHECK, True)]
    assert (set(own.held), set(room.held)) == ({"other"}, {"theirs"})
    assert (own.deletions, room.deletions) == (1, 1)


def test_a_message_that_moves_meanwhile_is_found_where_it_went() -> None:
    room = rooms()
    room.moves = {"request": "moved"}
    assert remove(organizers(), room).clean
    assert set(room.held) == {"theirs"}


def test_what_is_refused_is_listed_one_by_one_and_not_tried_forever() -> None:
    room = rooms(refuses=("copy",))
    removal = remove(organizers(), room)
    assert [(item.item_id, item.folder, item.mailbox) for item, _ in removal.left] == [("copy", "calendar", ROOM)]
    assert removal.left[0][1].startswith("ErrorAccessDenied")
    assert [step.name for step in removal.steps if not step.succeeded] == [REMOVE]
    assert room.deletions <= 2


def test_a_mailbox_that_cannot_be_searched_keeps_nothing_of_the_other() -> None:
    own = organizers()
    removal = remove(own, rooms(hidden=True))
    assert set(own.held) == {"other"}
    assert not removal.clean
    assert "could not be seen" in removal.left[0][1]


def test_a_stranger_stops_everything() -> None:
    own, room = organizers(), rooms()
    own.held["strange"] = ("calendar", "another/1", "0400FF")
    removal = remove(own, room)
    assert [item.item_id for item in removal.strangers] == ["strange"]
    assert (own.deletions, room.deletions) == (0, 0)
    assert remove(own, room, ["another/1"]).clean  # a journal knows it
    assert "strange" in own.held


def test_every_folder_is_searched() -> None:
    assert set(OF_ORGANIZER) == {"calendar", "inbox", "sentitems", "deleteditems"}
    assert set(OF_ROOM) == {"calendar", "inbox", "deleteditems"}
