"""Conditions of front ends, balancers, addresses and mailboxes that the hard sites have."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from pytest_flowscape.simulator.answer_holds import AnswerHold
from pytest_flowscape.simulator.changes import replace_grant
from pytest_flowscape.simulator.conditions.fields import SITE, Condition, mailbox, policy
from pytest_flowscape.simulator.model import AccessEntry
from pytest_flowscape.simulator.runtime import Runtime

FRONT_ENDS = ("EX01", "EX02", "EX03", "EX04")
BAD_FRONT_END = "EX03"


def _close_ipv6(runtime: Runtime, _target: str) -> None:
    """Leave the host's IPv6 address without a listener."""
    runtime.ews.close_host("::1")


def _grant_lately(runtime: Runtime, target: str) -> None:
    """Grant FullAccess in the directory ten minutes ago; the store's cache does not know it yet."""
    replace_grant(runtime, target, AccessEntry(runtime.service.sid, in_store=False))
    runtime.owner(target).when_changed = datetime.now(timezone.utc) - timedelta(minutes=10)


def _hold_answers(runtime: Runtime, target: str) -> None:
    """Keep answers back: ``GetFolder`` all, ``GetFolder/3`` from the third on; ``ldap.bind``, ``ldap.search`` too."""
    operation, _, nth = target.partition("/")
    if nth and not nth.isdecimal():
        raise KeyError(f"{target} is not OPERATION or OPERATION/N")
    runtime.organisation.policy.answer_holds[operation.lower()] = AnswerHold(int(nth or 1), runtime.answer_queue.keep)


def _ask_to_wait(runtime: Runtime, target: str) -> None:
    """Be busy for ever, and ask everybody to wait for so many seconds, the target; 40 without one."""
    policy = runtime.organisation.policy
    policy.throttle, policy.throttle_count = "busy", None
    policy.back_off_ms = 1000 * (40 if target == SITE else int(target))


def _stall_after(runtime: Runtime, target: str) -> None:
    """Stop answering for 20 seconds after so many EWS answers, the target."""
    runtime.organisation.policy.stall_after = _number(target)


def _drop_every(runtime: Runtime, target: str) -> None:
    """Close the connection in place of one of so many EWS answers, the target."""
    runtime.organisation.policy.drop_every = _number(target)


def _delay_answers(runtime: Runtime, target: str) -> None:
    """Answer EWS requests after so many milliseconds, the target."""
    runtime.organisation.policy.latency = _number(target) / 1000


def _number(target: str) -> int:
    """Read a target that is a number. Raises KeyError, its text for people."""
    try:
        return int(target)
    except ValueError:
        raise KeyError(f"{target or 'nothing'} is no number") from None


NETWORK_CONDITIONS: dict[str, Condition] = {
    "answers-held": _hold_answers,
    "long-back-off": _ask_to_wait,
    # four front ends behind the hostname, one of which serves no EWS: for ever, or for its first answer only
    "bad-front-end": policy(front_ends=FRONT_ENDS, bad_front_end=BAD_FRONT_END),
    "front-end-restarts": policy(front_ends=FRONT_ENDS, bad_front_end=BAD_FRONT_END, bad_answers=1),
    # requests go out over another connection than the one that is signed in: each but the first, one, each but three
    "balancer": policy(mixed_up_after=1),
    "balancer-once": policy(mixed_up_after=1, mix_ups=1),
    "balancer-now-and-then": policy(mixed_up_after=3),
    "ipv4-only": _close_ipv6,
    "never-opened": mailbox(never_opened=True),
    "exclusive-scope": mailbox(exclusive=True),
    "fresh-grant": _grant_lately,
    # each store session stays open 20 ms beyond its answer
    "limits": policy(max_concurrency=10, store_sessions=16, store_linger=0.02),
    # slow answers; a request that is one too many is asked to wait two seconds
    "four-at-a-time": policy(max_concurrency=4, limit_back_off_ms=2000, latency=0.1),
    "stalls": _stall_after,
    "drops": _drop_every,
    "latency": _delay_answers,
}
