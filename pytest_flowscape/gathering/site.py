"""What the controller finds out before any room is asked: host, directory, the one sign-in.

The order protects the account: no password before TLS is trusted, LDAP before
EWS because its sub-code names the cause, and EWS only if nothing speaks
against it. A closed side has its cause, a row of the table of causes.
"""

from __future__ import annotations

import getpass
import platform
import socket
from dataclasses import replace
from datetime import datetime, timezone

from pytest_flowscape import __version__
from pytest_flowscape.facts import Closed, DirectoryView, SiteFacts, Vantage
from pytest_flowscape.facts.names import FIVE_FOLDERS, Side
from pytest_flowscape.gathering.refusals import WINDOW
from pytest_flowscape.gathering.sessions import directory_session, ews_session
from pytest_flowscape.gathering.why_closed import why_account, why_bind, why_endpoint, why_host, why_lost, why_sign_in
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.probes.endpoint import probe_endpoint, probe_front_ends, probe_host
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.site.one_run import Run

INBOX_BY_ADDRESS = "inbox@address"


def gather_site(run: Run, *, reads: frozenset[str] = frozenset()) -> SiteFacts:
    """Measure host, directory and sign-in once; never raises for what a server does.

    ``reads`` are the directory attributes that the requirements judge.
    """
    exchange = run.site.exchange
    gate = Gate(run.folder)
    facts = SiteFacts(vantage=vantage(run), host=probe_host(exchange))
    facts = _close(facts, why_host(facts.host))
    if not facts.ews_closed:
        endpoint = probe_front_ends(probe_endpoint(exchange, run.run_id), exchange, run.run_id)
        facts = replace(facts, endpoint=endpoint)
        facts = _close(facts, why_endpoint(endpoint))
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
    until = at + WINDOW
    return (
        f"at {at.astimezone():%H:%M}; fix the cause, then add --flowscape-retry-sign-in; "
        f"or wait until {until.astimezone():%H:%M}"
    )


def vantage(run: Run) -> Vantage:
    """Return from where this run looks."""
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
            return _close(facts, why_bind(bind.trouble, own=own))
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


def _sign_in(run: Run, facts: SiteFacts, gate: Gate) -> SiteFacts:
    proven = bool(facts.directory and facts.directory.bind.as_service_account and not facts.directory.bind.trouble)
    session = ews_session(run, facts, gate, connections=1)
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
    why = why_sign_in(sign_in, own, proven=proven)
    return _close(facts, why) if why else _ask_own(run, facts, session)


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
    return _close(facts, why_lost(facts))


def utc_now() -> datetime:
    """Return the time now, aware."""
    return datetime.now(timezone.utc)
