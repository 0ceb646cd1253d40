"""The tables of docs/faults.md, made from the policy and the faults: ``python -m tools.documents.faults``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pytest_flowscape.facts import policy
from pytest_flowscape.facts.policy import RULES, SECOND_LOOK_SAMPLE, SECOND_LOOKS, AtRoom, Rule
from pytest_flowscape.probes import gate
from tests.faults import ews_faults, ldap_faults
from tests.faults.ews_proxy import Point
from tests.faults.ldap_proxy import LdapPoint
from tests.faults.tally import TIMES

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "faults.md"


def rules() -> Iterator[str]:
    """What is done about each kind of trouble with EWS."""
    yield "| trouble | asked again | before sign-in | in answer to the sign-in | about a room or a user |"
    yield "|---|---|---|---|---|"
    for rule in RULES.values():
        before = rule.host or rule.bare
        yield f"| {rule.kind.value} | {again(rule)} | {row(before)} | {row(rule.sign_in)} | {room(rule)} |"


def again(rule: Rule) -> str:
    return {0: "never", 1: "once"}.get(rule.again, f"{rule.again} times")


def row(key: str) -> str:
    return f"`{key}`" if key else "not measured"


def room(rule: Rule) -> str:
    return str(rule.room.value if rule.room is not AtRoom.NOT_MEASURED else AtRoom.NOT_MEASURED.value)


def limits() -> Iterator[str]:
    """The limits of time and size."""
    yield "| what | limit |"
    yield "|---|---|"
    pauses = ", ".join(f"{pause:g}" for pause in policy.PAUSES)
    share = f"{policy.FIRST_SHARE:.0%} of the time left while another try may follow"
    yield "| host probe, request without credentials, one request to EWS with all its tries | `timeout` |"
    yield f"| one try of a request to EWS | {share}, then all of it |"
    yield f"| pause before a try, where the server names none | {pauses} seconds |"
    yield "| pause that a server names | as long, if it fits into the time left; else the answer stands |"
    yield f"| one answer of EWS | {policy.EWS_BYTES // 1024**2} MB, never compressed, no DTD, 256 levels |"
    yield f"| requests in a row without an HTTP answer | {policy.MAX_IN_A_ROW}, then no more are sent |"
    yield f"| time waited in vain, all requests of a process together | {policy.MAX_IN_VAIN:g} times `timeout` |"
    yield "| reaching a directory server, a bind, a search with all its pages | `timeout` each |"
    yield f"| all messages of one page of a search | {policy.LDAP_BYTES // 1024**2} MB |"
    yield f"| waiting for another process's sign-in | {gate.PATIENCE:g} seconds |"
    looks = f"{SECOND_LOOKS} in a run, then a sample of {SECOND_LOOK_SAMPLE}"
    yield f"| failed rooms and users that are measured once more | {looks} |"


def tried() -> Iterator[str]:
    """Every kind of fault that the tests make, and at how many points of a run."""
    yield "| fault | between | points |"
    yield "|---|---|---|"
    for kind in ews_faults.KINDS:
        yield f"| {kind.name} | Exchange | {len(kind.where)} |"
    for one in ldap_faults.KINDS:
        yield f"| {one.name} | directory | {len(one.where)} |"


def size() -> tuple[int, int]:
    """How many pairs of fault and point there are, and how many combinations with the number of times."""
    pairs = sum(len(kind.where) for kind in ews_faults.KINDS) + sum(len(kind.where) for kind in ldap_faults.KINDS)
    return pairs, pairs * len(TIMES)


def page(text: str) -> str:
    """Return the page with its tables anew; what stands between them is written by hand."""
    for name, made in (("rules", rules), ("limits", limits), ("tried", tried)):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        head, _, rest = text.partition(begin)
        text = head + begin + "\n".join(made()) + "\n" + end + rest.partition(end)[2]
    return text


def points() -> tuple[str, ...]:
    """Every point of a run that is tried."""
    used = {point for kind in ews_faults.KINDS for point in kind.where}
    return tuple(point.value for point in Point if point in used) + tuple(point.value for point in LdapPoint)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
