"""The run's one sign-in to EWS: which ways to sign in are tried, in which order, and what the answer says."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_flowscape.facts import FolderAnswer, Kind, MailboxAnswer, SignIn, Trouble
from pytest_flowscape.probes.ews import get_folder
from pytest_flowscape.probes.ews.authentication import Authenticator, Call
from pytest_flowscape.probes.ews.batch import Batch, Folders, Read, TroubleIn
from pytest_flowscape.probes.ews.conversation import Conversation
from pytest_flowscape.probes.ews.request import DistinguishedFolder
from pytest_flowscape.probes.ews.sign_in import BASIC, NEGOTIATE, NTLM

INBOX = "inbox"


def sign_in(account: Authenticator, talk: Conversation, email: str, *, proven: bool) -> tuple[SignIn, MailboxAnswer]:
    """Sign in with one GetFolder: the caller's inbox without address, then the inbox of ``email``.

    The MailboxAnswer has ``email`` as its address and two folders, both named
    ``inbox``, in that order. Only when ``proven`` (the directory has accepted
    the password) may one refused way be followed by one other. A way that ends
    before the password is shown is followed by the next one. A refusal stops
    the gate.
    """
    left = [account.way] if account.proven else list(account.candidates)
    trouble = Trouble(Kind.WAY_MISSING_HERE, account.no_way)
    notes: list[str] = []
    refused = ""
    while left:
        account.use(left.pop(0))
        last = not proven or bool(refused) or not left
        answer, call = _own_inboxes(talk, email, known=proven, stop_on_refusal=last)
        if answer.trouble is None or answer.trouble.kind not in (Kind.SIGN_IN_REFUSED, Kind.WAY_MISSING_HERE):
            return _sign_in_fact(account, talk, answer, notes), answer
        trouble = answer.trouble
        notes.append(f"{account.way}: {trouble.said}")
        if trouble.kind is Kind.SIGN_IN_REFUSED and call.shown:
            if last:
                break
            refused = account.way
            left = _other_first(refused, call.inside, left)
    tried = account.counts["handshakes"] > 0
    way = account.way if tried else ""
    return SignIn(account.username, tried, way, trouble, notes=tuple(notes[:-1])), MailboxAnswer(email, trouble=trouble)


def _own_inboxes(talk: Conversation, email: str, *, known: bool, stop_on_refusal: bool) -> tuple[MailboxAnswer, Call]:
    calls: list[Call] = []

    def ask(wanted: Sequence[DistinguishedFolder], read: Read, trouble_in: TroubleIn) -> Folders | Trouble:
        body = get_folder.request(wanted)
        call = Call(get_folder.OPERATION, body, anchor=email, known=known, stop_on_refusal=stop_on_refusal)
        calls.append(call)
        return talk.ask(call, read, trouble_in)

    answers = Batch([INBOX], ask, lambda trouble: talk.note(trouble, "")).run(["", email])
    bare, addressed = answers[""], answers[email]
    # an address that is refused as a whole takes nothing from the mailbox that answered without one
    by_address = addressed.folders or (FolderAnswer(INBOX, trouble=addressed.trouble),)
    folders = (*bare.folders, *by_address)
    trouble = bare.trouble
    return MailboxAnswer(email, folders=() if trouble else folders, trouble=trouble), calls[0]


def _sign_in_fact(account: Authenticator, talk: Conversation, answer: MailboxAnswer, notes: Sequence[str]) -> SignIn:
    """Return the sign-in apart from what the mailbox answered: a SOAP answer of any kind is a sign-in."""
    trouble = None if account.proven else answer.trouble
    return SignIn(
        account.username,
        tried=account.counts["handshakes"] > 0,
        way=account.way,
        trouble=trouble,
        server_version=talk.server_version,
        front_ends=tuple(sorted(talk.front_ends)),
        notes=(*notes, f"signed in by {account.way}") if notes and trouble is None else tuple(notes),
    )


def _other_first(refused: str, inside: str, left: Sequence[str]) -> list[str]:
    """Choose the one other way: after NTLM (also inside Negotiate) Basic, since NTLM itself may be what is blocked."""
    ntlm = refused == NTLM or (refused == NEGOTIATE and inside != "kerberos")
    return [BASIC] if ntlm and BASIC in left else list(left[:1])
