"""The facts of the directory: the account, who holds each room's address, and ResolveNames where it is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import (
    AccountNames,
    AccountState,
    DirectoryEntry,
    DirectoryView,
    Grant,
    Holders,
    Kind,
    MailboxAnswer,
    MailboxRights,
    ResolvedName,
    RoomAddresses,
)
from pytest_flowscape.facts.names import NAMES, OWNER
from pytest_flowscape.gathering.sessions import Sessions
from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.causes import CAUSES, unmeasured
from pytest_flowscape.judging.entries import require_readable
from pytest_flowscape.judging.resolve_names import account_names, room_addresses
from pytest_flowscape.judging.usable_answers import NO_MAILBOX
from pytest_flowscape.probes.directory.session import DirectorySession

NAME_A_CATALOG = "it may lie in another domain; name a global catalog (gc://SERVER) under [directory]"


class DirectoryFacts:
    """Facts by the methods of their names, from what the controller read and from second looks.

    Each method takes the target and raises NotMeasured where the fact is not
    known. ``answer`` returns what Exchange answers to a kind of request about an address.
    """

    def __init__(self, sessions: Sessions, answer: Callable[[str, str], Any]) -> None:
        self._sessions = sessions
        self._facts = sessions.site_facts
        self._answer = answer
        self._session: DirectorySession | None = None  # for second looks
        self._bound = False
        self._again: dict[str, Holders | None] = {}  # rooms of second looks, None until they are looked up

    def directory(self, _target: str) -> DirectoryView:
        """Return everything that the directory showed."""
        if self._facts.directory_closed:
            raise unmeasured(self._facts.directory_closed)
        if self._facts.directory is None:
            raise NotMeasured("the directory was not asked")
        return self._facts.directory

    def account_entry(self, target: str) -> DirectoryEntry:
        """Return the service account's object."""
        entry = self.directory(target).account
        if entry is None:
            raise NotMeasured("the service account's object was not found in the directory by its user name")
        return entry

    def account_state(self, target: str) -> AccountState:
        """Return what refused the sign-in, and the account's object where it could be read."""
        judged = load_requirements()
        for closed in self._facts.closed:
            failed = CAUSES[closed.cause].failed
            if failed and "account_state" in judged[failed].fact_names:
                return AccountState(cause=closed.cause, detail=closed.detail, entry=self._facts.account)
        return AccountState(entry=self.account_entry(target), master_forest=self.directory(target).master_forest)

    def account_names(self, target: str) -> AccountNames:
        """Return first and last name, from the directory or else from ResolveNames."""
        resolved = self._resolved(self._sessions.run.site.service_account.email)
        if resolved is not None:
            return account_names(resolved)
        entry = self.account_entry(target)
        require_readable(entry, "givenName", "sn")
        return AccountNames(entry.text("givenName").strip(), entry.text("sn").strip(), "directory")

    def room_entry(self, address: str) -> Holders:
        """Return who holds a room's address in the directory."""
        view = self.directory(address)
        holders = self._holders(view, address)
        if holders is None:
            raise NotMeasured("the room was not looked up in the directory")
        if holders.trouble:
            raise NotMeasured(f"the directory did not answer: {holders.trouble.said}")
        if holders.exchange_hidden:
            raise NotMeasured("the directory hides the Exchange attributes: not readable by this account")
        if holders.waiting:
            shown = next((entry.server for entry in holders.by_proxy), view.bind.server)
            said = f"waiting for replication: {shown} shows the room, the global catalog does not yet"
            raise NotMeasured(said, waiting=True)
        if not holders.by_proxy and not holders.by_mail:
            self._require_absence(address, forest_wide=holders.forest_wide)
        return holders

    def room_addresses(self, address: str) -> RoomAddresses:
        """Return the primary SMTP address behind a room's configured address, and who else has it."""
        resolved = self._resolved(address)
        if resolved is not None:
            return room_addresses(resolved)
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
        view = self._facts.directory
        return (view.rights.get(address) if view else None) or MailboxRights(Grant.UNREADABLE)

    def forget(self, address: str) -> None:
        """Have a room looked up again, by one more bind of this process: the controller has proven the password."""
        if self._facts.directory_closed:
            return
        self._again[address] = None
        if self._bound:
            return
        self._bound = True  # once, whatever becomes of it
        session = self._sessions.directory()
        if session.bind().trouble is None:
            self._session = session
        else:
            session.close()

    def close(self) -> None:
        """End the session of second looks."""
        if self._session:
            self._session.close()

    def _holders(self, view: DirectoryView, address: str) -> Holders | None:
        found = self._again[address] if address in self._again else view.rooms.get(address)
        if found is None and self._session is not None:
            found = self._again[address] = self._session.holders([address])[address]
        return found

    def _require_absence(self, address: str, *, forest_wide: bool) -> None:
        """Refuse to call a room missing that Exchange opens, or of which Exchange says nothing. Raises NotMeasured."""
        answer: MailboxAnswer | None = None if self._facts.ews_closed else self._answer(OWNER, address)
        if answer and any(folder.trouble is None for folder in answer.folders):
            where = "the global catalog may not have it yet" if forest_wide else NAME_A_CATALOG
            raise NotMeasured(f"no object was found in the directory, yet Exchange opens the mailbox: {where}")
        trouble = answer.first_trouble if answer else None
        denied = trouble is not None and trouble.kind in (Kind.NO_MAILBOX, Kind.NOT_PRIMARY)
        if not forest_wide and not denied:
            raise NotMeasured(
                "no object was found in the directory, and Exchange could not be asked whether it has the mailbox: "
                + NAME_A_CATALOG
            )

    def _resolved(self, address: str) -> ResolvedName | None:
        """Return ResolveNames' answer in place of a closed directory; None where that is open or EWS is closed too."""
        if not self._facts.directory_closed or self._facts.ews_closed:
            return None
        resolved: ResolvedName = self._answer(NAMES, address)
        return resolved
