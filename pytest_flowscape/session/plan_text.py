"""The plan as plain text for a change ticket: at most 100 columns, what a security desk asks first."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Sequence

from pytest_flowscape.facts import Vantage
from pytest_flowscape.facts.footprint import DELEGATE, IMPERSONATED
from pytest_flowscape.facts.policy import MAILBOXES_IN_FLIGHT
from pytest_flowscape.report.terminal.columns import fold
from pytest_flowscape.session.plan_bookings import many as _many
from pytest_flowscape.session.plan_bookings import what_audits_note, what_bookings_read, what_it_writes
from pytest_flowscape.session.plan_counts import Plan
from pytest_flowscape.site.one_run import BOOK_ROOM, Run

WIDTH = 100
LABEL = 26  # columns of the left side
MINUTE = 60.0
LEGS = 2  # answers 401 that NTLM needs on a new connection, before the one that counts
DURATIONS = ((MINUTE, "under a minute"), (5 * MINUTE, "1 to 5 minutes"), (30 * MINUTE, "5 to 30 minutes"))
LONG = "more than half an hour"


def plan_text(
    plan: Plan,
    run: Run,
    vantage: Vantage,
    remarks: Sequence[str] = (),
    *,
    site_file: str = "",
    more: Sequence[str] = (),
) -> str:
    """Return the plan of one run; ``remarks`` are sentences of their own at the end.

    ``site_file`` is the path as it was typed, ``more`` are further options of the run.
    """
    site = run.site
    rooms = f"{len(run.rooms)} of {len(site.rooms)} rooms" if len(run.rooms) < len(site.rooms) else "all rooms"
    parts = [
        fold(f"PLAN of one acceptance run: {site.customer}, {site.name}, {rooms}", WIDTH, indent="  ", limit=3),
        ["Nothing has been sent to write this text. The report of the run tells what it really did."],
        _part("Who, and from where", _who(run, vantage)),
        _part("Where to", _where(plan, run)),
        _part("What it asks of Exchange", _exchange(plan, run)),
        _part("What it asks of the directory", _directory(plan, run)),
        _part("What it writes", [("", text) for text in what_it_writes(plan.writes, run)]),
        _part("How long", [("", _duration(plan, run))]),
        _part("What your logs will show", _logs(plan, run)),
        _part("What comes on top where something is wrong", _faults(plan)),
        _part("Mailboxes opened by impersonation", [("", one) for one in _opened(plan)]),
        # on one line, however long: of a folded one a shell would run the first line, with all rooms
        ["THE RUN THAT THIS PLAN IS FOR", f"  {_command(run, site_file, more)}"],
        _part("", [("", remark) for remark in remarks])[1:],
    ]
    return "\n".join("\n".join(part) + "\n" for part in parts)


def _part(title: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    lines = [title.upper()]
    for label, text in rows:
        indent = " " * (LABEL if label else 2)
        first, *more = fold(text, WIDTH - len(indent), limit=1000)
        lines += [f"  {label}".ljust(LABEL) + first if label else indent + first, *(indent + line for line in more)]
    return lines


# --- the parts ----------------------------------------------------------------------------------


def _who(run: Run, vantage: Vantage) -> Iterator[tuple[str, str]]:
    site = run.site
    yield "Source machine", f"{vantage.machine} ({vantage.platform})"
    yield "User there", vantage.user or "not known"
    yield "Tool", f"pytest-flowscape {vantage.tool}, Python {vantage.python}, {_many(run.workers, 'process')} for rooms"
    yield "Service account", f"{site.service_account.username} ({site.service_account.email})"
    if site.directory and not site.binds_as_service_account:
        yield "Reads the directory", str(site.directory.username)
    yield "User-Agent", site.exchange.user_agent
    yield "Run id", f"{run.run_id}, sent as client-request-id (each request has other last 12 digits)"
    yield (
        "",
        (
            "Each run makes an id of its own, and shows it in its first lines and in its report; the run below is "
            "given this one. Exchange's HttpProxy and Ews logs have a column for it, the IIS log only where that "
            "field was added."
        ),
    )
    yield "Password", f"from {site.service_account.password}; not read for this text"


def _where(plan: Plan, run: Run) -> Iterator[tuple[str, str]]:
    exchange, directory = run.site.exchange, run.site.directory
    yield "Exchange (EWS)", f"{exchange.hostname}:{exchange.port}, HTTPS, {exchange.url}"
    if exchange.proxy:
        yield "", "Through a proxy, as the site file says."
    for server in directory.servers if directory else ():
        kind = "global catalog" if server.is_global_catalog else "domain controller"
        yield "Directory", f"{server} ({kind}{'' if server.tls else ', StartTLS'})"
    if directory is None:
        yield "Directory", "none: the site file has no [directory] section"
    yield (
        "Connections",
        f"to Exchange at most {plan.connections} at a time, each with one sign-in, {plan.sign_ins} in all; before them "
        f"{plan.without_credentials} short ones without credentials, one after another, and one or two TLS handshakes "
        "with each address of the hostname. "
        + (f"To the directory {_many(plan.binds, 'connection')}." if plan.binds else "None to a directory."),
    )


def _exchange(plan: Plan, run: Run) -> Iterator[tuple[str, str]]:
    reading = (
        "all of them reading" if not plan.writes else f"{plan.requests - plan.writes} reading, {plan.writes} writing"
    )
    yield "EWS requests", f"{plan.requests}, {reading}"
    for (operation, identity), count in sorted(plan.operations.items()):
        yield f"  {operation}", f"{count} {_as_whom(identity)}"
    yield "HTTP without sign-in", f"{plan.without_credentials}: which ways to sign in are offered, by which front ends"
    yield (
        "Mailboxes",
        (
            f"{len(plan.mailboxes)}: {len(plan.opened(IMPERSONATED))} opened by impersonation (listed below), "
            f"{len(plan.opened(DELEGATE))} as the service account by its own access (its own, and "
            f"{_many(len(run.rooms), 'room')}; at most {MAILBOXES_IN_FLIGHT} at a time)"
        ),
    )
    yield (
        "What is read",
        (
            "ids of folders, effective rights, folder permissions of rooms, one sync state for each room; no "
            "subject, no body, no attachment. Of users one folder id each."
        ),
    )
    for text in what_bookings_read(run):
        yield "", text


def _as_whom(identity: str) -> str:
    return "acting as the mailbox (impersonation)" if identity == IMPERSONATED else "as the service account itself"


def _directory(plan: Plan, run: Run) -> Iterator[tuple[str, str]]:
    if run.site.directory is None:
        yield "", "Nothing: no bind, no search. Exchange's ResolveNames is asked for names and addresses instead."
        return
    more = ", one more for each further domain controller if the account lies in another domain"
    yield "LDAP binds", f"{plan.binds}, simple, over TLS{more if plan.binds_at_most > plan.binds else ''}"
    yield (
        "LDAP searches",
        f"{plan.searches}, up to {plan.searches_at_most} where something is not found at once",
    )
    yield "Of the account", ", ".join(plan.account_attributes)
    yield "Of who has an address", ", ".join(plan.holder_attributes)
    yield "Of the lockout policy", ", ".join(plan.policy_attributes)


def _duration(plan: Plan, run: Run) -> str:
    fast, slow = (_class(seconds) for seconds in plan.seconds)
    expected = fast if fast == slow else f"{fast}; {slow} where the servers are slow or far away"
    limit = f"each step has a limit of {run.site.exchange.timeout:g} seconds"
    if run.invitees:
        limit += f", each of four waits for a room's answer one of {run.site.booking.answer_timeout:g} seconds"
    return f"Expected: {expected}. Longer where Exchange asks to wait; {limit}."


def _class(seconds: float) -> str:
    return next((name for limit, name in DURATIONS if seconds < limit), LONG)


def _logs(plan: Plan, run: Run) -> Iterator[tuple[str, str]]:
    user = run.site.service_account.username
    legs = LEGS * plan.sign_ins
    yield (
        "IIS, front end",
        (
            f"{plan.requests} lines POST /EWS/Exchange.asmx by {user}, {plan.without_credentials} with status 401 and "
            f"no user, and up to {legs} more with status 401 that belong to sign-ins by NTLM or Negotiate. They are "
            "no wrong passwords."
        ),
    )
    yield (
        "Security log, Exchange",
        f"4624 (logon type 3, with Basic type 8) for {user}: up to {plan.sign_ins}, with Basic one for each request",
    )
    yield (
        "Security log, domain",
        "4776 for each sign-in by NTLM or Basic, or 4768 and 4769 with Kerberos"
        + (f"; 4624 and 4776 for {_many(plan.binds, 'LDAP bind')}" if plan.binds else "")
        + ". No 4625, 4740 or 4771 if the password is right.",
    )
    yield (
        "Mailbox audit",
        (
            f"where it is on: FolderBind as Admin in {len(plan.opened(IMPERSONATED))} mailboxes (impersonation), as "
            f"Delegate in {_many(len(run.rooms), 'room')}; the same in the report of non-owner access"
        ),
    )
    for text in what_audits_note(run):
        yield "", text
    if plan.binds:
        yield (
            "Defender for Identity",
            (
                "may report LDAP reconnaissance (attributes, security principals): searches for many addresses "
                "within seconds, from the source machine"
            ),
        )
    yield "Monitoring", "many mailboxes within a short time by one account can look like exfiltration; nothing is taken"


def _faults(plan: Plan) -> Iterator[tuple[str, str]]:
    proven = ", 2 where the directory has just proven the password" if plan.binds else ""
    yield (
        "Refused sign-in",
        f"at most 1 in the whole run{proven}; then it stops, and for 60 minutes runs stop before signing in",
    )
    yield (
        "Failed room or user",
        f"asked once more, alone: up to {plan.second_looks} of them, each with at most 3 EWS requests"
        + (", and one more bind in each process with up to 4 searches for each" if plan.binds else ""),
    )
    yield (
        "Busy or moving",
        (
            f"where Exchange says so a request is repeated up to {plan.retries} times, after the time that it asks "
            "for; at the first throttling answer the connections are halved"
        ),
    )
    yield "Stopped batch", "rooms that Exchange did not come to in a shared request are asked again, alone or together"
    if plan.writes:
        yield (
            "Interrupted booking",
            "what is left is looked for by its mark and deleted, at the end of the run or by --flowscape-sweep",
        )
    yield "Lost connection", "one new sign-in in the whole run where a signed-in connection is refused"
    yield "Bad front end", f"{plan.without_credentials - 1} more requests without credentials"


def _opened(plan: Plan) -> Iterator[str]:
    for address in plan.opened(IMPERSONATED):
        count = plan.mailboxes[address][IMPERSONATED]
        yield f"{address}: {_many(count, 'request')}"


def _command(run: Run, site_file: str, more: Sequence[str]) -> str:
    words = ["pytest", f"--flowscape-config={site_file or run.site.path.name}", f"--flowscape-run-id={run.run_id}"]
    if run.book:
        words.append("--flowscape-book" if run.book == BOOK_ROOM else f"--flowscape-book={run.book}")
    if run.workers > 1:
        words += ["-n", str(run.workers)]
    if len(run.rooms) < len(run.site.rooms):
        words += [f"--flowscape-room={room.email}" for room in run.rooms]
    words += more
    # an address may hold characters that a shell acts upon: ` $ & |
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
