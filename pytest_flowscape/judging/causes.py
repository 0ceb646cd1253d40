"""The committed table of causes: one cause, one message, and what it leaves unmeasured.

Each row tells what a condition found before or at sign-in does to the
requirements: the one that fails by it, and those that cannot be measured
because of it. A test walks the table row by row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import Closed

# what only the directory tells; ACCOUNT-1 and ROOM-2 may also be proven by ResolveNames
DIRECTORY_ONLY = ("ACCOUNT-2", "ACCOUNT-4", "ACCOUNT-6", "ROOM-1")
DIRECTORY = ("ACCOUNT-1", *DIRECTORY_ONLY, "ROOM-2")
MAILBOXES = (
    "ACCOUNT-3",
    "ACCOUNT-6",
    "PERMISSION-1",
    "IMPERSONATION-1",
    "IMPERSONATION-2",
    "IMPERSONATION-3",
    "CALENDAR-1",
    "CALENDAR-2",
    "CALENDAR-3",
    "HANDOVER-1",
    "ADVICE-3",
)
EWS = ("ACCOUNT-5", *MAILBOXES)
# what the answer to the sign-in itself does not tell
AFTER_SIGN_IN = tuple(id_ for id_ in MAILBOXES if id_ not in ("ACCOUNT-3", "ACCOUNT-6", "HANDOVER-1"))


@dataclass(frozen=True)
class Cause:
    """One row. ``side`` is the channel that it closes: ``ews``, ``directory`` or ``both``."""

    key: str
    side: str
    sentence: str
    failed: str
    not_measured: tuple[str, ...]
    verdict: str

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides that the cause closes."""
        return ("ews", "directory") if self.side == "both" else (self.side,)


def _row(key: str, side: str, failed: str, not_measured: tuple[str, ...], sentence: str) -> Cause:
    left = tuple(id_ for id_ in not_measured if id_ != failed)
    return Cause(key, side, sentence, failed, left, "NOT ACCEPTED" if failed else "INCOMPLETE")


_AFTER_HOST = ("HOST-2", "HOST-3", *EWS)
_AFTER_TLS = ("HOST-3", *EWS)
_ALL = tuple(dict.fromkeys((*DIRECTORY, *EWS)))

CAUSES: dict[str, Cause] = {
    cause.key: cause
    for cause in (
        # the host, before any password
        _row("host-unresolvable", "ews", "HOST-1", _AFTER_HOST, "the hostname does not resolve"),
        _row("host-refused", "ews", "HOST-1", _AFTER_HOST, "the host refuses connections on that port"),
        _row("host-silent", "ews", "HOST-1", _AFTER_HOST, "the host does not answer in time"),
        _row("host-no-tls", "ews", "HOST-1", _AFTER_HOST, "the host does not complete a TLS 1.2 handshake"),
        _row("tls-name", "ews", "HOST-2", _AFTER_TLS, "the certificate names another host"),
        _row("tls-expired", "ews", "HOST-2", _AFTER_TLS, "the certificate is out of date"),
        _row("tls-unknown-issuer", "ews", "HOST-2", _AFTER_TLS, "the certificate's issuer is not trusted"),
        _row("ews-not-found", "ews", "HOST-3", EWS, "there is no EWS at that host (HTTP 404)"),
        _row("ews-no-password-way", "ews", "HOST-3", EWS, "EWS offers no sign-in with a password"),
        _row("ews-forbidden", "ews", "HOST-3", EWS, "EWS is blocked before sign-in (HTTP 403)"),
        _row("front-end-bad", "ews", "HOST-3", EWS, "not every front end behind the hostname answers as the others do"),
        _row("ews-unexpected", "ews", "", ("HOST-3", *EWS), "EWS gives an answer that says nothing about it"),
        _row("ews-unavailable", "ews", "", ("HOST-3", *EWS), "EWS is temporarily unavailable (HTTP 503)"),
        _row("page-before-sign-in", "ews", "ACCOUNT-5", ("HOST-3", *EWS), "a sign-in page stands in front of EWS"),
        # at the EWS sign-in
        _row("page-after-sign-in", "ews", "ACCOUNT-5", EWS, "a second sign-in step is asked for after the password"),
        _row("forbidden-after-sign-in", "ews", "ACCOUNT-5", EWS, "EWS is blocked for this account (HTTP 403)"),
        _row("way-refused", "ews", "ACCOUNT-5", EWS, "the password is right, yet EWS refuses this way to sign in"),
        _row("ews-refused", "ews", "HANDOVER-1", EWS, "EWS refuses the user name, its form, or the password"),
        _row("way-missing-here", "ews", "", EWS, "this machine lacks every way to sign in that EWS offers"),
        _row("sign-in-interrupted", "ews", "", EWS, "the sign-in to EWS ended without an answer about it"),
        _row(
            "connections-mixed",
            "ews",
            "",
            AFTER_SIGN_IN,
            "signed-in connections are refused (HTTP 401): a balancer mixes them up, or the password was changed",
        ),
        # the directory's word, by its sub-code: the service account itself bound
        _row("bind-525", "both", "HANDOVER-1", _ALL, "the directory does not know the user name (525)"),
        _row(
            "bind-52e",
            "both",
            "HANDOVER-1",
            _ALL,
            "user name, its form, or password is wrong, or a smart card is required (52e)",
        ),
        _row("bind-775", "both", "ACCOUNT-2", _ALL, "the account is locked out (775)"),
        _row("bind-533", "both", "ACCOUNT-2", _ALL, "the account is disabled (533)"),
        _row("bind-701", "both", "ACCOUNT-2", _ALL, "the account has expired (701)"),
        _row("bind-532", "both", "ACCOUNT-4", _ALL, "the password has expired (532)"),
        _row("bind-773", "both", "ACCOUNT-4", _ALL, "the password must be changed at the next sign-in (773)"),
        _row("bind-530", "directory", "", DIRECTORY_ONLY, "the account may not sign in at this hour (530)"),
        _row("bind-531", "directory", "", DIRECTORY_ONLY, "the account may not sign in from this computer (531)"),
        _row("bind-569", "directory", "", DIRECTORY_ONLY, "this domain controller grants no such sign-in (569)"),
        _row("bind-other", "directory", "", DIRECTORY_ONLY, "the directory refuses the sign-in"),
        # the same states, read by a separate directory user before EWS was tried
        _row("account-disabled", "ews", "ACCOUNT-2", EWS, "the account is disabled"),
        _row("account-expired", "ews", "ACCOUNT-2", EWS, "the account has expired"),
        _row("account-locked", "ews", "ACCOUNT-2", EWS, "the account is locked out"),
        _row("account-almost-locked", "ews", "", EWS, "one more refused sign-in could lock the account"),
        _row("password-expired", "ews", "ACCOUNT-4", EWS, "the password has expired"),
        _row("password-must-change", "ews", "ACCOUNT-4", EWS, "the password must be changed at the next sign-in"),
        _row("smart-card", "ews", "ACCOUNT-5", EWS, "the account requires a smart card"),
        # the directory cannot be asked
        _row("directory-absent", "directory", "", DIRECTORY_ONLY, "the site file has no [directory] section"),
        _row("directory-unreachable", "directory", "", DIRECTORY_ONLY, "no directory server could be reached"),
        _row("directory-tls", "directory", "", DIRECTORY_ONLY, "the directory server's certificate is not accepted"),
        _row("bind-user-refused", "directory", "", DIRECTORY_ONLY, "the separate directory user was refused"),
        # our own caution
        _row(
            "directory-refused-before",
            "directory",
            "",
            DIRECTORY_ONLY,
            "the separate directory user was refused less than 60 minutes ago",
        ),
        _row("refused-before", "both", "", _ALL, "a sign-in was refused less than 60 minutes ago"),
    )
}


def sentence(closed: Closed) -> str:
    """Return a cause's sentence with what was reported, each once."""
    told = CAUSES[closed.cause].sentence
    return told if not closed.detail or closed.detail in told else f"{told}: {closed.detail}"


def failing(id_: str, closed: Iterable[Closed]) -> Closed | None:
    """Return the cause that fails this requirement, None where none does."""
    return next((one for one in closed if CAUSES[one.cause].failed == id_), None)


def unmeasured(closed: Closed) -> NotMeasured:
    """Return the error for whatever cannot be asked because a side is closed."""
    return NotMeasured(sentence(closed), cause=closed.cause, because=CAUSES[closed.cause].failed)


def refuse_closed(closed: Closed | None) -> None:
    """Raise NotMeasured where a side is closed."""
    if closed:
        raise unmeasured(closed)
