"""The log of requests to EWS: what each names, asks for and changes, and as whom."""

from __future__ import annotations

import time
from typing import Any

from lxml import etree

from pytest_flowscape.simulator.ews.authentication import Connection
from pytest_flowscape.simulator.ews.envelope import NS, Refusal, Request
from pytest_flowscape.simulator.model import Organisation

_READ = {".//t:FieldURI": "FieldURI", ".//t:ExtendedFieldURI": "PropertyName", ".//t:IndexedFieldURI": "FieldURI"}


def note_request(
    organisation: Organisation, request: Any, connection: Connection, parsed: Request | Refusal
) -> dict[str, object]:
    """Add an entry for a request of Twisted to the log, and return it; what becomes of the request is filled in later.

    ``sent`` is what the body asks and as whom, whether or not EWS will ever see
    it: a sign-in's legs carry it too.
    """
    connection.credentials = connection.credentials or bool(request.getHeader("authorization"))
    nothing: dict[str, object] = {"operation": "", "impersonated": "", "mailboxes": []}
    sent = nothing if isinstance(parsed, Refusal) else folders_and_properties(parsed) | summary(parsed)
    entry: dict[str, object] = {
        "time": time.time(),
        "operation": "",
        "mailboxes": [],
        "impersonated": "",
        "connection": connection.number,
        "status": 0,
        "user": "",
        "way": "",
        "request_id": request.getHeader("client-request-id") or "",
        "user_agent": request.getHeader("user-agent") or "",
        # what tests look for in everything that a client leaves behind
        "authorization": request.getHeader("authorization") or "",
        "sent": sent | {"credentials": connection.credentials},
    }
    organisation.log.append(entry)
    return entry


def summary(request: Request) -> dict[str, object]:
    """Return the operation of a request, whom it impersonates, and the mailboxes that it names."""
    return {
        "operation": request.operation,
        "impersonated": request.impersonation.value if request.impersonation else "",
        "mailboxes": list(request.addresses),
    }


def folders_and_properties(request: Request) -> dict[str, object]:
    """Return the folders and the properties that a request reads or sets, each sorted and without repetition."""
    body = request.body
    folders = {one.get("Id", "") for one in body.iterfind(".//t:DistinguishedFolderId", NS)}
    properties = {one.get(name, "") for path, name in _READ.items() for one in body.iterfind(path, NS)}
    for path in (".//t:BaseShape", ".//t:RequestedView"):
        properties |= {one.text or "" for one in body.iterfind(path, NS)}
    for path in (".//m:Items/*/*", ".//t:SetItemField/*/*", ".//t:AppendToItemField/*/*"):
        properties |= {etree.QName(one).localname for one in body.iterfind(path, NS)}
    if body.get("ReturnFullContactData") == "true":
        properties.add("FullContactData")
    return {"folders": sorted(folders), "properties": sorted(properties)}
