"""The requests of the run, for people and for machines: rows of the page, one line, plain JSON values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_flowscape.facts.footprint import DELEGATE, IMPERSONATED, OWN_MAILBOX, Footprint
from pytest_flowscape.report.text import plural


def as_json(footprint: Footprint, own_address: str) -> dict[str, Any]:
    """Return the footprint as it is in results.json. ``own_address`` is the service account's mailbox."""
    return {
        "ews": {
            "connections": footprint.ews_connections,
            "sign_ins": {"accepted": footprint.ews_sign_ins, "refused": footprint.ews_refused},
            "requests": [
                {"operation": operation, "identity": identity, "count": count}
                for (operation, identity), count in sorted(footprint.operations.items())
            ],
            "mailboxes": [
                {"address": address, "delegate": counts.get(DELEGATE, 0), "impersonated": counts.get(IMPERSONATED, 0)}
                for address, counts in mailboxes(footprint, own_address).items()
            ],
            "http": [
                {"operation": operation, "identity": identity, "status": status, "count": count}
                for (operation, identity, status), count in sorted(footprint.http.items())
            ],
            "throttled": footprint.throttled,
            "retries": footprint.retries,
        },
        "directory": {
            "connections": footprint.ldap_connections,
            "requests": [
                {"operation": operation, "result": code, "count": count}
                for (operation, code), count in sorted(footprint.ldap.items())
            ],
        },
        "writes": footprint.writes,
    }


def mailboxes(footprint: Footprint, own_address: str) -> dict[str, dict[str, int]]:
    """Return the requests by mailbox and identity, the service account's own under its address, sorted."""
    found: dict[str, dict[str, int]] = {}
    for address, counts in footprint.mailboxes.items():
        total = found.setdefault(own_address if address == OWN_MAILBOX else address, {})
        for identity, count in counts.items():
            total[identity] = total.get(identity, 0) + count
    return dict(sorted(found.items()))


def rows(footprint: Footprint, own_address: str) -> Iterator[tuple[str, str]]:
    """Return (label, value) for the page. Labels are unique."""
    for (operation, identity), count in sorted(footprint.operations.items()):
        yield f"EWS {operation}, {identity}", str(count)
    known = mailboxes(footprint, own_address)
    yield "Mailboxes accessed by impersonation", str(sum(1 for counts in known.values() if counts.get(IMPERSONATED)))
    yield "Mailboxes accessed as delegate or owner", str(sum(1 for counts in known.values() if counts.get(DELEGATE)))
    yield "Connections to Exchange", str(footprint.ews_connections)
    yield "Sign-ins to Exchange", f"{footprint.ews_sign_ins} accepted, {footprint.ews_refused} refused"
    yield "HTTP requests", f"{footprint.http_requests}, {footprint.without_credentials} of them without credentials"
    if footprint.unanswered:
        yield "HTTP requests without an answer", str(footprint.unanswered)
    yield "Throttling answers", str(footprint.throttled)
    yield "Requests repeated", str(footprint.retries)
    yield "Connections to the directory", str(footprint.ldap_connections)
    yield "Directory binds", f"{footprint.binds}, {footprint.refused_binds} of them refused"
    yield "Directory searches", str(footprint.searches)
    yield "Writes", str(footprint.writes)


def line(footprint: Footprint, own_address: str) -> str:
    """Return the footprint in one line for the terminal."""
    tried = footprint.ews_sign_ins + footprint.ews_refused + footprint.binds
    refused = footprint.ews_refused + footprint.refused_binds
    parts = [
        plural(footprint.requests, "EWS request"),
        plural(len(mailboxes(footprint, own_address)), "mailbox", "es"),
        f"{plural(tried, 'sign-in')} ({refused} refused)",
        plural(footprint.searches, "search", "es"),
        *([f"{footprint.throttled} throttled"] if footprint.throttled else []),
        plural(footprint.writes, "write"),
    ]
    return f"Footprint: {', '.join(parts)}"
