"""The committed table of causes: one cause, one message, and what it closes.

Each row says of a condition found before or at sign-in which requirement fails
by it, and which facts cannot be measured because of it. What is left unmeasured
follows from the facts that a requirement takes, and from its needs. A test
walks the table row by row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import Closed
from pytest_flowscape.facts.names import Side

# what a closed side closes, for Exchange by the moment at which it was closed
LATER = frozenset((Side.EWS,))
FROM_SIGN_IN = LATER | {Side.SIGN_IN}
FROM_ENDPOINT = FROM_SIGN_IN | {Side.ENDPOINT}
DIRECTORY = frozenset((Side.DIRECTORY,))
BOTH = FROM_SIGN_IN | DIRECTORY | {Side.EITHER}


@dataclass(frozen=True)
class Cause:
    """One row: the requirement that it fails, empty for none, and the sides whose facts it closes."""

    key: str
    closes: frozenset[Side]
    failed: str
    sentence: str

    @property
    def side(self) -> str:
        """Return what is closed as a whole: ``ews``, ``directory`` or ``both``."""
        if Side.EWS not in self.closes:
            return "directory"
        return "both" if Side.DIRECTORY in self.closes else "ews"


CAUSES: dict[str, Cause] = {
    cause.key: cause
    for cause in (
        # the host, before any password
        Cause("host-unresolvable", FROM_ENDPOINT, "HOST-1", "the hostname was not found"),
        Cause("host-refused", FROM_ENDPOINT, "HOST-1", "the host refuses connections on this port"),
        Cause("host-silent", FROM_ENDPOINT, "HOST-1", "the host does not answer in time"),
        Cause("host-no-tls", FROM_ENDPOINT, "HOST-1", "no TLS handshake of version 1.2 or later succeeds"),
        Cause("tls-name", FROM_ENDPOINT, "HOST-2", "the certificate is for another host"),
        Cause("tls-expired", FROM_ENDPOINT, "HOST-2", "the certificate is not valid at this date"),
        Cause("tls-unknown-issuer", FROM_ENDPOINT, "HOST-2", "the certificate's issuer is not trusted"),
        Cause("ews-not-found", FROM_ENDPOINT, "HOST-3", "there is no EWS at this host (HTTP 404)"),
        Cause("ews-no-password-way", FROM_ENDPOINT, "HOST-3", "EWS does not offer password sign-in"),
        Cause("ews-forbidden", FROM_ENDPOINT, "HOST-3", "EWS is blocked before sign-in (HTTP 403)"),
        Cause("front-end-bad", FROM_ENDPOINT, "HOST-3", "one of the front ends does not answer like the others"),
        Cause("ews-unexpected", FROM_ENDPOINT, "", "EWS sent an unexpected answer"),
        Cause("ews-unavailable", FROM_ENDPOINT, "", "EWS is temporarily unavailable (HTTP 503)"),
        Cause("page-before-sign-in", FROM_ENDPOINT, "ACCOUNT-5", "a sign-in page appears instead of EWS"),
        # at the EWS sign-in
        Cause("page-after-sign-in", FROM_SIGN_IN, "ACCOUNT-5", "a second sign-in step is required after the password"),
        Cause("forbidden-after-sign-in", FROM_SIGN_IN, "ACCOUNT-5", "EWS is blocked for this account (HTTP 403)"),
        Cause("way-refused", FROM_SIGN_IN, "ACCOUNT-5", "the password is correct, but EWS refuses this sign-in method"),
        Cause(
            "ews-refused",
            FROM_SIGN_IN,
            "HANDOVER-1",
            "user name or password is wrong, or a smart card is required (EWS answers HTTP 401)",
        ),
        Cause("way-missing-here", FROM_SIGN_IN, "", "this machine supports no sign-in method that EWS offers"),
        Cause("sign-in-interrupted", FROM_SIGN_IN, "", "the sign-in to EWS was interrupted"),
        Cause(
            "connections-mixed",
            LATER,
            "",
            "EWS refuses signed-in connections (HTTP 401): a load balancer mixes them up, or the password was changed",
        ),
        # Active Directory's sub-code: the service account itself bound
        Cause("bind-525", BOTH, "HANDOVER-1", "Active Directory does not know the user name (AD code 525)"),
        Cause(
            "bind-52e",
            BOTH,
            "HANDOVER-1",
            "user name or password is wrong, or a smart card is required (AD code 52e)",
        ),
        Cause("bind-775", BOTH, "ACCOUNT-2", "the account is locked out (AD code 775)"),
        Cause("bind-533", BOTH, "ACCOUNT-2", "the account is disabled (AD code 533)"),
        Cause("bind-701", BOTH, "ACCOUNT-2", "the account has expired (AD code 701)"),
        Cause("bind-532", BOTH, "ACCOUNT-4", "the password has expired (AD code 532)"),
        Cause("bind-773", BOTH, "ACCOUNT-4", "the password must be changed at the next sign-in (AD code 773)"),
        Cause("bind-530", DIRECTORY, "", "the account may not sign in at this hour (AD code 530)"),
        Cause("bind-531", DIRECTORY, "", "the account may not sign in from this computer (AD code 531)"),
        Cause("bind-569", DIRECTORY, "", "this domain controller does not allow this sign-in type (AD code 569)"),
        Cause("bind-other", DIRECTORY, "", "Active Directory refuses the sign-in"),
        # the same states, read by a separate directory user before EWS was tried
        Cause("account-disabled", FROM_SIGN_IN, "ACCOUNT-2", "the account is disabled"),
        Cause("account-expired", FROM_SIGN_IN, "ACCOUNT-2", "the account has expired"),
        Cause("account-locked", FROM_SIGN_IN, "ACCOUNT-2", "the account is locked out"),
        Cause("account-almost-locked", FROM_SIGN_IN, "", "one more wrong password could lock the account"),
        Cause("password-expired", FROM_SIGN_IN, "ACCOUNT-4", "the password has expired"),
        Cause("password-must-change", FROM_SIGN_IN, "ACCOUNT-4", "the password must be changed at the next sign-in"),
        Cause("smart-card", FROM_SIGN_IN, "ACCOUNT-5", "the account requires a smart card"),
        # the directory cannot be asked
        Cause("directory-absent", DIRECTORY, "", "the site file has no [directory] section"),
        Cause("directory-unreachable", DIRECTORY, "", "no directory server could be reached"),
        Cause("directory-tls", DIRECTORY, "", "the directory server's certificate is not trusted"),
        Cause("bind-user-refused", DIRECTORY, "", "the sign-in of the separate directory user was refused"),
        # our own caution
        Cause(
            "directory-refused-before",
            DIRECTORY,
            "",
            "the sign-in of the separate directory user was refused less than 60 minutes ago",
        ),
        Cause("refused-before", BOTH, "", "the sign-in was refused less than 60 minutes ago"),
    )
}


def sentence(closed: Closed) -> str:
    """Return a cause's sentence with what was reported, each once."""
    text = CAUSES[closed.cause].sentence
    return text if not closed.detail or closed.detail in text else f"{text}: {closed.detail}"


def failing(id_: str, closed: Iterable[Closed]) -> Closed | None:
    """Return the cause that fails this requirement, None where none does."""
    return next((one for one in closed if CAUSES[one.cause].failed == id_), None)


def unmeasured(closed: Closed) -> NotMeasured:
    """Return the error for whatever cannot be asked because a side is closed."""
    return NotMeasured(sentence(closed), cause=closed.cause, because=CAUSES[closed.cause].failed)
