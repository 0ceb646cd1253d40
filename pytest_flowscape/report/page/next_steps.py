"""What to do about a result that is missing, and who does it: one sentence for each reason.

The keys are those of the table of causes, the kinds of trouble by their names,
and the reasons of the checks themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_flowscape.facts import Kind
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.judging.outcomes import Word
from pytest_flowscape.requirement import Owner


@dataclass(frozen=True)
class NextStep:
    """``owner`` is who does it, ``text`` one or two sentences; both are empty if there is nothing to do."""

    owner: str = ""
    text: str = ""


_NETWORK, _EXCHANGE = Owner.NETWORK.value, Owner.EXCHANGE.value
_DIRECTORY, _INSTALLER = Owner.DIRECTORY.value, Owner.INSTALLER.value
_LATER = NextStep(_INSTALLER, "Run again later: a temporary failure is not a finding.")
_REACH = NextStep(
    _NETWORK, "Check the way from this machine to the server (firewall, load balancer, proxy), then run again."
)
_HOUR = NextStep(
    _INSTALLER,
    "Correct the user name and password, then wait until the hour is over. Add --flowscape-retry-sign-in only if you "
    "are sure that they are right: each refused sign-in counts towards the account lockout.",
)
_ATTEST = "or have a named person attest it under [attestations] in the site file"
_DEFECT = NextStep(
    _INSTALLER, "This is a defect of the check, not of the site: send its maintainer results.json and evidence.json."
)
_UNDERSTOOD = NextStep(
    _EXCHANGE,
    "Something between this machine and Exchange changes the answers, or this build answers differently: see the "
    "evidence, check proxies and load balancers, then run again.",
)

_STEPS: dict[str, NextStep] = {
    # the host and the sign-in
    "ews-unavailable": NextStep(
        _EXCHANGE,
        "Start the application pool MSExchangeServicesAppPool, or end the maintenance mode; then run again.",
    ),
    "ews-unexpected": _UNDERSTOOD,
    "way-missing-here": NextStep(
        _INSTALLER, "Run on a machine that supports a sign-in method that EWS offers (Kerberos or NTLM), or set 'auth'."
    ),
    "sign-in-interrupted": _LATER,
    "connections-mixed": NextStep(
        _NETWORK, "Turn off connection pooling on the load balancer for signed-in connections, then run again."
    ),
    "account-almost-locked": NextStep(
        _DIRECTORY,
        "Find what sends wrong passwords (security event 4740), wait until the counter is reset, then run again.",
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
        "Set 'ca_file' under [directory] to the CA that issued the domain controller's certificate, or have the "
        "certificate renewed.",
    ),
    "bind-user-refused": NextStep(
        _INSTALLER, "Correct 'username' and 'password' under [directory], or leave both out to bind as the account."
    ),
    "bind-530": NextStep(_DIRECTORY, "Run within the account's logon hours, or extend them."),
    "bind-531": NextStep(_DIRECTORY, "Let the account sign in from this computer ('Log On To' list), then run again."),
    "bind-569": NextStep(_DIRECTORY, "Allow the account to sign in to this domain controller over the network."),
    "bind-other": NextStep(_DIRECTORY, "See the evidence for the domain controller's code, or name another server."),
    "unreadable": NextStep(_DIRECTORY, f"Give the account read access to these attributes, {_ATTEST}."),
    # a mailbox
    "own-mailbox": _UNDERSTOOD,
    "no-mailbox": NextStep(_EXCHANGE, "Correct the address in the site file, or give it a mailbox; then run again."),
    "folder-permissions": NextStep(
        _EXCHANGE, "Check with Get-MailboxPermission whether the account has FullAccess; grant it if it is missing."
    ),
    "booking-stopped": NextStep(_INSTALLER, "Fix what stopped the bookings (see the notes), then book again."),
    "worker-died": NextStep(_INSTALLER, "Run again, with fewer processes (-n) if memory was short."),
    "internal": _DEFECT,
    # kinds of trouble
    **{kind.name.lower(): _REACH for kind in (Kind.UNRESOLVABLE, Kind.REFUSED, Kind.SILENT, Kind.RESET)},
    **{kind.name.lower(): _LATER for kind in (Kind.TRANSIENT, Kind.UNAVAILABLE, Kind.NOT_ASKED, Kind.LOST_SIGN_IN)},
    **{kind.name.lower(): _UNDERSTOOD for kind in (Kind.MALFORMED, Kind.HTTP, Kind.OTHER, Kind.LOGIN_PAGE)},
    Kind.THROTTLED.name.lower(): NextStep(
        _INSTALLER, "Run again at a quiet time with a lower 'max_connections': Exchange throttled the account."
    ),
    Kind.SEARCH.name.lower(): NextStep(_DIRECTORY, "See the evidence for the directory's code; check 'base_dn'."),
    Kind.STOPPED.name.lower(): _HOUR,
}
_BY_SIDE = {"ews": _REACH, "directory": _STEPS["bind-other"], "both": _HOUR}
_WAITING = NextStep(_INSTALLER, "Wait as the finding says without testing in between, then run again.")
_UNKNOWN = NextStep(_INSTALLER, "See the evidence, then run again.")
_NOT_RUN = NextStep(_INSTALLER, "Run everything, without -k, -m, -x, --lf, --deselect and --flowscape-room.")
_NOT_REQUESTED = NextStep(_INSTALLER, "Optional. To test it, run again with --flowscape-book, as the reason says.")


def next_step(word: Word, *, cause: str = "", because: str = "", found: str = "") -> NextStep:
    """Return what to do about an outcome; empty for what passed, failed, or was decided by a person."""
    if word is Word.NOT_RUN:
        return _NOT_RUN
    if word is Word.NOT_REQUESTED:
        return _NOT_REQUESTED
    if word is not Word.NOT_MEASURED:
        return NextStep()
    if because:
        return NextStep("", f"Fix {because} first: this follows from it. Then run again.")
    if cause in _STEPS:
        return _STEPS[cause]
    if cause in CAUSES:
        return _BY_SIDE[CAUSES[cause].side]
    if found.startswith("waiting for"):
        return _WAITING
    if found.startswith("add '"):  # the reason is the remedy
        return NextStep(_INSTALLER, f"In the site file: {found}.")
    return _UNKNOWN
