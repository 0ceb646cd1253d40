"""What each part of the plan says, row by row: a label and a text, in words that a security desk knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pytest_flowscape.facts import Vantage
from pytest_flowscape.facts.footprint import DELEGATE, IMPERSONATED
from pytest_flowscape.facts.policy import MAILBOXES_IN_FLIGHT, MAX_RETRIES
from pytest_flowscape.report.text import plural
from pytest_flowscape.session.plan_counts import Plan
from pytest_flowscape.site.one_run import Run

LEGS = 2  # answers 401 that NTLM needs on a new connection, before the one that counts
DURATIONS = ((60, "under a minute"), (300, "1 to 5 minutes"), (1800, "5 to 30 minutes"))  # seconds
LONG = "more than half an hour"


class Row(NamedTuple):
    """A text, and its label on the left; without a label it takes the whole width."""

    label: str
    text: str


Rows = Iterator[Row]


def who(run: Run, vantage: Vantage) -> Rows:
    """Return who runs this, from where, and with which account."""
    site = run.site
    yield Row("Source machine", f"{vantage.machine} ({vantage.platform})")
    yield Row("User there", vantage.user or "unknown")
    yield Row("Tool", f"pytest-flowscape {vantage.tool}, Python {vantage.python}")
    yield Row("Processes for rooms", str(run.workers))
    yield Row("Service account", f"{site.service_account.username} ({site.service_account.email})")
    if site.directory and not site.binds_as_service_account:
        yield Row("Reads the directory", str(site.directory.username))
    yield Row("User-Agent", site.exchange.user_agent)
    yield Row("Run id", f"{run.run_id}, sent as client-request-id (the last 12 digits differ for each request)")
    yield Row(
        "",
        "Every run has an id of its own, shown in its first lines and in its report; the command below sets this one. "
        "Exchange's HttpProxy and Ews logs have a column for it, the IIS log only if that field was added.",
    )
    yield Row("Password", f"from {site.service_account.password}; not read for this text")


def servers(plan: Plan, run: Run) -> Rows:
    """Return which servers are contacted, over how many connections."""
    exchange, directory = run.site.exchange, run.site.directory
    yield Row("Exchange (EWS)", f"{exchange.hostname}:{exchange.port}, HTTPS, {exchange.url}")
    if exchange.proxy:
        yield Row("", "Through the proxy that the site file names.")
    for server in directory.servers if directory else ():
        kind = "global catalog" if server.is_global_catalog else "domain controller"
        yield Row("Directory", f"{server} ({kind}{'' if server.tls else ', StartTLS'})")
    if directory is None:
        yield Row("Directory", "none: the site file has no [directory] section")
    yield Row(
        "Connections",
        f"to Exchange at most {exchange.max_connections} at a time, each with one sign-in, {plan.sign_ins} in all; "
        f"before them {plan.without_credentials} short ones without credentials, one after another, and one or two "
        "TLS handshakes with each address of the host name. "
        + (f"To the directory {plural(plan.binds, 'connection')}." if plan.binds else "None to a directory."),
    )


def exchange(plan: Plan, run: Run) -> Rows:
    """Return what Exchange is asked, as whom, and what is read of it."""
    reading = f"{plan.requests - plan.writes} reading, {plan.writes} writing" if plan.writes else "all of them reading"
    yield Row("EWS requests", f"{plan.requests}, {reading}")
    for (operation, identity), count in sorted(plan.operations.items()):
        whom = "acting as the mailbox (impersonation)" if identity == IMPERSONATED else "as the service account itself"
        yield Row(f"  {operation}", f"{count} {whom}")
    yield Row("HTTP without sign-in", f"{plan.without_credentials}: which sign-in methods each front end offers")
    yield Row(
        "Mailboxes",
        f"{len(plan.mailboxes)}: {len(plan.by_mailbox(IMPERSONATED))} opened by impersonation (listed below), "
        f"{len(plan.by_mailbox(DELEGATE))} with the service account's own access (its own, and "
        f"{plural(len(run.rooms), 'room')}; at most {MAILBOXES_IN_FLIGHT} at a time)",
    )
    yield Row(
        "What is read",
        "folder ids, effective rights, folder permissions of rooms, one sync state for each room; no subject, no body, "
        "no attachment. Of users one folder id each.",
    )
    if run.book:
        yield Row(
            "",
            "For bookings: when each room is busy, its working hours, and of the items in its calendar ids, ends and "
            "the mark of such runs; one more SyncFolderItems for each 512 items.",
        )
    if run.invitees:
        yield Row(
            "",
            "For meetings: mail tips, AutomateProcessing, the meeting's own items in both mailboxes, and the text of "
            "the room's answer; one more GetItem or FindItem for each look until the room has answered, at first after "
            "half a second, later every 15 seconds.",
        )


def directory(plan: Plan, run: Run) -> Rows:
    """Return what Active Directory is asked, and which attributes are read."""
    if run.site.directory is None:
        yield Row(
            "", "Nothing: no bind, no search. Names and addresses are looked up with Exchange's ResolveNames instead."
        )
        return
    more = ", plus one for each further domain controller if the account is in another domain"
    yield Row("LDAP binds", f"{plan.binds}, simple, over TLS{more if plan.binds_at_most > plan.binds else ''}")
    yield Row("LDAP searches", f"{plan.searches}, up to {plan.searches_at_most} if something is not found at once")
    yield Row("Of the account", ", ".join(plan.account_attributes))
    yield Row("Of address holders", ", ".join(plan.holder_attributes))
    yield Row("Of the lockout policy", ", ".join(plan.policy_attributes))


def writes(plan: Plan, run: Run) -> Rows:
    """Return what is written, and what becomes of it."""
    booking = run.site.booking
    fresh = "A mailbox that nobody has opened yet may get its default folders when it is first opened."
    if not plan.writes:
        rooms = " [booking] lists rooms; without --flowscape-book nothing is booked." if booking.rooms else ""
        yield Row(
            "", f"0 writes: no item, no mail, no setting, neither in Exchange nor in the directory.{rooms} {fresh}"
        )
        return
    hours = "between {:%H:%M} and {:%H:%M}".format(*booking.window) if booking.window else "at night"
    sent = "" if run.invitees else " Nothing is sent to anybody."
    yield Row(
        "",
        f"{plan.writes} writes: in the calendar of each of {plural(len(run.rooms), 'room')} one appointment, some days "
        f"ahead {hours} by the room's clock, shown as free, without attendees or reminder; it is extended, ended early "
        f"and deleted for good within seconds.{sent} The first room must end clean before the others start. What is "
        "deleted stays in Recoverable Items until the retention time ends, longer under a hold. Panels and other "
        f"programs that follow these calendars see it come and go. {fresh}",
    )
    if run.invitees:
        yield Row(
            "",
            f"Meetings: {plural(len(run.invitees), 'room')} invited, one at a time, approved by {booking.approved_by}: "
            f"{', '.join(run.invitees)}. The organiser is {run.site.service_account.email}, acting as itself. Each "
            "meeting is in a free hour of the room's working time, at least a week ahead; the room gets one request, "
            "two updates and one cancellation, the organiser its answers. Nothing is sent to anybody else: a room "
            "whose mail would reach people (delegates, forwarding, moderation, restricted delivery), or that does not "
            "decide by itself, is not invited. Requests, answers, cancellations and copies are deleted for good in "
            "both mailboxes.",
        )


def duration(plan: Plan, run: Run) -> Rows:
    """Return how long the run is expected to take."""
    fast, slow = (next((name for limit, name in DURATIONS if most < limit), LONG) for most in plan.seconds)
    expected = fast if fast == slow else f"{fast}; {slow} if the servers are slow or far away"
    limit = f"each step has a limit of {run.site.exchange.timeout:g} seconds"
    if run.invitees:
        limit += f", each of four waits for a room's answer one of {run.site.booking.answer_timeout:g} seconds"
    yield Row("", f"Expected: {expected}. Longer if Exchange asks to wait; {limit}.")


def logs(plan: Plan, run: Run) -> Rows:
    """Return what the servers' logs will show."""
    user, rooms = run.site.service_account.username, plural(len(run.rooms), "room")
    count = len(plan.by_mailbox(IMPERSONATED))
    yield Row(
        "IIS, front end",
        f"{plan.requests} lines POST /EWS/Exchange.asmx by {user}, {plan.without_credentials} with status 401 and no "
        f"user, and up to {LEGS * plan.sign_ins} more with status 401 from sign-ins by NTLM or Negotiate. These are "
        "not wrong passwords.",
    )
    yield Row(
        "Security log, Exchange",
        f"4624 (logon type 3, with Basic type 8) for {user}: up to {plan.sign_ins}, with Basic one for each request",
    )
    yield Row(
        "Security log, domain",
        "4776 for each sign-in by NTLM or Basic, or 4768 and 4769 with Kerberos"
        + (f"; 4624 and 4776 for {plural(plan.binds, 'LDAP bind')}" if plan.binds else "")
        + ". No 4625, 4740 or 4771 if the password is right.",
    )
    yield Row(
        "Mailbox audit",
        f"if it is on: FolderBind as Admin in {count} mailboxes (impersonation), as Delegate in {rooms}; the same in "
        "the report of non-owner access",
    )
    if run.book:
        yield Row("", f"as Delegate in the same {rooms}: one Create, two Update and one HardDelete each")
    if run.invitees:
        yield Row(
            "",
            f"for each meeting as Delegate in {plural(len(run.invitees), 'room')} HardDelete of the copy and of what "
            f"was received, as Admin in {run.site.service_account.email} Create, Update, Send and HardDelete; in "
            "message tracking up to four messages to the room and three answers from it",
        )
    if plan.binds:
        yield Row(
            "Defender for Identity",
            "may report LDAP reconnaissance (attributes, security principals): searches for many addresses within "
            "seconds, from the source machine",
        )
    yield Row(
        "Monitoring", "many mailboxes within a short time by one account can look like exfiltration; nothing is taken"
    )


def faults(plan: Plan) -> Rows:
    """Return what may be asked beyond the plan."""
    proven = ", 2 if the directory has just proven the password" if plan.binds else ""
    again = ", and one more bind in each process with up to 4 searches for each" if plan.binds else ""
    yield Row(
        "Refused sign-in",
        f"at most 1 in the whole run{proven}; then it stops, and for 60 minutes runs stop before signing in",
    )
    yield Row(
        "Failed room or user",
        f"asked once more, alone: up to {plan.second_looks} of them, each with at most 3 EWS requests{again}",
    )
    yield Row(
        "Busy or moving",
        f"if Exchange says so, a request is repeated up to {MAX_RETRIES} times, after the time that it asks for; the "
        "first throttling answer halves the connections",
    )
    yield Row(
        "Stopped batch", "rooms that Exchange did not get to in a shared request are asked again, alone or together"
    )
    if plan.writes:
        yield Row(
            "Interrupted booking",
            "what is left is found by its mark and deleted, at the end of the run or by --flowscape-sweep",
        )
    yield Row("Lost connection", "one new sign-in in the whole run if a signed-in connection is refused")
    yield Row("Bad front end", f"{plan.without_credentials - 1} more requests without credentials")


def mailboxes(plan: Plan) -> Rows:
    """Return the mailboxes opened by impersonation."""
    for address, count in plan.by_mailbox(IMPERSONATED).items():
        yield Row("", f"{address}: {plural(count, 'request')}")
