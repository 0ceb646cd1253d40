"""Active Directory as observed, its attributes raw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum

from pytest_flowscape.facts.host import Certificate
from pytest_flowscape.facts.trouble import Closed, Trouble

# userAccountControl (MS-ADTS 2.2.16)
DISABLED, NEVER_EXPIRES, SMART_CARD = 0x2, 0x10000, 0x40000
# what a domain controller computes beside it (msDS-User-Account-Control-Computed, MS-ADTS 3.1.1.4.5.17)
LOCKED_OUT, PASSWORD_EXPIRED = 0x10, 0x800000
FILETIME_NEVER = 0x7FFFFFFFFFFFFFFF
FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class DirectoryEntry:
    """One object of Active Directory, its attributes raw.

    Keys are attribute names in lower case. ``unreadable`` (lower case) names
    those that were asked for and that this account cannot read; every accessor
    raises TypeError for them, because unreadable looks like absent and must
    never be compared. ``from_catalog`` tells that a global catalog
    gave it, which has only some attributes of every object.
    """

    dn: str
    server: str = ""
    attributes: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()
    from_catalog: bool = False

    def values(self, name: str) -> tuple[bytes, ...]:
        """Return the raw values, empty if the attribute is absent. Raises TypeError if unreadable."""
        key = name.lower()
        if key in self.unreadable:
            raise TypeError(f"{name} of {self.dn} is not readable and cannot be compared")
        return self.attributes.get(key, ())

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all values as text (UTF-8). Raises TypeError if unreadable."""
        return tuple(value.decode("utf-8", "replace") for value in self.values(name))

    def text(self, name: str) -> str:
        """Return the first value as text, empty if absent. Raises TypeError if unreadable."""
        return next(iter(self.texts(name)), "")

    def number(self, name: str) -> int | None:
        """Return the first value as an integer, None if absent or no number. TypeError if unreadable."""
        try:
            return int(self.text(name))
        except ValueError:
            return None

    def moment(self, name: str) -> datetime | None:
        """Return a FILETIME attribute as UTC time; None for absent, 0 and never. TypeError if unreadable."""
        ticks = self.number(name)
        if ticks is None or ticks <= 0 or ticks >= FILETIME_NEVER:
            return None
        try:
            return FILETIME_EPOCH + timedelta(microseconds=ticks // 10)
        except OverflowError:
            return None

    @property
    def primary_addresses(self) -> tuple[str, ...]:
        """Return the addresses behind ``SMTP:`` in proxyAddresses, lower case. TypeError if unreadable."""
        return tuple(v[5:].strip().lower() for v in self.texts("proxyAddresses") if v.startswith("SMTP:"))

    @property
    def smtp_addresses(self) -> tuple[str, ...]:
        """Return all SMTP proxy addresses, primary and not, lower case. TypeError if unreadable."""
        return tuple(v[5:].strip().lower() for v in self.texts("proxyAddresses") if v[:5].lower() == "smtp:")


@dataclass(frozen=True)
class Bind:
    """The run's one LDAP bind: server asked, name used, and the refusal or other trouble if there was one.

    ``as_service_account`` is False where the site file names a separate user.
    """

    server: str
    username: str
    as_service_account: bool = True
    trouble: Trouble | None = None
    tried: bool = True
    certificate: Certificate | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Holders:
    """Who holds an address in the directory: every object whose proxyAddresses (or mail) has it.

    ``by_proxy`` were found by proxyAddresses, ``by_mail`` only by mail.
    ``forest_wide`` is True when a global catalog answered. ``waiting`` tells
    that one server shows the object and the global catalog does not yet,
    ``catalog_missing`` that the site file names a global catalog and none could be asked.
    ``trouble`` means: not known.
    """

    address: str
    by_proxy: tuple[DirectoryEntry, ...] = ()
    by_mail: tuple[DirectoryEntry, ...] = ()
    forest_wide: bool = False
    exchange_hidden: bool = False
    waiting: bool = False
    catalog_missing: bool = False
    trouble: Trouble | None = None


class Grant(str, Enum):
    """What a room's msExchMailboxSecurityDescriptor says of FullAccess: it explains, never judges."""

    GRANTED = "granted"
    DENIED = "denied"
    ABSENT = "absent"
    UNREADABLE = "not readable"


@dataclass(frozen=True)
class MailboxRights:
    """The descriptor's answer for the service account's token; ``who`` is the SID of the deciding entry."""

    grant: Grant
    who: str = ""
    changed: datetime | None = None


@dataclass(frozen=True)
class DirectoryView:
    """Everything that the directory showed, read once by the controller.

    ``account`` is the service account's object, found by its own identity;
    ``account_holders`` who holds the configured email; ``token_sids`` the SIDs
    of its token (own, groups). ``rooms`` and ``users`` are keyed by address,
    ``rights`` by room address. ``master_forest`` names, where the account's
    mailbox is a linked one, the forest of the account that uses it.
    """

    bind: Bind
    account: DirectoryEntry | None = None
    account_holders: Holders | None = None
    token_sids: tuple[str, ...] = ()
    lockout_threshold: int | None = None
    rooms: Mapping[str, Holders] = field(default_factory=dict)
    users: Mapping[str, Holders] = field(default_factory=dict)
    rights: Mapping[str, MailboxRights] = field(default_factory=dict)
    trouble: Trouble | None = None
    searches: int = 0
    master_forest: str = ""


@dataclass(frozen=True)
class AccountState:
    """Whether the account can be used: what refused its sign-in, and what its object shows.

    ``cause`` is a key of ``causes.CAUSES`` or empty, ``detail`` what was reported.
    ``entry`` is None where the directory could not be read; at least one of
    the two is known. ``master_forest`` as in DirectoryView.
    """

    cause: str = ""
    detail: str = ""
    entry: DirectoryEntry | None = None
    master_forest: str = ""

    @property
    def closed(self) -> tuple[Closed, ...]:
        """What refused the sign-in, empty where nothing did."""
        return (Closed(self.cause, self.detail),) if self.cause else ()


@dataclass(frozen=True)
class AccountNames:
    """First and last name of the service account, and their source (``directory`` or ``ResolveNames``)."""

    given_name: str
    surname: str
    source: str


@dataclass(frozen=True)
class RoomAddresses:
    """Which primary SMTP address the holder of a room's configured address has, and the source.

    ``primaries`` holds every primary address of the object (healthy: one);
    ``holders`` the distinguished names (or display names) of every object that
    has the configured address. ``source`` is ``global catalog``, the domain's
    name, or ``ResolveNames``.
    """

    configured: str
    primaries: tuple[str, ...]
    holders: tuple[str, ...]
    source: str
    forest_wide: bool = False
    catalog_missing: bool = False


LINKED_MAILBOX = 2


SELF_SID = bytes.fromhex("01010000000000050a000000")  # S-1-5-10, set on every room and shared mailbox


def hint(entry: DirectoryEntry | None, name: str) -> tuple[bytes, ...]:
    """Return an attribute for a note or an explanation, empty where it is absent or not readable; never to judge by."""
    if entry is None or name.lower() in entry.unreadable:
        return ()
    return entry.values(name)


def hint_number(entry: DirectoryEntry | None, name: str) -> int | None:
    """Return an attribute as an integer under the same rule as ``hint``."""
    try:
        return int(next(iter(hint(entry, name)), b""))
    except ValueError:
        return None


def is_linked(entry: DirectoryEntry) -> bool:
    """Whether the mailbox belongs to an account of another forest: its own object is disabled by design.

    Source: Microsoft's "Manage linked mailboxes"; S-1-5-10 (Self) as master
    account is not a link.
    """
    return bool(master_sid(entry)) or hint_number(entry, "msExchRecipientTypeDetails") == LINKED_MAILBOX


def master_sid(entry: DirectoryEntry) -> bytes:
    """Return the SID of the account that uses a linked mailbox, empty where there is none or it cannot be read."""
    return next((sid for sid in hint(entry, "msExchMasterAccountSid") if sid != SELF_SID), b"")


def may_be_linked(entry: DirectoryEntry) -> bool:
    """Whether it is a linked mailbox, or the attributes that would tell cannot be read."""
    return is_linked(entry) or {"msexchmasteraccountsid", "msexchrecipienttypedetails"} <= entry.unreadable
