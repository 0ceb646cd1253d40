"""A requirement of which a test says only what matters to it."""

from __future__ import annotations

from typing import Any

from pytest_flowscape.requirement import Owner, Per, Requirement

FILLED = {"title": "t", "text": "x MUST", "consequence": "c", "fix": "f", "link": "l", "guide": "g"}


def declared(id_: str, per: Per = Per.SITE, **fields: Any) -> Requirement:
    """Return a requirement with every field filled."""
    return Requirement(id_, per=per, owner=Owner.EXCHANGE, **{**FILLED, **fields})
