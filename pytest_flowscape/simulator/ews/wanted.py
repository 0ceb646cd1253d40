"""What a request names and asks for, as the log tells it: folders, properties that are read or set."""

from __future__ import annotations

from lxml import etree

from pytest_flowscape.simulator.ews.envelope import NS, Request

_READ = {".//t:FieldURI": "FieldURI", ".//t:ExtendedFieldURI": "PropertyName", ".//t:IndexedFieldURI": "FieldURI"}


def wanted(asked: Request) -> dict[str, object]:
    """Return the entries ``folders`` and ``properties`` of the log, each sorted and without repetition."""
    body = asked.body
    folders = {one.get("Id", "") for one in body.iterfind(".//t:DistinguishedFolderId", NS)}
    properties = {one.get(name, "") for path, name in _READ.items() for one in body.iterfind(path, NS)}
    for path in (".//t:BaseShape", ".//t:RequestedView"):
        properties |= {one.text or "" for one in body.iterfind(path, NS)}
    for path in (".//m:Items/*/*", ".//t:SetItemField/*/*", ".//t:AppendToItemField/*/*"):
        properties |= {etree.QName(one).localname for one in body.iterfind(path, NS)}
    if body.get("ReturnFullContactData") == "true":
        properties.add("FullContactData")
    return {"folders": sorted(folders), "properties": sorted(properties)}
