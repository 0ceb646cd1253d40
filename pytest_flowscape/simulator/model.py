"""The simulated organisation: one set of objects behind both views, EWS and LDAP.

Plain mutable dataclasses and lookups; no protocol here. Faults (``faults.py``)
change this model; the two servers only read it and count. Everything is
touched by one reactor thread.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone

from pytest_flowscape.simulator.domains import Domain, domain_of
from pytest_flowscape.simulator.model_items import ItemStore
from pytest_flowscape.simulator.model_meetings import CalendarProcessing, MailFlow, Posted
from pytest_flowscape.simulator.policy import Policy

NEVER = 0x7FFFFFFFFFFFFFFF
DOMAIN_SID = "S-1-5-21-1004336348-1177238915-682003330"
FOLDERS = ("msgfolderroot", "inbox", "calendar", "sentitems", "deleteditems")
RIGHTS = ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems")
ALL_RIGHTS = frozenset(RIGHTS)


@dataclass
class Account:
    """A user object of the directory (people, rooms and the service account alike).

    ``expires``, ``pwd_last_set``, ``lockout_time`` and ``password_expires`` are
    FILETIME; ``password`` None means that nobody signs in with it. ``extra``
    overrides or adds LDAP attributes, ``hidden`` names attributes (lower case)
    that a reader other than itself does not see.
    """

    sam: str
    upn: str
    dn: str
    sid: str
    mail: str = ""
    given_name: str = ""
    sn: str = ""
    display_name: str = ""
    password: str | None = None
    proxy_addresses: list[str] = field(default_factory=list)
    enabled: bool = True
    password_never_expires: bool = False
    must_change_password: bool = False
    password_expired: bool = False
    smart_card_required: bool = False
    locked: bool = False
    expires: int = NEVER
    pwd_last_set: int = 133500000000000000
    password_expires: int = NEVER  # counts where the password can expire at all
    lockout_time: int = 0
    bad_pwd_count: int = 0
    logon_denied: str = ""  # "530", "531", "569" (or another sub-code): refused at this domain controller only
    member_of: list[str] = field(default_factory=list)  # group distinguished names
    recipient_type_details: int | None = 1
    recipient_display_type: int | None = 1073741824
    resource_metadata: tuple[str, ...] = ()
    object_guid: uuid.UUID = field(default_factory=uuid.uuid4)
    mailbox_guid: uuid.UUID | None = field(default_factory=uuid.uuid4)
    when_changed: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 8, 0, tzinfo=timezone.utc))
    extra: dict[str, list[bytes]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    in_global_catalog: bool = True  # False: replicated to the domain's controllers only, so far
    master_sid: str = ""  # the account of another forest that uses this object's mailbox: it is a linked one
    # EWS side of the same account
    ews_blocked: bool = False  # HTTP 403 after sign-in
    ews_refuses: frozenset[str] = frozenset()  # ways ("NTLM", "Basic", ...) refused although the password is right


@dataclass
class Group:
    """A security group; members are distinguished names of accounts and groups."""

    name: str
    dn: str
    sid: str
    members: list[str] = field(default_factory=list)


@dataclass
class AccessEntry:
    """One entry of a mailbox's permissions: FullAccess allowed or denied to a SID.

    ``subfolders`` False is a grant made without -InheritanceType All: it opens
    the top folder only. ``in_descriptor`` False keeps it out of the directory's
    copy (a grant at database level); ``in_store`` False shows it in that copy
    alone (a fresh grant that the store's cache does not know yet).
    """

    sid: str
    allow: bool = True
    subfolders: bool = True
    in_descriptor: bool = True
    in_store: bool = True


@dataclass
class FolderEntry:
    """One entry of a folder's PermissionSet: ``who`` is a SID, Default or Anonymous; level as EWS names it."""

    who: str
    level: str


@dataclass
class Mailbox:
    """A mailbox: its primary address, owner, rights and quirks.

    ``trouble`` is an EWS ResponseCode that every request to this mailbox gets
    (ErrorMailboxMoveInProgress, ErrorAccessDenied, ...), for ``trouble_count``
    requests or for ever when that is None. ``answers_as`` makes the server
    answer from another mailbox (address), the known wrong behaviour.
    """

    primary: str
    owner_sid: str
    aliases: list[str] = field(default_factory=list)
    access: list[AccessEntry] = field(default_factory=list)
    folders: dict[str, list[FolderEntry]] = field(default_factory=dict)
    trouble: str = ""
    trouble_count: int | None = None
    sync_trouble: str = ""
    answers_as: str = ""
    hidden_from_address_list: bool = False
    items: int = 3  # appointments that its calendar holds at first
    time_zone: str = "W. Europe Standard Time"
    automate_processing: int | None = None  # AutomateProcessing in its calendar's settings; None: it has no settings
    never_opened: bool = False  # it has no folders before somebody opens it as its owner
    exclusive: bool = False  # in an exclusive scope that others have: nobody else's role reaches it
    stops_batch: bool = False  # refused delegates get ErrorAccessDenied (which stops a batch), not ErrorItemNotFound
    processing: CalendarProcessing = field(default_factory=CalendarProcessing)
    flow: MailFlow = field(default_factory=MailFlow)
    refuses: dict[str, str] = field(default_factory=dict)  # ResponseCode by operation, for all but the owner
    refuses_all: dict[str, str] = field(default_factory=dict)  # likewise, and for the owner too
    store: ItemStore = field(default_factory=ItemStore, repr=False)

    def contents(self) -> ItemStore:
        """Return the items, the appointments that the calendar holds at first among them."""
        self.store.fill(self.items)
        return self.store


@dataclass
class RoomList:
    """A distribution group that lists rooms; members are SIDs of their accounts."""

    name: str
    address: str
    members: list[str] = field(default_factory=list)


@dataclass
class RoleAssignment:
    """ApplicationImpersonation for an account or group; ``scope`` None is organisation-wide."""

    assignee_sid: str
    scope: set[str] | None = None


@dataclass
class Organisation:
    """The whole simulated site.

    ``service_account`` is a SID; ``counters`` is what the servers
    received: keys such as ``ews.GetFolder``, ``ews.requests``, ``ews.refused``,
    ``ews.connections``, ``ldap.bind``, ``ldap.refused``, ``ldap.search``.
    """

    base_dn: str = "DC=demo,DC=test"
    netbios: str = "DEMO"
    upn_suffix: str = "demo.test"
    more_domains: list[Domain] = field(default_factory=list)  # child domains, and those of trusted forests
    accounts: dict[str, Account] = field(default_factory=dict)  # by SID
    groups: dict[str, Group] = field(default_factory=dict)  # by SID
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)  # by primary address
    roles: list[RoleAssignment] = field(default_factory=list)
    room_lists: list[RoomList] = field(default_factory=list)
    policy: Policy = field(default_factory=Policy)
    service_account: str = ""
    out_of_scope: str = ""
    letters: list[Posted] = field(default_factory=list)  # mail under way
    revision: int = 0  # raised by every change from outside (a fault, a reset)
    counters: Counter[str] = field(default_factory=Counter)
    log: list[dict[str, object]] = field(default_factory=list)

    @property
    def domains(self) -> list[Domain]:
        """Return all domains, the first of the forest first."""
        return [Domain(self.base_dn, self.netbios, self.upn_suffix, DOMAIN_SID), *self.more_domains]

    def domain_of(self, dn: str) -> Domain:
        """Return the domain in which an object lies."""
        first, *others = self.domains
        return (domain_of(dn, others) if others else None) or first

    def owner(self, address: str) -> Account:
        """Return the account that owns the mailbox with this primary address. Raises KeyError."""
        return self.accounts[self.mailboxes[address].owner_sid]

    def change_scope(self, address: str, instead: str | None = None) -> None:
        """Take an address out of every scope of the impersonation role; put ``instead`` in its place if it is one."""
        for role in self.roles:
            if role.scope is not None and address in role.scope:
                role.scope.discard(address)
                if instead is not None:
                    role.scope.add(instead)

    def rename(self, address: str, new: str, *, alias: bool = True) -> None:
        """Set a mailbox's primary address, in EWS, directory and scopes; with ``alias`` the old one stays as one."""
        owner, mailbox = self.owner(address), self.mailboxes[address]
        mailbox.primary = owner.mail = new
        self.mailboxes = {box.primary: box for box in self.mailboxes.values()}
        proxies = [value for value in owner.proxy_addresses if not value.startswith("SMTP:")]
        if alias:
            mailbox.aliases.append(address)
            proxies.insert(0, f"smtp:{address}")
        owner.proxy_addresses = [f"SMTP:{new}", *proxies]
        self.change_scope(address, new)

    def is_accepted(self, address: str) -> bool:
        """Whether an address is in a domain of the organisation."""
        return address.lower().rpartition("@")[2] in {domain.dns for domain in self.domains}

    def logon_name(self, account: Account) -> str:
        r"""Return ``DOMAIN\sam`` with the account's own domain."""
        return f"{self.domain_of(account.dn).netbios}\\{account.sam}"

    def uses(self, account: Account, mailbox: Mailbox) -> bool:
        """Whether a mailbox is the account's own, or the linked one whose master it is."""
        owner = self.accounts.get(mailbox.owner_sid)
        return account.sid == mailbox.owner_sid or (owner is not None and owner.master_sid == account.sid)

    def token(self, account: Account) -> set[str]:
        """Return the SIDs of the account's token: its own and all groups', nested ones included."""
        found = {account.sid}
        names = {account.dn}
        grown = True
        while grown:
            grown = False
            for group in self.groups.values():
                if group.sid not in found and names.intersection(group.members):
                    found.add(group.sid)
                    names.add(group.dn)
                    grown = True
        return found

    def holder(self, address: str) -> tuple[Mailbox | None, bool]:
        """Return the mailbox that has this address, None if there is none, and whether it is its primary one."""
        address = address.strip().lower()
        if address in self.mailboxes:
            return self.mailboxes[address], True
        for mailbox in self.mailboxes.values():
            if address in mailbox.aliases:
                return mailbox, False
        return None, False

    def has_full_access(self, account: Account, mailbox: Mailbox, *, subfolder: bool) -> bool:
        """Whether the account has FullAccess: the first entry that matches decides (MS-DTYP 2.5.3.2)."""
        if self.uses(account, mailbox):
            return True
        token = self.token(account)
        for entry in mailbox.access:
            if entry.in_store and entry.sid in token and (entry.subfolders or not subfolder):
                return entry.allow
        return False

    def may_impersonate(self, account: Account, address: str) -> bool:
        """Whether a role assignment lets the account act as the mailbox with this primary address."""
        mailbox = self.mailboxes.get(address.lower())
        if mailbox is not None and mailbox.exclusive:
            return False
        token = self.token(account)
        return any(
            role.assignee_sid in token and (role.scope is None or address.lower() in role.scope) for role in self.roles
        )
