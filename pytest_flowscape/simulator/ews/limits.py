"""Limits of the server: store sessions, simultaneous requests, and how many answers are busy ones.

Exchange's Managed Store opens at most 16 EWS sessions for one user and
database (Microsoft, "Managed store limits"); more give
ErrorTooManyObjectsOpened. EwsMaxConcurrency gives ErrorExceededConnectionCount.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pytest_flowscape.simulator.ews.access import Caller
from pytest_flowscape.simulator.ews.envelope import Refusal
from pytest_flowscape.simulator.model import Mailbox, Organisation


@dataclass
class Books:
    """What is open at this moment: requests in flight, and store sessions by the SID that is charged.

    ``idle`` holds, for each account and mailbox, the calls that will close its
    lingering sessions.
    """

    in_flight: int = 0
    sessions: Counter[str] = field(default_factory=Counter)
    idle: defaultdict[tuple[str, str], list[Any]] = field(default_factory=lambda: defaultdict(list))


class Limits:
    """The limits, and the books on what is open; a reset begins new books."""

    def __init__(self, organisation: Organisation, reactor: Any) -> None:
        self.organisation = organisation
        self.reactor = reactor
        self.books = Books()

    def clear(self) -> None:
        """Start from nothing open; what is still under way ends in the old books."""
        self.books = Books()

    def enter(self) -> Callable[[], None]:
        """Count a request in, and return what counts it out. Raises Refusal (a fault) above the limit."""
        books, policy = self.books, self.organisation.policy
        if books.in_flight >= policy.max_concurrency:
            self.organisation.counters["ews.over_limit"] += 1
            wait = {"BackOffMilliseconds": str(policy.limit_back_off_ms)} if policy.limit_back_off_ms else {}
            raise Refusal("ErrorExceededConnectionCount", values=wait)
        books.in_flight += 1
        self.keep_highest("ews.max_in_flight", books.in_flight)

        def leave() -> None:
            books.in_flight -= 1

        return leave

    def keep_highest(self, key: str, value: int) -> None:
        """Keep the highest value so far under this counter."""
        counters = self.organisation.counters
        counters[key] = max(counters[key], value)

    def throttle(self) -> str:
        """Return how this request is throttled ("", "busy", "inner-busy" or "503"), and count it if it is."""
        policy = self.organisation.policy
        kind = policy.throttle
        if not kind or policy.throttle_count == 0:
            return ""
        if policy.throttle_count is not None:
            policy.throttle_count -= 1
        self.organisation.counters["ews.throttled"] += 1
        return kind


class MailboxSessions:
    """The store sessions that one delegate request opens: one for each mailbox, closed a while after the answer.

    A lingering session is taken again by the next request for its mailbox.
    Impersonated requests are charged to the mailbox itself and open one
    session only; they never come near the limit and are not counted.
    """

    def __init__(self, limits: Limits, caller: Caller) -> None:
        self._limits = limits
        self._caller = caller
        self._mailboxes: set[str] = set()
        self._books = limits.books

    def open(self, mailbox: Mailbox) -> None:
        """Open a session for this mailbox, unless this request has one. Raises Refusal above the limit."""
        if self._caller.impersonates or mailbox.primary in self._mailboxes:
            return
        sid = self._caller.signed_in.sid
        idle = self._books.idle[sid, mailbox.primary]
        if idle:
            idle.pop(0).cancel()
        elif self._books.sessions[sid] >= self._limits.organisation.policy.store_sessions:
            self._limits.organisation.counters["ews.too_many_sessions"] += 1
            raise Refusal("ErrorTooManyObjectsOpened")
        else:
            self._books.sessions[sid] += 1
        self._mailboxes.add(mailbox.primary)
        self._limits.keep_highest("ews.max_store_sessions", self._books.sessions[sid])

    def close_later(self) -> None:
        """Let each of them linger ``store_linger`` seconds from now, the answer being sent."""
        linger = self._limits.organisation.policy.store_linger
        for address in self._mailboxes:
            key = (self._caller.signed_in.sid, address)
            self._books.idle[key].append(self._limits.reactor.callLater(linger, self._close, key))

    def _close(self, key: tuple[str, str]) -> None:
        # the oldest of this mailbox: all of them linger equally long
        self._books.idle[key].pop(0)
        self._books.sessions[key[0]] -= 1
