"""Answers that are small and could cost much: what is nested is read once, not once for each level."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pytest_flowscape.probes.ews import answers, resolve_names, sync_folder_items
from pytest_flowscape.probes.ews.answers import Envelope
from tests.probes import ews_samples as soap

DEEP = 200  # the parser takes 256 levels
MAX_SECONDS = 5.0  # of processor time; it takes a tenth of one, and took minutes
VALUES = '<t:Value Name="a">x</t:Value>' * 60_000


def nest(name: str, inside: str) -> str:
    return f"<{name}>" * DEEP + inside + f"</{name}>" * DEEP


def failure(inside: str) -> str:
    return f'<m:GetFolderResponseMessage ResponseClass="Error">{inside}</m:GetFolderResponseMessage>'


COSTLY: dict[str, Callable[[], bytes]] = {
    "values within values": lambda: soap.response("GetFolder", failure(nest("m:MessageXml", VALUES))),
    "values of a fault": lambda: soap.soap(f"<s:Fault><detail>{nest('t:MessageXml', VALUES)}</detail></s:Fault>"),
    "lists within lists": lambda: soap.soap(nest("m:ResponseMessages", failure("") * 300)),
    "lists of lists": lambda: soap.soap(
        ("<m:ResponseMessages>" + failure(VALUES[:5000])) * DEEP + "</m:ResponseMessages>" * DEEP
    ),
    "resolutions within resolutions": lambda: soap.response("ResolveNames", nest("t:Resolution", VALUES)),
}


@pytest.mark.parametrize("name", list(COSTLY))
def test_it_costs_little(name: str) -> None:
    answer = soap.answer(COSTLY[name]())
    began = time.process_time()
    envelope = answers.read(answer)
    if isinstance(envelope, Envelope):
        list(answers.troubles(envelope))
        resolve_names.read(envelope, "atlas@demo.test")
        sync_folder_items.read(envelope, "atlas@demo.test", "")
    assert time.process_time() - began < MAX_SECONDS
