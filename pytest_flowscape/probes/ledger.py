"""Write down what this process sends to the servers, at the place where it is sent; read it for the footprint.

One file for each process, in the run's private folder, a line for each event.
What is sent is written before it is sent, so that a worker that is killed
leaves its lines behind. What EWS was asked is read out of the very bytes that
are sent, so that no caller can forget to count or count wrongly. No password and no answer's content is in it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from pytest_flowscape.facts.footprint import (
    DELEGATE,
    IMPERSONATED,
    NO_ANSWER,
    NO_RESULT,
    NOBODY,
    Footprint,
    reached_ews,
)
from pytest_flowscape.probes.ews.request import Summary, summary_of

EWS, LDAP = "ews", "ldap"
SIGNED_IN, REFUSED, THROTTLED, AGAIN = "signed in", "refused", "throttled", "again"
CONNECTED, SENT, ANSWERED, ASKED, TOLD = "connected", "sent", "answered", "asked", "told"
PREFIX = "ledger-"


class Ledger:
    """The events of one process. Without a file (``open`` was not called) nothing is kept."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._numbers = count(1)

    def open(self, folder: Path) -> None:
        """Write into a new file of the run's private folder from now on. Raises OSError."""
        self.close()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._file = os.open(folder / f"{PREFIX}{os.getpid()}-{os.urandom(4).hex()}", flags, 0o600)

    def close(self) -> None:
        """Keep nothing from now on."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def note_connection(self, side: str) -> None:
        """Note a TCP connection to an Exchange (EWS) or directory (LDAP) server."""
        self._write(CONNECTED, side)

    def note_request(self, body: bytes, *, credentials: bool) -> str:
        """Write down that an HTTP request goes out, and return its number for ``note_status``.

        ``credentials``: this connection carries some, with this request or since an earlier one.
        """
        number = self._number()
        summary = _summary(body)
        identity = (IMPERSONATED if summary.impersonated else DELEGATE) if credentials else NOBODY
        self._write(SENT, number, summary.operation, identity, list(summary.mailboxes))
        return number

    def note_status(self, number: str, status: int) -> None:
        """Note the HTTP status that the request got."""
        self._write(ANSWERED, number, status)

    def note_operation(self, operation: str) -> str:
        """Note that an LDAP request goes out, and return its number for ``note_result``."""
        number = self._number()
        self._write(ASKED, number, operation)
        return number

    def note_result(self, number: str, code: int) -> None:
        """Note the result code that the LDAP request got."""
        self._write(TOLD, number, code)

    def note(self, what: str) -> None:
        """Note SIGNED_IN, REFUSED (the password was shown to EWS), THROTTLED, or AGAIN (a request is repeated)."""
        self._write(what)

    def _number(self) -> str:
        return f"{os.getpid()}.{next(self._numbers)}"  # a forked child goes on writing into the same file

    def _write(self, *event: Any) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk must not become a finding about the site
                os.write(self._file, json.dumps(event).encode() + b"\n")


def _summary(body: bytes) -> Summary:
    try:
        return summary_of(body)
    except ValueError:
        return Summary("")


LEDGER = Ledger()
"""This process's own: a process serves one run, and what it sends is its run's."""


def read(folder: Path) -> Footprint:
    """Return the footprint of a run from what its processes wrote into its private folder."""
    http: Counter[tuple[str, str, int]] = Counter()
    mailboxes: dict[str, Counter[str]] = {}
    ldap: Counter[tuple[str, int]] = Counter()
    plain: Counter[tuple[str, str]] = Counter()  # by kind, and by side where there is one
    for events in _files(folder):
        results = {event[1]: event[2] for event in events if event[0] in (ANSWERED, TOLD)}
        for kind, *said in events:
            if kind == SENT:
                number, operation, identity, addresses = said
                status = results.get(number, NO_ANSWER)
                http[operation, identity, status] += 1
                for address in addresses if reached_ews(identity, status) else ():
                    mailboxes.setdefault(address, Counter())[identity] += 1
            elif kind == ASKED:
                ldap[said[1], results.get(said[0], NO_RESULT)] += 1
            else:
                plain[kind, said[0] if said else ""] += 1
    return Footprint(
        http=dict(http),
        mailboxes={address: dict(counts) for address, counts in sorted(mailboxes.items())},
        ews_connections=plain[CONNECTED, EWS],
        ews_sign_ins=plain[SIGNED_IN, ""],
        ews_refused=plain[REFUSED, ""],
        throttled=plain[THROTTLED, ""],
        retries=plain[AGAIN, ""],
        ldap=dict(ldap),
        ldap_connections=plain[CONNECTED, LDAP],
    )


def _files(folder: Path) -> Iterator[list[list[Any]]]:
    for path in sorted(folder.glob(f"{PREFIX}*")):
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
        try:
            events = json.loads(f"[{','.join(lines)}]")
        except ValueError:  # the last line of a process that was killed
            events = list(_whole(lines))
        yield events


def _whole(lines: Iterable[str]) -> Iterator[list[Any]]:
    for line in lines:
        with contextlib.suppress(ValueError):
            yield json.loads(line)
