"""Facts by name and target: what to ask, when, within which budget.

One ``Gather`` lives in each process that runs tests. Site facts came from the
controller; rooms are asked here, ahead of the tests (``gather_rooms``), a chunk
at a time: owner first (one impersonated GetFolder a room), then one delegate
request for the whole chunk, so that a mailbox nobody has opened yet is never
blamed on the grant. Methods named like a fixture give that fixture's fact or
raise NotMeasured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pytest_flowscape.booking.bookings import Bookings
from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import (
    AccountNames,
    AccountState,
    DirectoryEntry,
    DirectoryView,
    Endpoint,
    Grant,
    Holders,
    Host,
    Kind,
    MailboxAnswer,
    MailboxRights,
    ResolvedName,
    RoomAddresses,
    RoundTrip,
    SignIn,
    SiteFacts,
    SyncAnswer,
)
from pytest_flowscape.facts.names import DELEGATE, NAMES, OWNER, SYNC, USERS
from pytest_flowscape.gathering.folder_ids import Claims, comparable
from pytest_flowscape.gathering.rooms import RoomFacts, ask, wanted_chunks
from pytest_flowscape.gathering.site import directory_session
from pytest_flowscape.judging.causes import CAUSES, refuse_closed
from pytest_flowscape.judging.entries import refuse_own, require_readable
from pytest_flowscape.judging.resolve_names import told_addresses, told_names
from pytest_flowscape.judging.usable_answers import (
    NO_MAILBOX,
    PERSON_FACTS,
    ROOM_FACTS,
    SYNC_CODES,
    said_nothing,
    usable,
)
from pytest_flowscape.probes.directory.session import DirectorySession
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.site.model import Room, Site
from pytest_flowscape.site.one_run import Run

T = TypeVar("T")


class Gather:
    """Facts of one run in one process.

    Every fact method takes the target (an address, or ``site``) and gives a
    frozen fact or raises NotMeasured; nothing else leaves it for whatever a
    server answers.
    """

    def __init__(self, run: Run, site_facts: SiteFacts) -> None:
        self.run = run
        self.facts = site_facts
        self._gate = Gate(run.folder)
        self._ews: EwsSession | None = None
        self._directory: DirectorySession | None = None
        self._reopened = False
        self._rooms = {room.email: room for room in run.rooms}
        self._chunk_of = {address: number for number, chunk in enumerate(run.chunks) for address in chunk}
        self._anew: dict[str, Holders | None] = {}  # rooms looked up once more, None until they are
        same = comparable(site_facts.own_mailbox, site_facts.self_as_owner)
        self._claims = Claims(run.folder if run.workers > 1 else None, comparable=same)
        self.fetched = RoomFacts(self._ask, self._claims, run.connections)
        self.fetched.known[NAMES].update(site_facts.contacts)
        self.bookings = Bookings(run, site_facts, self._session)
        self.not_requested = self.bookings.not_requested

    # --- the site ---

    def site(self, _target: str) -> Site:
        """Return the configured site."""
        return self.run.site

    def site_facts(self, _target: str) -> SiteFacts:
        """Return everything the controller measured, for requirements that judge what may be missing."""
        return self.facts

    def host(self, _target: str) -> Host:
        """Return what DNS, TCP and TLS said."""
        return self.facts.host

    def endpoint(self, _target: str) -> Endpoint:
        """Return the answer to the POST without credentials."""
        return self._ews_fact(self.facts.endpoint, "EWS was not asked")

    def sign_in(self, _target: str) -> SignIn:
        """Return the one sign-in."""
        return self._ews_fact(self.facts.sign_in, "no sign-in was tried")

    def sign_in_attempt(self, _target: str) -> SignIn:
        """Return the one sign-in, also where it was refused or not tried."""
        return self.facts.sign_in or SignIn(self.run.site.service_account.username)

    def own_mailbox(self, _target: str) -> MailboxAnswer:
        """Return the own inbox, bare (``inbox``) and by address (``inbox@address``), and the other folders."""
        answer = self._ews_fact(self.facts.own_mailbox, "the account's own mailbox was not asked")
        return usable(answer, PERSON_FACTS)

    def own_folder_ids(self, _target: str) -> frozenset[str]:
        """Return the FolderIds of the account's own mailbox, empty where it has none."""
        own = self.facts.own_mailbox
        return frozenset(folder.folder_id for folder in own.folders if folder.folder_id) if own else frozenset()

    def self_as_owner(self, _target: str) -> MailboxAnswer:
        """Return the account's calendar, asked impersonating itself."""
        return usable(self._ews_fact(self.facts.self_as_owner, "the account was not asked as itself"), PERSON_FACTS)

    def out_of_scope(self, _target: str) -> MailboxAnswer | None:
        """Return the answer for the mailbox that must not be impersonable, None where none is configured."""
        if not self.run.site.users.out_of_scope:
            return None
        answer = self._ews_fact(self.facts.out_of_scope, "the out-of-scope mailbox was not asked")
        return usable(answer, PERSON_FACTS)

    # --- the directory ---

    def directory(self, _target: str) -> DirectoryView:
        """Return everything the directory told."""
        refuse_closed(self.facts.directory_closed)
        if self.facts.directory is None:
            raise NotMeasured("the directory was not asked")
        return self.facts.directory

    def account_entry(self, target: str) -> DirectoryEntry:
        """Return the service account's object."""
        entry = self.directory(target).account
        if entry is None:
            raise NotMeasured("the service account's object was not found in the directory by its user name")
        return entry

    def account_state(self, target: str) -> AccountState:
        """Return what refused the sign-in, and the account's object where it could be read."""
        for closed in self.facts.closed:
            if CAUSES[closed.cause].failed in ("ACCOUNT-2", "ACCOUNT-4"):
                entry = self.facts.directory.account if self.facts.directory else None
                return AccountState(cause=closed.cause, detail=closed.detail, entry=entry)
        entry = self.account_entry(target)
        return AccountState(entry=entry, master_forest=self.directory(target).master_forest)

    def account_names(self, target: str) -> AccountNames:
        """Return first and last name, from the directory or else from ResolveNames."""
        told = self._told_by_exchange(self.run.site.service_account.email)
        if told is not None:
            return told_names(told)
        entry = self.account_entry(target)
        require_readable(entry, "givenName", "sn")
        return AccountNames(entry.text("givenName").strip(), entry.text("sn").strip(), "directory")

    def room_entry(self, address: str) -> Holders:
        """Return who holds a room's address in the directory."""
        view = self.directory(address)
        holders = self._holders_of(view, address)
        if holders is None:
            raise NotMeasured("the room was not looked up in the directory")
        if holders.trouble:
            raise NotMeasured(f"the directory did not answer: {holders.trouble.said}")
        if holders.exchange_hidden:
            raise NotMeasured("the directory hides the Exchange attributes: not readable by this account")
        if holders.waiting:
            shown = next((entry.server for entry in holders.by_proxy), view.bind.server)
            raise NotMeasured(
                f"waiting for replication: {shown} shows the room, the global catalog does not yet",
                waiting=True,
            )
        if not holders.by_proxy and not holders.by_mail and self._opens(address):
            where = (
                "the global catalog may not have it yet"
                if holders.forest_wide
                else "it may lie in another domain; name a global catalog (gc://SERVER) under [directory]"
            )
            raise NotMeasured(f"no object was found in the directory, yet Exchange opens the mailbox: {where}")
        if not holders.by_proxy and not holders.by_mail and not holders.forest_wide and not self._denied(address):
            raise NotMeasured(
                "no object was found in the directory, and Exchange could not be asked whether it has the mailbox: it "
                "may lie in another domain; name a global catalog (gc://SERVER) under [directory]"
            )
        return holders

    def _holders_of(self, view: DirectoryView, address: str) -> Holders | None:
        found = self._anew[address] if address in self._anew else view.rooms.get(address)
        if found is None and self._directory is not None:
            found = self._anew[address] = self._directory.holders([address])[address]
        return found

    def room_addresses(self, address: str) -> RoomAddresses:
        """Return the primary SMTP address behind a room's configured address, and who else has it."""
        told = self._told_by_exchange(address)
        if told is not None:
            return told_addresses(told)
        holders = self.room_entry(address)
        found = holders.by_proxy or holders.by_mail
        if not found:
            raise NotMeasured("no object of the directory has this address", cause=NO_MAILBOX)
        owner = next((entry for entry in found if address in entry.primary_addresses), found[0])
        domain = ".".join(part[3:] for part in owner.dn.lower().split(",") if part.startswith("dc="))
        return RoomAddresses(
            configured=address,
            primaries=owner.primary_addresses,
            holders=tuple(entry.dn for entry in found),
            source="global catalog" if holders.forest_wide else domain,
            forest_wide=holders.forest_wide,
            catalog_missing=holders.catalog_missing,
        )

    def room_rights(self, address: str) -> MailboxRights:
        """Return what the directory's copy of the mailbox permissions says; it explains, so it is never missing."""
        view = self.facts.directory
        return (view.rights.get(address) if view else None) or MailboxRights(Grant.UNREADABLE)

    # --- rooms and users through EWS ---

    def room(self, address: str) -> Room:
        """Return the configured room."""
        return self._rooms[address]

    def user(self, address: str) -> str:
        """Return the configured user's address."""
        return address

    def room_as_owner(self, address: str) -> MailboxAnswer:
        """Return the five folders of a room, asked impersonating it, with rights and PermissionSet."""
        return self._claims.of_itself(usable(self._as_owner(address), ROOM_FACTS))

    def room_as_delegate(self, address: str) -> MailboxAnswer:
        """Return the same five folders, asked without impersonation; the owner's view is asked first."""
        self._as_owner(address)
        return self._claims.of_itself(usable(self._get(DELEGATE, address), ROOM_FACTS))

    def room_sync(self, address: str) -> SyncAnswer:
        """Return the answer to SyncFolderItems on the room's calendar."""
        answer: SyncAnswer = self._get(SYNC, address)
        trouble = answer.trouble
        if trouble and trouble.kind not in ROOM_FACTS and trouble.code not in SYNC_CODES:
            raise said_nothing(trouble)
        return answer

    def user_as_owner(self, address: str) -> MailboxAnswer:
        """Return a user's calendar folder, asked impersonating the user: IdOnly, no content."""
        return self._claims.of_itself(usable(self._get(USERS, address), PERSON_FACTS))

    def room_booking(self, address: str) -> RoundTrip:
        """Return the booking round trip of a room, made at the first call."""
        # nothing is written before the mailbox has been seen to be the room's own
        refuse_own(self.room_as_delegate(address), self.own_folder_ids(address))
        return self.bookings.appointment(address)

    def room_meeting(self, address: str) -> RoundTrip:
        """Return the round trip of a meeting with a room, made at the first call."""
        refuse_own(self.room_as_delegate(address), self.own_folder_ids(address))
        return self.bookings.meeting(address, lambda: self.room_entry(address))

    # --- ahead of the tests ---

    def expect(self, coming: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Learn which facts the coming tests will ask for: targets in their order, each with names of facts.

        They are fetched ahead, and nothing else is. A fact that was not
        expected is asked for when a test needs it.
        """
        if self.facts.ews_cause:
            return
        chunks = wanted_chunks(coming, self._chunk_of, directory_closed=bool(self.facts.directory_cause))
        if chunks:
            self._session()
            self.fetched.expect(chunks)

    # --- for the clients of a customer's own tests ---

    def ews_session(self) -> EwsSession:
        """Return this process's session with Exchange. Raises NotMeasured where EWS is closed to the run."""
        return self._session()

    def new_directory_session(self) -> DirectorySession:
        """Make a session with the directory, not yet bound. Raises NotMeasured where it is closed to the run."""
        refuse_closed(self.facts.directory_closed)
        session = directory_session(self.run, self._gate)
        if session is None:
            raise NotMeasured("the site file has no [directory] section")
        return session

    # --- a second look, and the end ---

    def forget(self, names: Iterable[str], address: str) -> None:
        """Drop what is known of one target, so that the named facts are measured anew, alone."""
        wanted = set(names)
        if wanted & {"room_as_owner", "room_as_delegate"}:
            self.fetched.forget(OWNER, address)
            self.fetched.forget(DELEGATE, address)
        if "room_sync" in wanted:
            self.fetched.forget(SYNC, address)
        self.fetched.forget(USERS, address)
        if wanted & {"room_entry", "room_addresses"} and not self.facts.directory_cause:
            self._anew[address] = None
            self._reopen_directory()

    def stop(self) -> None:
        """Fetch nothing ahead any more: the run is being interrupted."""
        self.fetched.stop()

    def asked(self) -> Mapping[str, Mapping[str, Any]]:
        """Stop fetching, and give everything that Exchange said of rooms and users, by kind and address."""
        self.fetched.end()
        return self.fetched.known

    def close(self) -> None:
        """End all connections, and the journal of bookings."""
        self.fetched.end()
        self.bookings.end()
        if self._ews:
            self._ews.close()
        if self._directory:
            self._directory.close()

    # --- ways and means ---

    def _ews_fact(self, fact: T | None, missing: str) -> T:
        if fact is None:
            refuse_closed(self.facts.ews_closed)
            raise NotMeasured(missing)
        return fact

    def _told_by_exchange(self, address: str) -> ResolvedName | None:
        """Return what ResolveNames says in place of a closed directory, asked once an address; None if neither."""
        if not self.facts.directory_cause or self.facts.ews_cause:
            return None
        told: ResolvedName = self._get(NAMES, address)
        return told

    def _session(self) -> EwsSession:
        refuse_closed(self.facts.ews_closed)
        if self._ews is None:
            signed_in = self.facts.sign_in
            self._ews = EwsSession(
                self.run.site.exchange,
                self.run.site.service_account.username,
                self.run.password,
                ways=self.facts.endpoint.ways if self.facts.endpoint else (),
                gate=self._gate,
                run_id=self.run.run_id,
                connections=self.run.connections,
                mailboxes=self.run.chunk_size,
                way=signed_in.way if signed_in else "",
            )
        return self._ews

    def _ask(self, kind: str, addresses: Sequence[str]) -> Mapping[str, Any]:
        return ask(self._session(), kind, addresses)

    def _get(self, kind: str, address: str) -> Any:
        self._session()
        return self.fetched.get(kind, address)

    def _as_owner(self, address: str) -> MailboxAnswer:
        answer: MailboxAnswer = self._get(OWNER, address)
        return answer

    def _opens(self, address: str) -> bool:
        """Whether Exchange opens a folder of the room to somebody who acts as it."""
        if self.facts.ews_cause:
            return False
        return any(folder.trouble is None for folder in self._as_owner(address).folders)

    def _denied(self, address: str) -> bool:
        """Whether Exchange says that nobody has this address as primary one; asked by ``_opens`` before."""
        answer: MailboxAnswer | None = self.fetched.known[OWNER].get(address)
        trouble = answer.first_trouble if answer else None
        return trouble is not None and trouble.kind in (Kind.NO_MAILBOX, Kind.NOT_PRIMARY)

    def _reopen_directory(self) -> None:
        """Bind once more in this process for second looks; its password has been proven by the controller."""
        if self._reopened:
            return
        self._reopened = True  # one bind for second looks, whatever becomes of it
        session = directory_session(self.run, self._gate)
        if session is None:
            return
        if session.bind().trouble is None:
            self._directory = session
        else:
            session.close()
