"""The kinds of faults in answers of a directory: on the wire, and what a domain controller itself may say."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from tests.faults import ldap_proxy
from tests.faults.ldap_proxy import (
    BIND,
    BIND_ANSWER,
    DONE,
    ENTRY,
    EXTENDED,
    PAGED,
    LdapFault,
    LdapPoint,
    LdapTurn,
    ber,
    referral,
)

SEARCHES = (LdapPoint.ACCOUNT, LdapPoint.ADDRESSES, LdapPoint.NEXT_PAGE)
ASKED = (LdapPoint.BIND, *SEARCHES)
EVERYWHERE = tuple(LdapPoint)
NOTICE = b"1.3.6.1.4.1.1466.20036"  # RFC 4511 4.4.1
ELSEWHERE = b"ldap://elsewhere.test/dc=elsewhere,dc=test"


ALWAYS = frozenset(
    (
        "references to other servers",
        "reset",
        "stopped in mid-page",
        "truncated BER",
        "busy",
        "size limit exceeded",
        "referral",
        "notice of disconnection",
    )
)


@dataclass(frozen=True)
class LdapFaultKind:
    """One kind of fault: what it does, where it can be, whether the answer can still be understood.

    ``lost``: at the sign-in it leaves open whether the password was judged.
    """

    name: str
    fault: LdapFault
    where: tuple[LdapPoint, ...] = ASKED
    harmless: bool = False
    lost: bool = True

    @property
    def always(self) -> bool:
        """Whether it is tried in every run of the tests."""
        return self.name in ALWAYS


def late(turn: LdapTurn) -> None:
    told = turn.answers()
    threading.Event().wait(0.15)
    turn.send(*(one.data for one in told))


def lost(turn: LdapTurn) -> None:
    turn.answers()
    turn.reset()


def truncated(turn: LdapTurn) -> None:
    """Send all but the last bytes of the answer, and close in the middle of a message."""
    turn.send(b"".join(one.data for one in turn.answers())[:-7])
    turn.close()


def stuck(turn: LdapTurn) -> None:
    """Stop in the middle of a message, and say nothing any more."""
    turn.send(b"".join(one.data for one in turn.answers())[:-7])
    turn.hold()


def half_a_page(turn: LdapTurn) -> None:
    """Stop in the middle of a page, between two entries."""
    told = turn.answers()
    turn.send(*(one.data for one in told[: len(told) // 2]))
    turn.hold()


def closed_in_a_page(turn: LdapTurn) -> None:
    told = turn.answers()
    turn.send(*(one.data for one in told[: len(told) // 2]))
    turn.close()


def trickle(turn: LdapTurn) -> None:
    for byte in b"".join(one.data for one in turn.answers()):
        if turn.proxy.ending.wait(2.0):
            break
        turn.send(bytes((byte,)))
    turn.close()


def garbled(turn: LdapTurn) -> None:
    turn.answers()
    turn.send(b"\x30\x05\xff\xff\xff\xff\xff", bytes(range(256)))
    turn.close()


def not_ber(turn: LdapTurn) -> None:
    turn.send(b"HTTP/1.1 400 Bad Request\r\n\r\n<html></html>")
    turn.close()


def endless_message(turn: LdapTurn) -> None:
    """Announce a message of two gigabytes, and go on sending."""
    turn.over = True
    turn.send(b"\x30\x84\x7f\xff\xff\xff\x02\x01" + bytes((turn.request.number,)))
    while not turn.proxy.ending.is_set():
        turn.send(b"\x04" * 65536)


def endless_entries(turn: LdapTurn) -> None:
    """Send the same entries for ever."""
    turn.over = True
    told = turn.answers()
    entries = [one.data for one in told if one.tag == ENTRY] or [told[0].data]
    while not turn.proxy.ending.is_set():
        turn.send(*entries * 20)


def endless_pages(turn: LdapTurn) -> None:
    """Announce one more page after every page."""
    told = turn.answers()
    more = ber(0xA0, ber(0x30, ber(4, PAGED), ber(4, ber(0x30, ber(2, b"\0"), ber(4, b"again")))))
    end = ldap_proxy.message(turn.request.number, ber(DONE, ber(10, b"\0"), ber(4), ber(4)), more)
    turn.send(*(one.data for one in told if one.tag == ENTRY), end)


def refused(code: int, *, entries: bool = False) -> LdapFault:
    """End the operation by this result, after half of the entries where ``entries`` says so."""

    def fault(turn: LdapTurn) -> None:
        binds = turn.request.tag == BIND
        told = [one.data for one in turn.answers() if one.tag == ENTRY] if entries else []
        more = [referral(ELSEWHERE)] if code == 10 else []
        end = ldap_proxy.result(turn.request.number, BIND_ANSWER if binds else DONE, code, *more)
        turn.send(*told[: len(told) // 2], end)

    return fault


def notice(turn: LdapTurn) -> None:
    """Send the notice of disconnection, and close."""
    turn.send(ldap_proxy.result(0, EXTENDED, 52, ber(0x8A, NOTICE)))
    turn.close()


def other_request(turn: LdapTurn) -> None:
    """Answer a request that nobody has made."""
    for one in turn.answers():
        head = one.data.replace(b"\x02\x01" + bytes((one.number,)), b"\x02\x01\x7d", 1)
        turn.send(head)


def further_references(turn: LdapTurn) -> None:
    """Add references to other servers; they are passed over."""
    reference = ldap_proxy.message(turn.request.number, ber(0x73, ber(4, ELSEWHERE)))
    turn.send(reference, *(one.data for one in turn.answers()))


KINDS = (
    LdapFaultKind("late", late, harmless=True),
    LdapFaultKind("references to other servers", further_references, SEARCHES, harmless=True),
    LdapFaultKind("silent", LdapTurn.hold, EVERYWHERE),
    LdapFaultKind("reset", LdapTurn.reset, EVERYWHERE),
    LdapFaultKind("closed", LdapTurn.close, EVERYWHERE),
    LdapFaultKind("answer lost", lost),
    LdapFaultKind("truncated BER", truncated),
    LdapFaultKind("stopped in a message", stuck),
    LdapFaultKind("stopped in mid-page", half_a_page, SEARCHES),
    LdapFaultKind("closed in mid-page", closed_in_a_page, SEARCHES),
    LdapFaultKind("trickling", trickle),
    LdapFaultKind("garbled BER", garbled),
    LdapFaultKind("another protocol", not_ber),
    LdapFaultKind("endless message", endless_message),
    LdapFaultKind("endless entries", endless_entries, SEARCHES),
    LdapFaultKind("endless pages", endless_pages, SEARCHES),
    LdapFaultKind("busy", refused(51), lost=False),
    LdapFaultKind("unavailable", refused(52), lost=False),
    LdapFaultKind("operations error", refused(1), SEARCHES),
    LdapFaultKind("time limit exceeded", refused(3, entries=True), SEARCHES),
    LdapFaultKind("size limit exceeded", refused(4, entries=True), SEARCHES),
    LdapFaultKind("administrative limit exceeded", refused(11, entries=True), SEARCHES),
    LdapFaultKind("unwilling to perform", refused(53), SEARCHES),
    LdapFaultKind("unknown result", refused(4711), SEARCHES),
    LdapFaultKind("referral", refused(10)),
    LdapFaultKind("notice of disconnection", notice),
    LdapFaultKind("answer to another request", other_request),
)
