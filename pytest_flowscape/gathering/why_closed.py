"""Why a side is closed to the run: which row of the table of causes an answer means.

Pure functions of facts; each returns None where nothing speaks against going on.
"""

from __future__ import annotations

from datetime import datetime

from pytest_flowscape.facts import (
    Closed,
    DirectoryEntry,
    Endpoint,
    Host,
    Kind,
    MailboxAnswer,
    SignIn,
    SiteFacts,
    Trouble,
    front_ends,
)
from pytest_flowscape.facts.directory import (
    DISABLED,
    LOCKED_OUT,
    NEVER_EXPIRES,
    PASSWORD_EXPIRED,
    SMART_CARD,
    may_be_linked,
)
from pytest_flowscape.facts.policy import RULES
from pytest_flowscape.judging.causes import CAUSES

DIRECTORY_TLS = (Kind.TLS_NAME, Kind.TLS_EXPIRED, Kind.TLS_UNKNOWN_ISSUER, Kind.TLS_OTHER)


def why_host(host: Host) -> Closed | None:
    """Return why nobody can sign in to this host."""
    if host.trouble:
        return Closed(RULES[host.trouble.kind].host or "host-no-tls", host.trouble.said)
    if host.certificate_trouble:
        kind = host.certificate_trouble.kind
        return Closed(RULES[kind].host or "tls-unknown-issuer", host.certificate_trouble.said)
    return None


def why_endpoint(endpoint: Endpoint) -> Closed | None:
    """Return why no password may be shown to this endpoint, or to one of the front ends behind it."""
    spoilt = front_ends.bad(endpoint.looks)
    if spoilt:
        return Closed("front-end-bad", "; ".join(map(str, spoilt)))
    if endpoint.trouble:
        return Closed(RULES[endpoint.trouble.kind].bare or "ews-unexpected", endpoint.trouble.said)
    return None if endpoint.ways else Closed("front-end-bad", "the front ends share no sign-in method")


def why_bind(trouble: Trouble, *, own: bool) -> Closed:
    """Return the cause of a bind that did not succeed; ``own``: it was the service account's, whose sub-code tells."""
    cause = f"bind-{trouble.sub_code}"
    if trouble.kind is not Kind.BIND_REFUSED:
        cause = "directory-tls" if trouble.kind in DIRECTORY_TLS else "directory-unreachable"
    elif not own:
        cause = "bind-user-refused"
    elif cause not in CAUSES:
        cause = "bind-other"
    return Closed(cause, trouble.said)


def why_account(entry: DirectoryEntry, threshold: int | None, now: datetime) -> Closed | None:
    """Return why EWS must not be tried with an account in this state, None if nothing speaks against it.

    Only where a separate user reads the directory: the account's own bind
    would have been refused with the same as its sub-code.
    """
    flags = _number(entry, "userAccountControl")
    computed = _number(entry, "msDS-User-Account-Control-Computed")
    if may_be_linked(entry):  # disabled by design: the account that signs in is another forest's
        return None
    if flags & DISABLED:
        return Closed("account-disabled", "userAccountControl has the flag 0x2")
    if computed & LOCKED_OUT:
        return Closed("account-locked", "msDS-User-Account-Control-Computed has the flag 0x10")
    expires = None if "accountexpires" in entry.unreadable else entry.moment("accountExpires")
    if expires is not None and expires <= now:
        return Closed("account-expired", f"since {expires:%Y-%m-%d}")
    if flags & SMART_CARD:
        return Closed("smart-card", "userAccountControl has the flag 0x40000")
    if computed & PASSWORD_EXPIRED:
        must_change = not flags & NEVER_EXPIRES and _number(entry, "pwdLastSet", -1) == 0
        cause = "password-must-change" if must_change else "password-expired"
        return Closed(cause, "the directory computes it as expired")
    count = _number(entry, "badPwdCount")
    if threshold and count and count + 1 >= threshold:
        return Closed("account-almost-locked", f"{count} wrong passwords are counted, {threshold} lock the account")
    return None


def _number(entry: DirectoryEntry, name: str, otherwise: int = 0) -> int:
    if name.lower() in entry.unreadable:
        return otherwise
    found = entry.number(name)
    return otherwise if found is None else found


def why_sign_in(sign_in: SignIn, own: MailboxAnswer, *, proven: bool) -> Closed | None:
    """Return why no room can be asked after this sign-in; ``proven``: the directory has accepted the password."""
    trouble = sign_in.trouble
    if trouble is None:
        whole = own.trouble
        interrupted = whole and whole.kind in (Kind.THROTTLED, Kind.TRANSIENT, Kind.MALFORMED)
        return Closed("sign-in-interrupted", whole.said) if whole and interrupted else None
    refused = trouble.kind is Kind.SIGN_IN_REFUSED
    cause = "way-refused" if refused and proven else RULES[trouble.kind].sign_in
    return Closed(cause or "sign-in-interrupted", trouble.said)


def why_lost(facts: SiteFacts) -> Closed | None:
    """Return why rooms need not be asked: even the controller's one new connection was refused after its sign-in."""
    for answer in (facts.self_as_owner, facts.out_of_scope):
        if answer and answer.trouble and answer.trouble.kind in (Kind.LOST_SIGN_IN, Kind.STOPPED):
            return Closed("connections-mixed", answer.trouble.said)
    return None
