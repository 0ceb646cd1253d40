"""What a run asks of EWS: one sign-in, then GetFolder, SyncFolderItems and ResolveNames; every answer is a fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import (
    Availability,
    CalendarSettings,
    FolderAnswer,
    Kind,
    MailboxAnswer,
    MailTips,
    ResolvedName,
    SignIn,
    SyncAnswer,
    Trouble,
)
from pytest_flowscape.facts.policy import ASKED_AGAIN, MAILBOXES_IN_FLIGHT
from pytest_flowscape.probes import network
from pytest_flowscape.probes.ews import answers, availability, mail_flow, request
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.batch import Batch, Look
from pytest_flowscape.probes.ews.conversation import Call, Conversation
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.request import FolderWanted
from pytest_flowscape.probes.ews.sign_in import BASIC, NEGOTIATE, NTLM, candidates
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.site.model import Exchange

CALENDAR = "calendar"
INBOX = "inbox"


class EwsSession:
    """Talk to one Exchange server as one account, over at most ``connections`` connections.

    Delegate requests in flight name at most ``mailboxes`` mailboxes together.

    ``ways`` are the schemes that the server offers, as told. ``way`` is a
    proven one: then no other is used, and a refusal counts as lost, not as
    wrong. Every new connection signs in while it holds ``gate``. Safe to use
    from several threads; each operation raises nothing for what a server or the
    network does, and gives a Trouble instead. ``run_id`` is a GUID.
    """

    def __init__(
        self,
        exchange: Exchange,
        username: str,
        password: Secret,
        *,
        ways: Sequence[str],
        gate: Gate,
        run_id: str,
        connections: int = 1,
        mailboxes: int = MAILBOXES_IN_FLIGHT,
        way: str = "",
    ) -> None:
        self._exchange = exchange
        self._gate = gate
        self._email = ""
        self._candidates, self._none = self._choose(ways)
        self._talk = Conversation(
            exchange,
            username,
            password,
            gate=gate,
            run_id=run_id,
            connections=connections,
            mailboxes=mailboxes,
            way=way,
        )
        if not way and self._candidates:
            self._talk.way = self._candidates[0]

    def _choose(self, ways: Sequence[str]) -> tuple[tuple[str, ...], str]:
        try:
            proxied = network.proxy_for(self._exchange.proxy, network.bare_host(self._exchange.hostname)) is not None
        except network.ProxyFailed:
            proxied = True
        return candidates(ways, self._exchange.auth, proxied=proxied)

    # --- what it has counted ------------------------------------------------------------------------

    @property
    def counts(self) -> dict[str, int]:
        """Return the HTTP requests by operation, and ``handshakes`` and ``throttled`` answers."""
        return dict(self._talk.counts)

    @property
    def front_ends(self) -> set[str]:
        """Return the X-FEServer values seen."""
        return set(self._talk.front_ends)

    @property
    def server_version(self) -> str:
        """Return ServerVersionInfo as ``15.2.1748.10``, empty if not told yet."""
        return self._talk.server_version

    @property
    def way(self) -> str:
        """Return the way to sign in that is used."""
        return self._talk.way

    def close(self) -> None:
        """Close the connections."""
        self._talk.pool.close()

    # --- signing in ---------------------------------------------------------------------------------

    def sign_in(self, email: str, *, proven: bool) -> tuple[SignIn, MailboxAnswer]:
        """Sign in with one GetFolder: the caller's inbox without address, then the inbox of ``email``.

        The MailboxAnswer has ``email`` as its address and two folders, both
        named ``inbox``, in that order. Only when ``proven`` (the directory has
        accepted the password) may one refused way be followed by one other. A
        way that ends before the password is shown is followed by the next one.
        A refusal stops the gate.
        """
        self._email = email
        username = self._talk.username
        left = [self._talk.way] if self._talk.proven else list(self._candidates)
        trouble = Trouble(Kind.WAY_MISSING_HERE, self._none)
        notes: list[str] = []
        refused = ""
        while left:
            self._talk.way = left.pop(0)
            last = not proven or bool(refused) or not left
            answer, call = self._own_inboxes(email, known=proven, stop_on_refusal=last)
            if answer.trouble is None or answer.trouble.kind not in (Kind.SIGN_IN_REFUSED, Kind.WAY_MISSING_HERE):
                return self._signed_in(answer, notes), answer
            trouble = answer.trouble
            notes.append(f"{self._talk.way}: {trouble.said}")
            if trouble.kind is Kind.SIGN_IN_REFUSED and call.shown:
                if last:
                    break
                refused = self._talk.way
                left = _other_first(refused, call.inside, left)
        tried = self._talk.counts["handshakes"] > 0
        way = self._talk.way if tried else ""
        return SignIn(username, tried, way, trouble, notes=tuple(notes[:-1])), MailboxAnswer(email, trouble=trouble)

    def _own_inboxes(self, email: str, *, known: bool, stop_on_refusal: bool) -> tuple[MailboxAnswer, Call]:
        calls: list[Call] = []

        def ask(wanted: Sequence[FolderWanted], look: Look | None) -> Envelope | Trouble:
            body = request.get_folder(wanted)
            call = Call("GetFolder", body, anchor=email, known=known, stop_on_refusal=stop_on_refusal)
            calls.append(call)
            return self._talk.ask(call, look)

        def note(trouble: Trouble) -> None:
            self._talk.note(trouble, "")

        told = Batch([INBOX], ask, note).run(["", email])
        bare, addressed = told[""], told[email]
        # an address that is refused as a whole takes nothing from the mailbox that answered without one
        by_address = addressed.folders or (FolderAnswer(INBOX, trouble=addressed.trouble),)
        folders = (*bare.folders, *by_address)
        trouble = bare.trouble
        return MailboxAnswer(email, folders=() if trouble else folders, trouble=trouble), calls[0]

    def _signed_in(self, answer: MailboxAnswer, notes: Sequence[str]) -> SignIn:
        """Tell the sign-in apart from what the mailbox answered: a SOAP answer of any kind is a sign-in."""
        talk = self._talk
        trouble = None if talk.proven else answer.trouble
        return SignIn(
            talk.username,
            tried=talk.counts["handshakes"] > 0,
            way=talk.way,
            trouble=trouble,
            server_version=talk.server_version,
            front_ends=tuple(sorted(talk.front_ends)),
            notes=(*notes, f"signed in by {talk.way}") if notes and trouble is None else tuple(notes),
        )

    # --- asking -------------------------------------------------------------------------------------

    def get_folder(
        self,
        addresses: Sequence[str],
        folders: Sequence[str],
        *,
        impersonate: str = "",
        rights: bool = False,
        permissions: bool = False,
    ) -> dict[str, MailboxAnswer]:
        """Ask for distinguished folders of several mailboxes (delegate) or of one (impersonated), IdOnly.

        Address "" means the caller's own mailbox. Every address gets an answer,
        with a FolderAnswer for each folder in the order given, or with a trouble
        for all; a mailbox that was not asked in the end has Kind.NOT_ASKED.
        """
        party = impersonate.lower()

        def ask(wanted: Sequence[FolderWanted], look: Look | None) -> Envelope | Trouble:
            body = request.get_folder(wanted, impersonate=impersonate, rights=rights, permissions=permissions)
            anchor = impersonate or wanted[0].address or self._email
            opened = frozenset[str]() if party else frozenset(folder.address.lower() for folder in wanted)
            return self._ask(Call("GetFolder", body, anchor=anchor, party=party, mailboxes=opened), look)

        def note(trouble: Trouble) -> None:
            self._talk.note(trouble, party)

        return Batch(folders, ask, note, impersonate).run(addresses)

    def sync_calendar(self, address: str, *, impersonate: str) -> SyncAnswer:
        """Ask SyncFolderItems on the calendar of ``address``: ids only, at most one change, no state."""
        body = request.sync_folder_items(FolderWanted(CALENDAR, address), impersonate=impersonate)
        call = Call("SyncFolderItems", body, anchor=impersonate or address, party=impersonate.lower())
        told = self._ask(call, lambda envelope: _again(answers.sync(envelope, address, impersonate).trouble))
        if isinstance(told, Trouble):
            return SyncAnswer(address, impersonate, trouble=told)
        return answers.sync(told, address, impersonate)

    def resolve_names(self, address: str) -> ResolvedName:
        """Ask ResolveNames for the entries of the address list that have exactly this address, primary or not."""
        call = Call("ResolveNames", request.resolve_names(f"smtp:{address}"), anchor=self._email)
        told = self._ask(call, lambda envelope: _again(answers.resolved(envelope, address).trouble))
        return ResolvedName(address, trouble=told) if isinstance(told, Trouble) else answers.resolved(told, address)

    def availability(self, address: str, begin: datetime, end: datetime) -> Availability:
        """Ask GetUserAvailability for one mailbox between two aware times: taken or free, and its working hours."""
        call = Call("GetUserAvailability", availability.request(address, begin, end), anchor=self._email or address)
        told = self._ask(call, availability.trouble_in)
        return Availability(address, trouble=told) if isinstance(told, Trouble) else availability.read(told, address)

    def mail_tips(self, address: str, *, sender: str) -> MailTips:
        """Ask GetMailTips what ``sender``, acting as itself, is told of ``address`` as a recipient."""
        body = mail_flow.tips_request(sender, address)
        told = self._ask(Call("GetMailTips", body, anchor=sender, party=sender.lower()), mail_flow.trouble_in)
        return MailTips(address, trouble=told) if isinstance(told, Trouble) else mail_flow.read_tips(told, address)

    def calendar_settings(self, address: str) -> CalendarSettings:
        """Ask GetUserConfiguration for the settings of a calendar, by the account's own rights."""
        call = Call("GetUserConfiguration", mail_flow.settings_request(address), anchor=address)
        told = self._ask(call, mail_flow.trouble_in)
        if isinstance(told, Trouble):
            return CalendarSettings(address, trouble=told)
        return mail_flow.read_settings(told, address)

    def pass_on(
        self, body: bytes, *, anchor: str = "", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer | Trouble:
        """Send a SOAP request that another client wrote, once, on a connection of this session; no retry.

        The answer comes as it came, whatever its status. Trouble where there is
        none: the connection broke, or the run's sign-ins are stopped.
        """
        told = request.told(body)
        if not self._talk.way:
            return Trouble(Kind.WAY_MISSING_HERE, self._none)
        call = Call(
            told.operation,
            body,
            anchor=anchor,
            party=told.impersonated.lower(),
            # what names an item names no mailbox, and opens one all the same
            mailboxes=frozenset() if told.impersonated else frozenset(told.mailboxes or ("",)),
            headers=headers or {},
            once=True,
        )
        return self._talk.pass_on(call)

    def _ask(self, call: Call, look: Look | None) -> Envelope | Trouble:
        if not self._talk.way:
            return Trouble(Kind.WAY_MISSING_HERE, self._none)
        return self._talk.ask(call, look)


def _again(trouble: Trouble | None) -> Trouble | None:
    return trouble if trouble is not None and trouble.kind in ASKED_AGAIN else None


def _other_first(refused: str, inside: str, left: Sequence[str]) -> list[str]:
    """Choose the one other way: after NTLM (also inside Negotiate) Basic, since NTLM itself may be what is blocked."""
    ntlm = refused == NTLM or (refused == NEGOTIATE and inside != "kerberos")
    return [BASIC] if ntlm and BASIC in left else list(left[:1])
