"""All items of all folders of all mailboxes as plain values, for tests that nothing was left behind."""

from __future__ import annotations

from datetime import datetime, timezone

from pytest_flowscape.simulator.model import Organisation
from pytest_flowscape.simulator.model_items import ExtendedName, Item, Value

RECOVERABLE = "recoverableitems"


def dump(organisation: Organisation) -> list[dict[str, object]]:
    """Return one record for each item, in a fixed order.

    ``number`` and ``changed`` are the item's own in its mailbox: an item that
    was touched and put back differs in ``changed``.
    """
    boxes = sorted(organisation.mailboxes.items())
    return [
        _record(address, item)
        for address, mailbox in boxes
        for item in sorted(mailbox.contents().items.values(), key=lambda item: (item.folder, item.number))
    ]


def _record(address: str, item: Item) -> dict[str, object]:
    return {
        "mailbox": address,
        "folder": item.folder,
        "recoverable": item.folder.startswith(RECOVERABLE),
        "class": item.kind,
        "subject": str(item.values.get("item:Subject", "")),
        "uid": item.uid,
        "start": _time(item.values.get("calendar:Start")),
        "end": _time(item.values.get("calendar:End")),
        "extended": {_name_text(name): list(values) for name, values in item.extended.items()},
        "number": item.number,
        "changed": item.changed,
    }


def _time(value: Value | None) -> str:
    return value.astimezone(timezone.utc).isoformat() if isinstance(value, datetime) else ""


def _name_text(name: ExtendedName) -> str:
    if name.tag is not None:
        return f"0x{name.tag:x}"
    return f"{name.property_set}/{name.name or name.number}"
