"""Every kind of item that the simulator knows, by the name of its element, with its properties in schema order."""

from __future__ import annotations

from pytest_flowscape.simulator.ews.item_properties import ITEM_KINDS, Property
from pytest_flowscape.simulator.ews.meeting_properties import MEETING_KINDS

KINDS: dict[str, tuple[Property, ...]] = {**MEETING_KINDS, **ITEM_KINDS}
# of a URI that several kinds have, the calendar item's or the message's own form
BY_URI = {known.uri: known for properties in KINDS.values() for known in properties}


def properties_of(kind: str) -> tuple[Property, ...]:
    """Return the properties of a kind of item, in the order of the schema; what is not known is a message."""
    return KINDS.get(kind, KINDS["Message"])
