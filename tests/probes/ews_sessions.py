"""Make EwsSessions for tests: against the simulator, and against the tiny servers."""

from __future__ import annotations

import configparser
import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import Kind, MailboxAnswer
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.site.model import Exchange
from tests.simulator.harness import Simulator

FIVE = ("msgfolderroot", "inbox", "calendar", "sentitems", "deleteditems")
ALL_WAYS = ("Negotiate", "NTLM", "Basic")
RUN = str(uuid.uuid4())


@dataclass
class Desk:
    """A site, and sessions of its account; ``close`` ends them all. Each session has a gate of its own by default."""

    exchange: Exchange
    username: str
    email: str
    password: str = field(repr=False)
    rooms: tuple[str, ...]
    folder: Path
    sessions: list[EwsSession] = field(default_factory=list)
    numbers: Any = field(default_factory=itertools.count)

    def gate(self) -> Gate:
        return Gate(self.folder / f"gate-{next(self.numbers)}")

    def session(
        self,
        *,
        auth: str = "auto",
        ways: tuple[str, ...] = ALL_WAYS,
        gate: Gate | None = None,
        password: str | None = None,
        username: str | None = None,
        connections: int = 1,
        way: str = "",
        timeout: float | None = None,
    ) -> EwsSession:
        session = EwsSession(
            replace(self.exchange, auth=auth, timeout=timeout or self.exchange.timeout),
            username or self.username,
            Secret(self.password if password is None else password),
            ways=ways,
            gate=gate or self.gate(),
            run_id=RUN,
            connections=connections,
            way=way,
        )
        self.sessions.append(session)
        return session

    def close(self) -> None:
        for session in self.sessions:
            session.close()


def desk_of(simulator: Simulator, folder: Path) -> Desk:
    """Read the simulator's site file, as far as EWS is concerned."""
    site = configparser.ConfigParser(interpolation=None)
    site.read(simulator.site, encoding="utf-8")
    account = site["service_account"]
    return Desk(
        Exchange("localhost", simulator.ews_port, ca_file=simulator.ca, timeout=5.0),
        account["username"],
        account["email"],
        simulator.password,
        tuple(site["rooms"]["addresses"].split()),
        folder,
    )


def kinds(answers: dict[str, MailboxAnswer]) -> dict[str, Kind | None]:
    """Return the first trouble's kind for each mailbox."""
    return {address: answer.first_trouble.kind if answer.first_trouble else None for address, answer in answers.items()}


def run_in_threads(work: Callable[[int], Any], count: int) -> list[Any]:
    """Call ``work`` with 0 to count-1, all at once, and give the results."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))
