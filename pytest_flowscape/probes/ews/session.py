"""What a run asks of EWS: one sign-in, then GetFolder, SyncFolderItems and ResolveNames; every answer is a fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import (
    Availability,
    CalendarSettings,
    MailboxAnswer,
    MailTips,
    ResolvedName,
    SignIn,
    SyncAnswer,
    Trouble,
)
from pytest_flowscape.facts.policy import MAILBOXES_IN_FLIGHT
from pytest_flowscape.probes.ews import availability, get_folder, mail_flow, request, resolve_names, sync_folder_items
from pytest_flowscape.probes.ews.answers import Envelope
from pytest_flowscape.probes.ews.authentication import Authenticator, Call
from pytest_flowscape.probes.ews.batch import Batch, Folders, Read, TroubleIn
from pytest_flowscape.probes.ews.conversation import Conversation
from pytest_flowscape.probes.ews.first_sign_in import sign_in
from pytest_flowscape.probes.ews.http_wire import HttpAnswer
from pytest_flowscape.probes.ews.one_mailbox import trouble_in
from pytest_flowscape.probes.ews.request import DistinguishedFolder
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.site.model import Exchange

CALENDAR = "calendar"


class EwsSession:
    """Talk to one Exchange server as one account, over at most ``connections`` connections.

    Delegate requests in flight name at most ``mailboxes`` mailboxes together.

    ``ways`` are the schemes that the server offers. ``way`` is a
    proven one: then no other is used, and a refusal counts as lost, not as
    wrong. Every new connection signs in while it holds ``gate``. Safe to use
    from several threads; each operation raises nothing for what a server or the
    network does, and returns a Trouble instead. ``run_id`` is a GUID.
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
        self._email = ""
        self._account = Authenticator(exchange, username, password, gate=gate, ways=ways, way=way)
        self._talk = Conversation(self._account, run_id=run_id, connections=connections, mailboxes=mailboxes)

    # --- what it has counted ------------------------------------------------------------------------

    @property
    def counts(self) -> dict[str, int]:
        """Return the HTTP requests by operation, and ``handshakes`` and ``throttled`` answers."""
        return dict(self._account.counts)

    @property
    def front_ends(self) -> set[str]:
        """Return the X-FEServer values seen."""
        return set(self._talk.front_ends)

    @property
    def server_version(self) -> str:
        """Return ServerVersionInfo as ``15.2.1748.10``, empty if not known yet."""
        return self._talk.server_version

    @property
    def way(self) -> str:
        """Return the way to sign in that is used."""
        return self._account.way

    def close(self) -> None:
        """Close the connections."""
        self._talk.pool.close()

    def sign_in(self, email: str, *, proven: bool) -> tuple[SignIn, MailboxAnswer]:
        """Sign in once, as ``first_sign_in.sign_in`` says."""
        self._email = email
        return sign_in(self._account, self._talk, email, proven=proven)

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

        def ask(wanted: Sequence[DistinguishedFolder], read: Read, trouble_in: TroubleIn) -> Folders | Trouble:
            body = get_folder.request(wanted, impersonate=impersonate, rights=rights, permissions=permissions)
            anchor = impersonate or wanted[0].address or self._email
            opened = frozenset[str]() if party else frozenset(folder.address.lower() for folder in wanted)
            call = Call(get_folder.OPERATION, body, anchor=anchor, party=party, mailboxes=opened)
            return self._talk.ask(call, read, trouble_in)

        return Batch(folders, ask, lambda trouble: self._talk.note(trouble, party), impersonate).run(addresses)

    def sync_calendar(self, address: str, *, impersonate: str) -> SyncAnswer:
        """Ask SyncFolderItems on the calendar of ``address``: ids only, at most one change, no state."""
        body = sync_folder_items.request(DistinguishedFolder(CALENDAR, address), impersonate=impersonate)
        call = Call(sync_folder_items.OPERATION, body, anchor=impersonate or address, party=impersonate.lower())
        read = partial(sync_folder_items.read, address=address, impersonated=impersonate)
        found = self._talk.ask(call, read, lambda answer: answer.trouble)
        return SyncAnswer(address, impersonate, trouble=found) if isinstance(found, Trouble) else found

    def resolve_names(self, address: str) -> ResolvedName:
        """Ask ResolveNames for the entries of the address list that have exactly this address, primary or not."""
        call = Call(resolve_names.OPERATION, resolve_names.request(f"smtp:{address}"), anchor=self._email)
        found = self._talk.ask(call, partial(resolve_names.read, asked=address), lambda answer: answer.trouble)
        return ResolvedName(address, trouble=found) if isinstance(found, Trouble) else found

    def availability(self, address: str, begin: datetime, end: datetime) -> Availability:
        """Ask GetUserAvailability for one mailbox between two aware times: taken or free, and its working hours."""
        call = Call("GetUserAvailability", availability.request(address, begin, end), anchor=self._email or address)
        return availability.read(self._ask(call), address)

    def mail_tips(self, address: str, *, sender: str) -> MailTips:
        """Ask GetMailTips what ``sender``, acting as itself, learns of ``address`` as a recipient."""
        body = mail_flow.tips_request(sender, address)
        call = Call("GetMailTips", body, anchor=sender, party=sender.lower())
        return mail_flow.read_tips(self._ask(call), address)

    def calendar_settings(self, address: str) -> CalendarSettings:
        """Ask GetUserConfiguration for the settings of a calendar, by the account's own rights."""
        call = Call("GetUserConfiguration", mail_flow.settings_request(address), anchor=address)
        return mail_flow.read_settings(self._ask(call), address)

    def pass_on(
        self, body: bytes, *, anchor: str = "", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer | Trouble:
        """Send a SOAP request that another client wrote, once, on a connection of this session; no retry.

        The answer comes as it came, whatever its status. Trouble where there is
        none: the connection broke, or the run's sign-ins are stopped.
        """
        summary = request.summary_of(body)
        call = Call(
            summary.operation,
            body,
            anchor=anchor,
            party=summary.impersonated.lower(),
            # what names an item names no mailbox, and opens one all the same
            mailboxes=frozenset() if summary.impersonated else frozenset(summary.mailboxes or ("",)),
            headers=headers or {},
            once=True,
        )
        return self._talk.pass_on(call)

    def _ask(self, call: Call) -> Envelope | Trouble:
        """Ask about one mailbox."""
        envelope = self._talk.ask(call, lambda answer: answer, trouble_in)
        return envelope  # noqa: RET504  returned at once, mypy would infer another type
