"""The committed sample: current, whole, and of nobody's machine; ``python -m tests.report.make_sample`` makes it."""

from __future__ import annotations

import getpass
import hashlib
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape import __version__
from pytest_flowscape.judging.catalogue import load_requirements
from tests.report import make_sample
from tests.report.make_sample import KEPT, PICTURE, REPOSITORY, SAMPLE
from tests.report.report_schema import faults
from tests.report.staged import outcomes

MAX_BYTES = 300_000
FILES = sorted(path for path in SAMPLE.rglob("*") if path.is_file())


def results(folder: Path = SAMPLE) -> dict[str, Any]:
    return dict(json.loads((folder / "results.json").read_text(encoding="utf-8")))


def shape(value: Any) -> Any:
    """Return the keys of a document, without its values."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


def test_it_holds_what_a_run_leaves_for_people() -> None:
    assert {path.relative_to(SAMPLE).as_posix() for path in FILES} == {
        *KEPT,
        "fixes/exchange.ps1",
        "fixes/active-directory.ps1",
    }


def test_its_schema_version_and_requirements_are_the_present_ones() -> None:
    document = results()
    assert faults(document, "results-1") == []
    assert document["run"]["tool_version"] == __version__
    assert [one["id"] for one in document["requirements"]] == list(load_requirements())


def test_its_page_names_the_hash_of_its_results() -> None:
    digest = hashlib.sha256((SAMPLE / "results.json").read_bytes()).hexdigest()
    assert f"{digest}  results.json" in (SAMPLE / "acceptance.html").read_text(encoding="utf-8")


def test_it_shows_what_the_report_can_say() -> None:
    document = results()
    assert document["verdict"] == "NOT ACCEPTED"
    assert all(document["totals"][word] for word in ("passed", "failed", "not measured", "not requested", "waived"))
    assert document["changes"]["new"]
    assert document["changes"]["fixed"]
    assert len(document["changes"]["trend"]) == 2
    assert document["notes"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_names_no_machine_no_user_and_no_path_of_whoever_made_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8-sig")
    assert not re.findall(r"localhost|127\.0\.0\.1|/(tmp|home|root|Users)/|\\Users|\.venv|site-packages", text)
    own = {socket.gethostname(), socket.getfqdn(), getpass.getuser(), str(REPOSITORY)} - {"root", "localhost"}
    for name in own:
        assert len(name) < 5 or name not in text


def test_made_anew_it_is_the_same(tmp_path: Path) -> None:
    """Where it is not, the sample is stale: python -m tests.report.make_sample --picture."""
    make_sample.make(tmp_path / "sample")
    fresh, kept = results(tmp_path / "sample"), results()
    assert outcomes(fresh) == outcomes(kept)
    assert shape(fresh) == shape(kept)
    for document in (fresh, kept):
        document["run"].pop("footprint")  # a connection more or less is no news
    for name in ("site", "run", "changes", "exceptions", "notes"):
        assert fresh[name] == kept[name]


def test_the_readme_shows_its_picture_and_leads_to_it() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert "(docs/sample.png)" in readme
    assert "reports/sample/acceptance.html" in readme
    content = PICTURE.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < MAX_BYTES
