"""Pages of what FindItem and FindFolder found: IndexedPageView, and the limit of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, Refusal, attribute

MAX_FOUND = 1000  # EwsFindCountLimit of the default throttling policy
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Page:
    """Where a page begins, from which end, and how much it holds at most."""

    offset: int = 0
    most: int = MAX_FOUND
    from_end: bool = False


def read_page(body: etree._Element, name: str) -> Page:
    """Read the view element called ``name``; without it the page begins at the first.

    Raises Refusal: ErrorInvalidPagingMaxRows or ErrorInvalidIndexedPagingParameters.
    """
    view = body.find(f"m:{name}", NS)
    if view is None:
        return Page()
    most = int(view.get("MaxEntriesReturned", MAX_FOUND))
    offset = int(attribute(view, "Offset"))
    if most < 1:
        raise Refusal("ErrorInvalidPagingMaxRows")
    if offset < 0:
        raise Refusal("ErrorInvalidIndexedPagingParameters")
    return Page(offset, min(most, MAX_FOUND), attribute(view, "BasePoint") == "End")


def cut(found: list[_Found], page: Page) -> tuple[list[_Found], dict[str, str]]:
    """Cut a page out of what was found, with the attributes that RootFolder tells of it."""
    if page.from_end:
        end = max(0, len(found) - page.offset)
        start = max(0, end - page.most)
        following, last = page.offset + (end - start), start == 0
    else:
        start = min(page.offset, len(found))
        end = min(start + page.most, len(found))
        following, last = end, end == len(found)
    told = {
        "IndexedPagingOffset": str(following),
        "TotalItemsInView": str(len(found)),
        "IncludesLastItemInRange": "true" if last else "false",
    }
    return found[start:end], told
