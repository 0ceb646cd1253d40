"""Conditions of front ends, balancers, addresses and mailboxes that only the hard sites have, by name.

``conditions.py`` takes them in among its own; everything here goes away with a reset.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from pytest_flowscape.simulator.changes import replace_grant
from pytest_flowscape.simulator.held_answers import HeldAnswers
from pytest_flowscape.simulator.model import AccessEntry
from pytest_flowscape.simulator.runtime import Runtime

SITE = "site"
FRONT_ENDS = ("EX01", "EX02", "EX03", "EX04")
BAD_FRONT_END = "EX03"


def _bad_front_end(runtime: Runtime, _target: str) -> None:
    """Put four front ends behind the hostname, one of which serves no EWS."""
    policy = runtime.organisation.policy
    policy.front_ends, policy.bad_front_end = FRONT_ENDS, BAD_FRONT_END


def _front_end_restarts(runtime: Runtime, target: str) -> None:
    """Likewise, but the bad one comes back after its first bad answer."""
    _bad_front_end(runtime, target)
    runtime.organisation.policy.bad_answers = 1


def _balancer(runtime: Runtime, _target: str) -> None:
    """Send every request after the one that signed in over another connection than the one that is signed in."""
    runtime.organisation.policy.mixed_up_after = 1


def _balancer_once(runtime: Runtime, target: str) -> None:
    """Likewise, but for the first such request only."""
    _balancer(runtime, target)
    runtime.organisation.policy.mix_ups = 1


def _balancer_now_and_then(runtime: Runtime, _target: str) -> None:
    """Let each signed-in connection carry a few requests first."""
    runtime.organisation.policy.mixed_up_after = 3


def _ipv4_only(runtime: Runtime, _target: str) -> None:
    """Leave the host's IPv6 address without a listener."""
    runtime.ews.close_host("::1")


def _never_opened(runtime: Runtime, target: str) -> None:
    """Take a mailbox's folders away until its owner, or somebody who acts as the owner, opens it."""
    runtime.mailbox(target).never_opened = True


def _exclusive_scope(runtime: Runtime, target: str) -> None:
    """Put a mailbox into an exclusive scope that is not the service account's."""
    runtime.mailbox(target).exclusive = True


def _fresh_grant(runtime: Runtime, target: str) -> None:
    """Grant FullAccess in the directory ten minutes ago; the store's cache does not know it yet."""
    replace_grant(runtime, target, AccessEntry(runtime.service.sid, in_store=False))
    runtime.owner(target).when_changed = datetime.now(timezone.utc) - timedelta(minutes=10)


def _answers_held(runtime: Runtime, target: str) -> None:
    """Keep answers back: ``GetFolder`` all, ``GetFolder/3`` from the third on; ``ldap.bind``, ``ldap.search`` too."""
    operation, _, nth = target.partition("/")
    if nth and not nth.isdecimal():
        raise KeyError(f"{target} is not OPERATION or OPERATION/N")
    runtime.organisation.policy.held[operation.lower()] = HeldAnswers(int(nth or 1), runtime.holding.hold)


def _long_back_off(runtime: Runtime, target: str) -> None:
    """Be busy for ever, and ask everybody to wait for so many seconds; 40 without a target."""
    policy = runtime.organisation.policy
    policy.throttle, policy.throttle_count = "busy", None
    policy.back_off_ms = 1000 * (40 if target == SITE else int(target))


def _limits(runtime: Runtime, _target: str) -> None:
    """Answer at most ten requests at a time, and keep 16 store sessions, each 20 ms beyond its answer."""
    policy = runtime.organisation.policy
    policy.max_concurrency, policy.store_sessions, policy.store_linger = 10, 16, 0.02


def _four_at_a_time(runtime: Runtime, _target: str) -> None:
    """Answer at most four requests at a time, slowly; whoever is one too many is asked to wait two seconds."""
    policy = runtime.organisation.policy
    policy.max_concurrency, policy.limit_back_off_ms, policy.latency = 4, 2000, 0.1


def _stalls(runtime: Runtime, target: str) -> None:
    """Stop answering for 20 seconds after so many EWS answers, the target."""
    runtime.organisation.policy.stall_after = _number(target)


def _drops(runtime: Runtime, target: str) -> None:
    """Close the connection in place of one of so many EWS answers, the target."""
    runtime.organisation.policy.drop_every = _number(target)


def _latency(runtime: Runtime, target: str) -> None:
    """Answer EWS requests after so many milliseconds, the target."""
    runtime.organisation.policy.latency = _number(target) / 1000


def _number(target: str) -> int:
    """Read a target that is a number. Raises KeyError, its text for people."""
    try:
        return int(target)
    except ValueError:
        raise KeyError(f"{target or 'nothing'} is no number") from None


NETWORK_CONDITIONS: dict[str, Callable[[Runtime, str], None]] = {
    "answers-held": _answers_held,
    "long-back-off": _long_back_off,
    "bad-front-end": _bad_front_end,
    "front-end-restarts": _front_end_restarts,
    "balancer": _balancer,
    "balancer-once": _balancer_once,
    "balancer-now-and-then": _balancer_now_and_then,
    "ipv4-only": _ipv4_only,
    "never-opened": _never_opened,
    "exclusive-scope": _exclusive_scope,
    "fresh-grant": _fresh_grant,
    "limits": _limits,
    "four-at-a-time": _four_at_a_time,
    "stalls": _stalls,
    "drops": _drops,
    "latency": _latency,
}
