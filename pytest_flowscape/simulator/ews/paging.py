"""Pages of what FindItem and FindFolder found: IndexedPageView, and the limit of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, Refusal, attribute
from pytest_flowscape.simulator.ews.item_values import format_truth

MAX_FOUND = 1000  # EwsFindCountLimit of the default throttling policy
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Page:
    """Where a page begins, from which end, and how many it holds at most."""

    offset: int = 0
    size: int = MAX_FOUND
    from_end: bool = False


def read_page(body: etree._Element, name: str) -> Page:
    """Read the view element called ``name``; without it the page begins at the first.

    Raises Refusal: ErrorInvalidPagingMaxRows or ErrorInvalidIndexedPagingParameters.
    """
    view = body.find(f"m:{name}", NS)
    if view is None:
        return Page()
    size = int(view.get("MaxEntriesReturned", MAX_FOUND))
    offset = int(attribute(view, "Offset"))
    if size < 1:
        raise Refusal("ErrorInvalidPagingMaxRows")
    if offset < 0:
        raise Refusal("ErrorInvalidIndexedPagingParameters")
    return Page(offset, min(size, MAX_FOUND), attribute(view, "BasePoint") == "End")


def page_of(found: list[_Found], page: Page) -> tuple[list[_Found], dict[str, str]]:
    """Return a page of what was found, and the attributes of its RootFolder."""
    if page.from_end:
        end = max(0, len(found) - page.offset)
        start = max(0, end - page.size)
        following, last = page.offset + (end - start), start == 0
    else:
        start = min(page.offset, len(found))
        end = min(start + page.size, len(found))
        following, last = end, end == len(found)
    attributes = {
        "IndexedPagingOffset": str(following),
        "TotalItemsInView": str(len(found)),
        "IncludesLastItemInRange": format_truth(last),
    }
    return found[start:end], attributes
