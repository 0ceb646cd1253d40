"""How the simulated servers behave: limits, and the site-wide conditions that faults set. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_flowscape.simulator.answer_holds import AnswerHold
from pytest_flowscape.simulator.write_traps import WriteTrap


@dataclass
class Policy:
    """Limits and behaviour of the servers, and site-wide conditions that faults set."""

    lockout_threshold: int = 5
    max_page_size: int = 1000
    ways: tuple[str, ...] = ("Negotiate", "NTLM", "Basic")
    bearer_only: bool = False
    extended_protection: bool = False
    bridged: bool = False  # Extended Protection, and TLS ends at a box with another certificate
    max_concurrency: int = 27
    store_sessions: int = 16
    store_linger: float = 0.02  # seconds that a store session stays open after its answer
    latency: float = 0.0  # seconds before each EWS answer
    limit_back_off_ms: int = 0  # what an answer above max_concurrency asks to wait; 0 for nothing
    stall_after: int | None = None  # EWS answers until it stops answering for stall_seconds; None never
    stall_seconds: float = 20.0
    stalled_until: float = 0.0  # by the reactor's clock
    drop_every: int | None = None  # of so many EWS answers, one is not sent: the connection is closed instead
    server_version: tuple[int, int, int, int] = (15, 2, 1748, 10)
    front_ends: tuple[str, ...] = ("EX01",)
    bad_front_end: str = ""  # one of them, which answers 503
    bad_answers: int | None = None  # how many; None for ever
    mixed_up_after: int | None = None  # requests until a balancer takes a connection's sign-in away; None never
    mix_ups: int | None = None  # how many it does; None for ever
    # conditions: before sign-in and after it ("", "404", "503", "403", "302", "440", "html", "401-bearer")
    before_sign_in: str = ""
    after_sign_in: str = ""
    throttle: str = ""  # "", "busy" (ErrorServerBusy faults), "503", "inner-busy"
    throttle_count: int | None = None  # how many requests get it; None for ever
    back_off_ms: int = 200
    write_traps: list[WriteTrap] = field(default_factory=list)  # what befalls writes to come
    silent: bool = False  # accepts connections and never answers
    hide_exchange_attributes: bool = False  # and proxyAddresses, one's own included
    closed_exchange_information: bool = False  # others' msExch attributes and mailNickname
    hidden_directory: bool = False  # others' userAccountControl and expiry are hidden from a normal user
    ldap_trouble: str = ""  # "", "busy", "unavailable"
    answer_holds: dict[str, AnswerHold] = field(default_factory=dict)  # by operation in lower case
