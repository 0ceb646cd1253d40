"""What is left of an ldap3 connection once it is in other hands than ours: searching.

ldap3's own ``read_only`` lets ``add`` and extended operations pass (measured,
2.9.1), and its ``bind`` and ``rebind`` would show a password a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_flowscape.facts.footprint import SEARCH
from pytest_flowscape.probes.ledger import LEDGER

WRITES = ("add", "delete", "modify", "modify_dn", "compare", "extended")
SENT = ("searchRequest", "unbindRequest", "abandonRequest")  # as ldap3 names what it sends
SIGN_INS = ("bind", "rebind", "start_tls")


class SearchOnly(PermissionError):  # noqa: N818  named by what it is
    """The lent connection was asked for something else than a search."""


def restrain(connection: Any) -> None:
    """Have a signed-in ldap3 Connection of strategy SAFE_SYNC refuse all but searches, before anything is sent.

    Its searches are written down for the footprint, each page as one.
    """
    for name in WRITES:
        setattr(connection, name, _refuse(f"{name}: the directory connection searches, and does nothing else"))
    for name in SIGN_INS:
        setattr(connection, name, _refuse(f"{name}: the directory connection is signed in already, once in a process"))
    find, send = connection.search, connection.send
    numbers: list[str] = []

    def sent(kind: str, *arguments: Any, **named: Any) -> Any:
        if kind not in SENT:
            raise SearchOnly(f"{kind}: the directory connection searches, and does nothing else")
        if kind == "searchRequest":  # counted here: a filter that is malformed is never sent
            numbers.append(LEDGER.note_operation(SEARCH))
        return send(kind, *arguments, **named)

    def search(*arguments: Any, **named: Any) -> Any:
        numbers.clear()
        found = find(*arguments, **named)
        for number in numbers:
            LEDGER.note_result(number, int(found[1]["result"]))
        return found

    connection.send = sent
    connection.search = search


def _refuse(said: str) -> Callable[..., Any]:
    def refuse(*_: object, **__: object) -> Any:
        raise SearchOnly(said)

    return refuse
