"""What somebody can do about an outcome that is no verdict: who, and one sentence for each reason.

The keys are those of the table of causes, the kinds of trouble by their names,
and the reasons that a check gives itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_flowscape.facts import Kind
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.judging.outcomes import Word
from pytest_flowscape.requirement import Owner


@dataclass(frozen=True)
class NextStep:
    """``owner`` is whose work it is, ``text`` one or two sentences; both empty where there is nothing to do."""

    owner: str = ""
    text: str = ""


_NETWORK, _EXCHANGE = Owner.NETWORK.value, Owner.EXCHANGE.value
_DIRECTORY, _INSTALLER = Owner.DIRECTORY.value, Owner.INSTALLER.value
_LATER = NextStep(_INSTALLER, "Run again later; what answered for a moment only is no finding.")
_REACH = NextStep(
    _NETWORK, "Look at the connection between this machine and the server: firewall, balancer, proxy. Then run again."
)
_HOUR = NextStep(
    _INSTALLER,
    "Correct user name and password, then wait until the hour is over. Run with --flowscape-retry-sign-in only when "
    "you know that they are right: each refused sign-in counts towards the lockout.",
)
_ATTEST = "or have somebody vouch for it under [attestations] in the site file"
_DEFECT = NextStep(
    _INSTALLER, "A defect of the check, not of the site: send results.json and evidence.json to whoever maintains it."
)
_UNDERSTOOD = NextStep(
    _EXCHANGE,
    "Something between here and Exchange changes the answers, or this build answers otherwise: see the evidence, look "
    "at proxies and balancers, then run again.",
)

_STEPS: dict[str, NextStep] = {
    # the host and the sign-in
    "ews-unavailable": NextStep(
        _EXCHANGE,
        "Start what EWS needs (the application pool MSExchangeServicesAppPool, a maintenance mode), run again.",
    ),
    "ews-unexpected": _UNDERSTOOD,
    "way-missing-here": NextStep(
        _INSTALLER, "Run from a machine that has a way to sign in which EWS offers (Kerberos or NTLM), or set 'auth'."
    ),
    "sign-in-interrupted": _LATER,
    "connections-mixed": NextStep(
        _NETWORK, "Let the balancer keep a signed-in connection to itself (no connection pooling), then run again."
    ),
    "account-almost-locked": NextStep(
        _DIRECTORY,
        "Find who sends wrong passwords (security event 4740), wait until the counter is reset, then run again.",
    ),
    "refused-before": _HOUR,
    "directory-refused-before": _HOUR,
    # the directory
    "directory-absent": NextStep(
        _INSTALLER, f"Name a domain controller under [directory] in the site file, {_ATTEST}."
    ),
    "directory-unreachable": NextStep(
        _NETWORK, f"Open LDAPS (port 636, or 3269) from this machine to a server named under [directory], {_ATTEST}."
    ),
    "directory-tls": NextStep(
        _NETWORK,
        "Name the authority that issued the domain controller's certificate as 'ca_file' under [directory], or have "
        "the certificate renewed.",
    ),
    "bind-user-refused": NextStep(
        _INSTALLER, "Correct 'username' and 'password' under [directory], or leave both out to bind as the account."
    ),
    "bind-530": NextStep(_DIRECTORY, "Run within the hours in which the account may sign in, or widen them."),
    "bind-531": NextStep(_DIRECTORY, "Let the account sign in from this computer (its 'Log On To' list), run again."),
    "bind-569": NextStep(_DIRECTORY, "Allow the account to sign in over the network at this domain controller."),
    "bind-other": NextStep(_DIRECTORY, "See the evidence for the domain controller's code, or name another server."),
    "unreadable": NextStep(_DIRECTORY, f"Let the account read these attributes, {_ATTEST}."),
    # a mailbox
    "own-mailbox": _UNDERSTOOD,
    "no-mailbox": NextStep(_EXCHANGE, "Correct the address in the site file, or give it a mailbox; then run again."),
    "folder-permissions": NextStep(
        _EXCHANGE, "Look with Get-MailboxPermission whether the account has FullAccess; grant it where it is missing."
    ),
    "booking-stopped": NextStep(_INSTALLER, "Mend what stopped the bookings (see the notes), then book again."),
    "worker-died": NextStep(_INSTALLER, "Run again, with fewer processes (-n) if memory was short."),
    "internal": _DEFECT,
    # kinds of trouble
    **{kind.name.lower(): _REACH for kind in (Kind.UNRESOLVABLE, Kind.REFUSED, Kind.SILENT, Kind.RESET)},
    **{kind.name.lower(): _LATER for kind in (Kind.TRANSIENT, Kind.UNAVAILABLE, Kind.NOT_ASKED, Kind.LOST_SIGN_IN)},
    **{kind.name.lower(): _UNDERSTOOD for kind in (Kind.MALFORMED, Kind.HTTP, Kind.OTHER, Kind.LOGIN_PAGE)},
    Kind.THROTTLED.name.lower(): NextStep(
        _INSTALLER, "Run again in a quiet hour, with a lower 'max_connections': Exchange asked for patience."
    ),
    Kind.SEARCH.name.lower(): NextStep(_DIRECTORY, "See the evidence for the directory's code; check 'base_dn'."),
    Kind.STOPPED.name.lower(): _HOUR,
}
_BY_SIDE = {"ews": _REACH, "directory": _STEPS["bind-other"], "both": _HOUR}
_WAITING = NextStep(_INSTALLER, "Wait as the finding says, without testing in between, then run again.")
_UNKNOWN = NextStep(_INSTALLER, "See the evidence, then run again.")
_NOT_RUN = NextStep(_INSTALLER, "Run everything: without -k, -m, -x, --lf, --deselect and --flowscape-room.")
_NOT_REQUESTED = NextStep(_INSTALLER, "Ask for it where both sides want it measured: the reason names the option.")


def next_step(word: Word, *, cause: str = "", because: str = "", found: str = "") -> NextStep:
    """Return what to do about an outcome; empty for what passed, failed, or was decided by a person."""
    if word is Word.NOT_RUN:
        return _NOT_RUN
    if word is Word.NOT_REQUESTED:
        return _NOT_REQUESTED
    if word is not Word.NOT_MEASURED:
        return NextStep()
    if because:
        return NextStep("", f"Fix {because} first: this one follows from it. Then run again.")
    if cause in _STEPS:
        return _STEPS[cause]
    if cause in CAUSES:
        return _BY_SIDE[CAUSES[cause].side]
    if found.startswith("waiting for"):
        return _WAITING
    if found.startswith("add '"):  # the reason is the remedy
        return NextStep(_INSTALLER, f"In the site file: {found}.")
    return _UNKNOWN
