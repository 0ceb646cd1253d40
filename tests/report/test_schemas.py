"""The schemas in docs/schemas: closed, current, and followed by what real runs write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.acceptance import accept
from tests.report.report_schema import SCHEMAS, faults, schema
from tests.simulator.harness import Simulator

NAMES = sorted(path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.schema.json"))


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Return every part of a schema that describes an object."""
    if isinstance(node, list):
        for one in node:
            yield from objects(one)
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield node
        for one in node.values():
            yield from objects(one)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_a_schema_and_every_object_in_it_is_closed(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    for one in objects(schema(name)):
        assert one.get("additionalProperties", True) is not True, one
        assert set(one.get("required", ())) <= set(one.get("properties", ()))


@pytest.mark.parametrize("arguments", [(), ("-n", "2"), ("-k", "host")], ids=["serial", "workers", "some tests"])
def test_what_a_run_writes_follows_them(arguments: tuple[str, ...], simulator: Simulator, tmp_path: Path) -> None:
    for fault in ("ACCOUNT-1", "IMPERSONATION-3"):
        simulator.plant(fault)
    done = accept(simulator.site, *arguments, cwd=tmp_path)
    assert faults(done.results, "results-1") == []
    evidence = json.loads((done.folder / "evidence.json").read_text(encoding="utf-8"))
    assert faults(evidence, "evidence-1") == []
    assert evidence["rooms"] or arguments == ("-k", "host")


def test_a_meeting_follows_them_too(simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, "--flowscape-book=meeting", cwd=tmp_path)
    evidence = json.loads((done.folder / "evidence.json").read_text(encoding="utf-8"))
    assert faults(evidence, "evidence-1") == []
    assert any("meetings" in room for room in evidence["rooms"].values())


def test_what_ends_before_exchange_is_asked_follows_them_too(simulator: Simulator, tmp_path: Path) -> None:
    for fault in ("locked", "HOST-1"):
        simulator.reset()
        simulator.plant(fault)
        done = accept(simulator.site, cwd=tmp_path, report=tmp_path / fault)
        assert faults(done.results, "results-1") == []
        evidence = json.loads((done.folder / "evidence.json").read_text(encoding="utf-8"))
        assert faults(evidence, "evidence-1") == []


def test_a_field_too_many_or_too_few_is_found() -> None:
    good = {"schema": "flowscape-evidence/1", "site": None, "rooms": {}}
    assert faults(good, "evidence-1") == []
    assert faults({**good, "more": 1}, "evidence-1")
    assert faults({"schema": good["schema"], "rooms": {}}, "evidence-1")
    assert faults({**good, "rooms": {"atlas@x.test": {"secret": {}}}}, "evidence-1")
