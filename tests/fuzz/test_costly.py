"""Answers that are small and could cost much: what is nested is read once, not once for each level."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pytest_flowscape.probes.ews import answers, resolve_names, sync_folder_items
from pytest_flowscape.probes.ews.answers import Envelope
from tests.probes import ews_samples as soap

DEEP = 200  # the parser takes 256 levels
SECONDS = 5.0  # of processor time; it takes a tenth of one, and took minutes
VALUES = '<t:Value Name="a">x</t:Value>' * 60_000


def nested(name: str, inside: str) -> str:
    return f"<{name}>" * DEEP + inside + f"</{name}>" * DEEP


def failed(inside: str) -> str:
    return f'<m:GetFolderResponseMessage ResponseClass="Error">{inside}</m:GetFolderResponseMessage>'


COSTLY: dict[str, Callable[[], bytes]] = {
    "values within values": lambda: soap.response("GetFolder", failed(nested("m:MessageXml", VALUES))),
    "values of a fault": lambda: soap.soap(f"<s:Fault><detail>{nested('t:MessageXml', VALUES)}</detail></s:Fault>"),
    "lists within lists": lambda: soap.soap(nested("m:ResponseMessages", failed("") * 300)),
    "lists of lists": lambda: soap.soap(
        ("<m:ResponseMessages>" + failed(VALUES[:5000])) * DEEP + "</m:ResponseMessages>" * DEEP
    ),
    "resolutions within resolutions": lambda: soap.response("ResolveNames", nested("t:Resolution", VALUES)),
}


@pytest.mark.parametrize("name", list(COSTLY))
def test_it_costs_little(name: str) -> None:
    answer = soap.answer(COSTLY[name]())
    began = time.process_time()
    told = answers.read(answer)
    if isinstance(told, Envelope):
        list(answers.troubles(told))
        resolve_names.read(told, "atlas@demo.test")
        sync_folder_items.read(told, "atlas@demo.test", "")
    assert time.process_time() - began < SECONDS
