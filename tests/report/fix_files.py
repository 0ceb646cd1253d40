"""Whether a run left the fix of a failure where its owner looks for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.report import powershell

_FILES = {
    "Exchange administrator": "exchange.ps1",
    "Active Directory administrator": "active-directory.ps1",
    "network administrator": "network.txt",
}


def assert_fix_is_written(folder: Path, outcome: Mapping[str, Any]) -> None:
    """Find a failed outcome of results.json in the file of its owner; the installer's are on the page alone."""
    name = _FILES.get(outcome["owner"])
    if name is None:
        assert outcome["owner"] == "installer"
        return
    text = (folder / "fixes" / name).read_text(encoding="utf-8-sig")
    assert f"{outcome['requirement']} (" in text
    assert "Undo: " in text
    assert "Waiting time: " in text
    if name.endswith(".ps1"):
        assert not powershell.faults(text)
    scripts = [path.read_text(encoding="utf-8-sig") for path in (folder / "fixes").glob("*.ps1")]
    if outcome["target"] != "site" and any("Invoke-Step" in script for script in scripts):
        literals = {token.text for script in scripts for token in powershell.tokens(script) if token.kind == "literal"}
        assert outcome["target"] in literals
