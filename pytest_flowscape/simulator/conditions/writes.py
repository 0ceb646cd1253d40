"""Conditions of clients that write items: refusals of one operation, and mishaps of the n-th write.

The target of a refusal is a mailbox. The target of a mishap is the number of
the write, counted from the moment of planting: ``3`` the third CreateItem,
UpdateItem or DeleteItem, ``3@atlas@demo.test`` the third in that mailbox; of
``booking-throttled`` also ``3x2``, two requests from there on.
"""

from __future__ import annotations

from pytest_flowscape.simulator.conditions.fields import SITE, Condition
from pytest_flowscape.simulator.runtime import Runtime
from pytest_flowscape.simulator.write_traps import Effect, WriteTrap


def _refuse(operation: str, code: str) -> Condition:
    """Return the condition that an operation is refused in the target's mailbox to everybody but its owner.

    In the service account's own mailbox it is refused to the owner too, as nobody else works there.
    """

    def plant(runtime: Runtime, target: str) -> None:
        mailbox = runtime.mailbox(target)
        own = mailbox.owner_sid == runtime.service.sid
        (mailbox.refuses_all if own else mailbox.refuses)[operation] = code

    return plant


def _trap(effect: Effect) -> Condition:
    """Return the condition that befalls the write whose number is the target; without a target the second."""

    def plant(runtime: Runtime, target: str) -> None:
        trap = WriteTrap.read(effect, "2" if target == SITE else target)
        if trap.mailbox:
            runtime.mailbox(trap.mailbox)  # raises for one that does not exist
        runtime.organisation.policy.write_traps.append(trap)

    return plant


WRITE_CONDITIONS: dict[str, Condition] = {
    "no-create-right": _refuse("CreateItem", "ErrorCreateItemAccessDenied"),
    "quota-exceeded": _refuse("CreateItem", "ErrorQuotaExceeded"),
    "no-delete-right": _refuse("DeleteItem", "ErrorAccessDenied"),
    "update-refused": _refuse("UpdateItem", "ErrorAccessDenied"),
    "booking-throttled": _trap(Effect.BUSY),
    "booking-reset": _trap(Effect.LOST),
    "booking-reset-before": _trap(Effect.LOST_BEFORE),
    "booking-held": _trap(Effect.HELD),
    "booking-held-before": _trap(Effect.HELD_BEFORE),
}
