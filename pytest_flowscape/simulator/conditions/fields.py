"""Conditions that set fields of the simulated site, each row of a table; and what all conditions share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_flowscape.simulator.runtime import Runtime

Condition = Callable[[Runtime, str], None]
SITE = "site"  # the target of what concerns the whole site


def setter(find: Callable[[Runtime, str], object]) -> Callable[..., Condition]:
    """Return what makes a condition of keyword arguments: they are set on the object that ``find`` returns."""

    def make(**values: Any) -> Condition:
        def plant(runtime: Runtime, target: str) -> None:
            changed = find(runtime, target)
            for name, value in values.items():
                setattr(changed, name, value)

        return plant

    return make


policy = setter(lambda runtime, _target: runtime.organisation.policy)
service = setter(lambda runtime, _target: runtime.service)
owner = setter(Runtime.owner)  # the account to which the target's mailbox belongs
mailbox = setter(Runtime.mailbox)
processing = setter(lambda runtime, target: runtime.mailbox(target).processing)
