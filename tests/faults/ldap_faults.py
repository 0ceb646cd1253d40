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
ANSWERED = (LdapPoint.BIND, *SEARCHES)
EVERYWHERE = tuple(LdapPoint)
NOTICE = b"1.3.6.1.4.1.1466.20036"  # RFC 4511 4.4.1
ELSEWHERE = b"ldap://elsewhere.test/dc=elsewhere,dc=test"


@dataclass(frozen=True)
class LdapFaultKind:
    """One kind of fault: what it does, and where it can be.

    ``always``: it is tried in every run of the tests. ``harmless``: the answer
    can still be understood. ``lost``: at the sign-in it leaves open whether the
    password was judged.
    """

    name: str
    fault: LdapFault
    where: tuple[LdapPoint, ...] = ANSWERED
    always: bool = False
    harmless: bool = False
    lost: bool = True


def late(turn: LdapTurn) -> None:
    answers = turn.answers()
    threading.Event().wait(0.15)
    turn.send(*(one.data for one in answers))


def lose(turn: LdapTurn) -> None:
    turn.answers()
    turn.reset()


def truncate(turn: LdapTurn) -> None:
    """Send all but the last bytes of the answer, and close in the middle of a message."""
    turn.send(b"".join(one.data for one in turn.answers())[:-7])
    turn.close()


def stuck(turn: LdapTurn) -> None:
    """Stop in the middle of a message, and send nothing more."""
    turn.send(b"".join(one.data for one in turn.answers())[:-7])
    turn.hold()


def half_a_page(turn: LdapTurn) -> None:
    """Stop in the middle of a page, between two entries."""
    answers = turn.answers()
    turn.send(*(one.data for one in answers[: len(answers) // 2]))
    turn.hold()


def closed_in_a_page(turn: LdapTurn) -> None:
    answers = turn.answers()
    turn.send(*(one.data for one in answers[: len(answers) // 2]))
    turn.close()


def trickle(turn: LdapTurn) -> None:
    for byte in b"".join(one.data for one in turn.answers()):
        if turn.ending.wait(2.0):
            break
        turn.send(bytes((byte,)))
    turn.close()


def garble(turn: LdapTurn) -> None:
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
    while not turn.ending.is_set():
        turn.send(b"\x04" * 65536)


def endless_entries(turn: LdapTurn) -> None:
    """Send the same entries for ever."""
    turn.over = True
    answers = turn.answers()
    entries = [one.data for one in answers if one.tag == ENTRY] or [answers[0].data]
    while not turn.ending.is_set():
        turn.send(*entries * 20)


def endless_pages(turn: LdapTurn) -> None:
    """Announce one more page after every page."""
    answers = turn.answers()
    more = ber(0xA0, ber(0x30, ber(4, PAGED), ber(4, ber(0x30, ber(2, b"\0"), ber(4, b"again")))))
    end = ldap_proxy.message(turn.request.number, ber(DONE, ber(10, b"\0"), ber(4), ber(4)), more)
    turn.send(*(one.data for one in answers if one.tag == ENTRY), end)


def refuse(code: int, *, entries: bool = False) -> LdapFault:
    """Return the fault that ends the operation by this result, with ``entries`` after half of the entries."""

    def fault(turn: LdapTurn) -> None:
        binds = turn.request.tag == BIND
        answers = [one.data for one in turn.answers() if one.tag == ENTRY] if entries else []
        more = [referral(ELSEWHERE)] if code == 10 else []
        end = ldap_proxy.result(turn.request.number, BIND_ANSWER if binds else DONE, code, *more)
        turn.send(*answers[: len(answers) // 2], end)

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
    reference = ldap_proxy.message(turn.request.number, ber(ldap_proxy.REFERENCE, ber(4, ELSEWHERE)))
    turn.send(reference, *(one.data for one in turn.answers()))


KINDS = (
    LdapFaultKind("late", late, harmless=True),
    LdapFaultKind("references to other servers", further_references, SEARCHES, harmless=True, always=True),
    LdapFaultKind("silent", LdapTurn.hold, EVERYWHERE),
    LdapFaultKind("reset", LdapTurn.reset, EVERYWHERE, always=True),
    LdapFaultKind("closed", LdapTurn.close, EVERYWHERE),
    LdapFaultKind("answer lost", lose),
    LdapFaultKind("truncated BER", truncate, always=True),
    LdapFaultKind("stopped in a message", stuck),
    LdapFaultKind("stopped in mid-page", half_a_page, SEARCHES, always=True),
    LdapFaultKind("closed in mid-page", closed_in_a_page, SEARCHES),
    LdapFaultKind("trickling", trickle),
    LdapFaultKind("garbled BER", garble),
    LdapFaultKind("another protocol", not_ber),
    LdapFaultKind("endless message", endless_message),
    LdapFaultKind("endless entries", endless_entries, SEARCHES),
    LdapFaultKind("endless pages", endless_pages, SEARCHES),
    LdapFaultKind("busy", refuse(51), lost=False, always=True),
    LdapFaultKind("unavailable", refuse(52), lost=False),
    LdapFaultKind("operations error", refuse(1), SEARCHES),
    LdapFaultKind("time limit exceeded", refuse(3, entries=True), SEARCHES),
    LdapFaultKind("size limit exceeded", refuse(4, entries=True), SEARCHES, always=True),
    LdapFaultKind("administrative limit exceeded", refuse(11, entries=True), SEARCHES),
    LdapFaultKind("unwilling to perform", refuse(53), SEARCHES),
    LdapFaultKind("unknown result", refuse(4711), SEARCHES),
    LdapFaultKind("referral", refuse(10), always=True),
    LdapFaultKind("notice of disconnection", notice, always=True),
    LdapFaultKind("answer to another request", other_request),
)
