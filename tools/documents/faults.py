"""The tables of docs/faults.md, from the policy and from the faults that the tests make."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_flowscape.facts import policy
from pytest_flowscape.facts.policy import RULES, SECOND_LOOK_SAMPLE, SECOND_LOOKS, Rule
from pytest_flowscape.probes import gate
from tests.faults import ews_faults, ldap_faults
from tests.faults.tally import TIMES
from tools.documents.frame import Part

PAGE = "docs/faults.md"


def parts() -> Iterator[Part]:
    """Yield the tables."""
    for name, table in (("rules", _rules()), ("limits", _limits()), ("tried", _faults())):
        yield Part(PAGE, "\n".join(table), block=name)


def _rules() -> Iterator[str]:
    yield "| trouble | asked again | before sign-in | in answer to the sign-in | about a room or a user |"
    yield "|---|---|---|---|---|"
    for rule in RULES.values():
        before = _cause(rule.host or rule.bare)
        yield f"| {rule.kind.value} | {_tries(rule)} | {before} | {_cause(rule.sign_in)} | {rule.room.value} |"


def _tries(rule: Rule) -> str:
    return {0: "never", 1: "once"}.get(rule.again, f"{rule.again} times")


def _cause(key: str) -> str:
    return f"`{key}`" if key else "not measured"


def _limits() -> Iterator[str]:
    yield "| what | limit |"
    yield "|---|---|"
    pauses = ", ".join(f"{pause:g}" for pause in policy.PAUSES)
    share = f"{policy.FIRST_SHARE:.0%} of the time left while another try may follow"
    yield "| host probe, request without credentials, one request to EWS with all its tries | `timeout` |"
    yield f"| one try of a request to EWS | {share}, then all of it |"
    yield f"| pause before a try, if the server names none | {pauses} seconds |"
    yield "| pause that a server names | as long, if it fits into the time left; else the answer counts |"
    yield f"| one answer of EWS | {policy.EWS_BYTES // 1024**2} MB, never compressed, no DTD, 256 levels |"
    yield f"| requests in a row without an HTTP answer | {policy.MAX_IN_A_ROW}, then no more are sent |"
    yield f"| time without a useful answer, all requests of a process | {policy.MAX_IN_VAIN:g} times `timeout` |"
    yield "| reaching a directory server, a bind, a search with all its pages | `timeout` each |"
    yield f"| all messages of one page of a search | {policy.LDAP_BYTES // 1024**2} MB |"
    yield f"| waiting for another process's sign-in | {gate.PATIENCE:g} seconds |"
    looks = f"{SECOND_LOOKS} in a run, then a sample of {SECOND_LOOK_SAMPLE}"
    yield f"| failed rooms and users that are measured again | {looks} |"


def _faults() -> Iterator[str]:
    rows = [(kind.name, "Exchange", len(kind.where)) for kind in ews_faults.KINDS]
    rows += [(kind.name, "directory", len(kind.where)) for kind in ldap_faults.KINDS]
    points = sum(row[-1] for row in rows)
    yield f"{points} pairs of fault and point, each {', '.join(TIMES)}: {points * len(TIMES)} combinations."
    yield ""
    yield "| fault | between | points |"
    yield "|---|---|---|"
    yield from (f"| {name} | {side} | {count} |" for name, side, count in rows)
