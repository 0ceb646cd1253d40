"""What the controller finds out before any room is asked: host, directory, the one sign-in.

The order protects the account: no password before TLS is trusted, LDAP before
EWS because its sub-code names the cause, and EWS only if nothing speaks
against it. Each closed side is told as a row of the table of causes.
"""

from __future__ import annotations

import getpass
import platform
import socket
from dataclasses import replace
from datetime import datetime, timezone

from pytest_flowscape import __version__
from pytest_flowscape.facts import (
    Closed,
    DirectoryEntry,
    DirectoryView,
    Endpoint,
    Host,
    Kind,
    MailboxAnswer,
    SignIn,
    SiteFacts,
    Trouble,
    Vantage,
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
from pytest_flowscape.facts.names import FIVE_FOLDERS, Side
from pytest_flowscape.facts.policy import RULES
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.probes.directory.session import DirectorySession
from pytest_flowscape.probes.directory.sign_in import DirectoryLogin
from pytest_flowscape.probes.endpoint import probe_endpoint, probe_front_ends, probe_host
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.site.one_run import Run

INBOX_BY_ADDRESS = "inbox@address"

DIRECTORY_TLS = (Kind.TLS_NAME, Kind.TLS_EXPIRED, Kind.TLS_UNKNOWN_ISSUER, Kind.TLS_OTHER)


def gather_site(run: Run, *, reads: frozenset[str] = frozenset()) -> SiteFacts:
    """Measure host, directory and sign-in once; never raises for what a server does.

    ``reads`` are the directory attributes that the requirements judge.
    """
    exchange = run.site.exchange
    gate = Gate(run.folder)
    facts = SiteFacts(vantage=vantage(run), host=probe_host(exchange))
    facts = _close(facts, _why_host(facts.host))
    if not facts.ews_closed:
        endpoint = probe_front_ends(probe_endpoint(exchange, run.run_id), exchange, run.run_id)
        facts = replace(facts, endpoint=endpoint)
        facts = _close(facts, _why_endpoint(endpoint))
    if run.refused_at is not None:
        return _close(facts, Closed("refused-before", _refused_before(run.refused_at)))
    if run.directory_refused_at is not None:
        facts = _close(facts, Closed("directory-refused-before", _refused_before(run.directory_refused_at)))
    else:
        facts = _ask_directory(run, facts, gate, reads)
    if not facts.ews_closed:
        facts = _sign_in(run, facts, gate)
    return facts


def _refused_before(at: datetime) -> str:
    return f"at {at.astimezone():%H:%M}; wait, or say --flowscape-retry-sign-in once the cause is mended"


def vantage(run: Run) -> Vantage:
    """Say from where this run looks."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user entry, as in some containers
        user = ""
    return Vantage(
        machine=socket.gethostname(),
        user=user,
        platform=platform.platform(),
        python=platform.python_version(),
        tool=__version__,
        run_id=run.run_id,
        started=run.started,
    )


def _close(facts: SiteFacts, why: Closed | None) -> SiteFacts:
    """Close the sides that the table of causes names; where a side is closed already, the first cause stays."""
    closes = CAUSES[why.cause].closes if why else frozenset()
    if why and Side.EWS in closes and not facts.ews_closed:
        facts = replace(facts, ews_cause=why.cause, ews_detail=why.detail)
    if why and Side.DIRECTORY in closes and not facts.directory_closed:
        facts = replace(facts, directory_cause=why.cause, directory_detail=why.detail)
    return facts


def _why_host(host: Host) -> Closed | None:
    if host.trouble:
        return Closed(RULES[host.trouble.kind].host or "host-no-tls", host.trouble.said)
    if host.certificate_trouble:
        kind = host.certificate_trouble.kind
        return Closed(RULES[kind].host or "tls-unknown-issuer", host.certificate_trouble.said)
    return None


def _why_endpoint(endpoint: Endpoint) -> Closed | None:
    spoilt = front_ends.bad(endpoint.looks)
    if spoilt:
        return Closed("front-end-bad", "; ".join(map(str, spoilt)))
    if endpoint.trouble:
        return Closed(RULES[endpoint.trouble.kind].bare or "ews-unexpected", endpoint.trouble.said)
    return None if endpoint.ways else Closed("front-end-bad", "the front ends share no sign-in method")


# --- the directory ------------------------------------------------------------------------------


def directory_user_gate(run: Run) -> Gate:
    """Return the gate of a separate directory user: a refusal of that one stops its own sign-ins in all processes."""
    return Gate(run.folder / "directory-user")


def directory_session(run: Run, gate: Gate) -> DirectorySession | None:
    """Make the session that the site file describes, not yet bound; None where it describes no directory."""
    directory = run.site.directory
    if directory is None:
        return None
    own = run.site.binds_as_service_account
    return DirectorySession(
        DirectoryLogin(
            directory,
            directory.username or run.site.service_account.username,
            run.password if own else run.directory_password,
            as_service_account=own,
            gate=gate if own else directory_user_gate(run),
            timeout=run.site.exchange.timeout,
        )
    )


def _ask_directory(run: Run, facts: SiteFacts, gate: Gate, reads: frozenset[str]) -> SiteFacts:
    account = run.site.service_account
    own = run.site.binds_as_service_account
    session = directory_session(run, gate)
    if session is None:
        return _close(facts, Closed("directory-absent"))
    try:
        bind = session.bind()
        if bind.trouble:
            facts = replace(facts, directory=DirectoryView(bind=bind))
            return _close(facts, _why_bind(bind.trouble, own=own))
        view = session.gather(
            account.email,
            account.username,
            [room.email for room in run.rooms],
            run.site.users.addresses,
            reads=reads,
        )
    finally:
        session.close()
    facts = replace(facts, directory=view)
    if view.trouble:
        return _close(facts, Closed("directory-unreachable", view.trouble.said))
    if not own and view.account is not None:
        facts = _close(facts, why_account(view.account, view.lockout_threshold, run.started))
    return facts


def _why_bind(trouble: Trouble, *, own: bool) -> Closed:
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


# --- the sign-in --------------------------------------------------------------------------------


def _sign_in(run: Run, facts: SiteFacts, gate: Gate) -> SiteFacts:
    account = run.site.service_account
    proven = bool(facts.directory and facts.directory.bind.as_service_account and not facts.directory.bind.trouble)
    ways = facts.endpoint.ways if facts.endpoint else ()
    session = EwsSession(
        run.site.exchange, account.username, run.password, ways=ways, gate=gate, run_id=run.run_id, connections=1
    )
    try:
        return _sign_in_and_ask(run, facts, session, proven=proven)
    finally:
        session.close()


def _sign_in_and_ask(run: Run, facts: SiteFacts, session: EwsSession, *, proven: bool) -> SiteFacts:
    sign_in, own = session.sign_in(run.site.service_account.email, proven=proven)
    # both answers are about an inbox; a reader must see which one was asked by address
    inboxes = tuple(
        folder if n == 0 else replace(folder, name=INBOX_BY_ADDRESS) for n, folder in enumerate(own.folders)
    )
    own = replace(own, folders=inboxes)
    facts = replace(facts, sign_in=sign_in, own_mailbox=own)
    why = _why_sign_in(sign_in, own, proven=proven)
    return _close(facts, why) if why else _ask_own(run, facts, session)


def _why_sign_in(sign_in: SignIn, own: MailboxAnswer, *, proven: bool) -> Closed | None:
    trouble = sign_in.trouble
    if trouble is None:
        whole = own.trouble
        interrupted = whole and whole.kind in (Kind.THROTTLED, Kind.TRANSIENT, Kind.MALFORMED)
        return Closed("sign-in-interrupted", whole.said) if whole and interrupted else None
    refused = trouble.kind is Kind.SIGN_IN_REFUSED
    cause = "way-refused" if refused and proven else RULES[trouble.kind].sign_in
    return Closed(cause or "sign-in-interrupted", trouble.said)


def _ask_own(run: Run, facts: SiteFacts, session: EwsSession) -> SiteFacts:
    """Ask what concerns the account itself, on the connection that has just been signed in."""
    email = run.site.service_account.email
    own = facts.own_mailbox
    if own is not None and own.folders and own.folders[0].trouble is None:
        all_own = session.get_folder([""], FIVE_FOLDERS)[""]
        # ids of every folder of the account: an answer about a room must name none of them
        named = tuple(folder for folder in all_own.folders if folder.name != "inbox")
        facts = replace(facts, own_mailbox=replace(own, folders=(*own.folders, *named)))
    itself = session.get_folder([email], ["calendar"], impersonate=email)[email]
    facts = replace(facts, self_as_owner=itself)
    stranger = run.site.users.out_of_scope
    if stranger:
        answer = session.get_folder([stranger], ["calendar"], impersonate=stranger)[stranger]
        facts = replace(facts, out_of_scope=answer)
    if facts.directory_closed:
        # what the directory could not tell of the account; each room is asked by the process that judges it
        facts = replace(facts, contacts={email: session.resolve_names(email)})
    return _close(facts, _why_lost(facts))


def _why_lost(facts: SiteFacts) -> Closed | None:
    """Return why rooms need not be asked: even the controller's one new connection was refused after its sign-in."""
    for answer in (facts.self_as_owner, facts.out_of_scope):
        if answer and answer.trouble and answer.trouble.kind in (Kind.LOST_SIGN_IN, Kind.STOPPED):
            return Closed("connections-mixed", answer.trouble.said)
    return None


def utc_now() -> datetime:
    """Return the time now, aware."""
    return datetime.now(timezone.utc)
