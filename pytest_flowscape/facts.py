"""Frozen observed state: what the probes were told, exactly; no I/O and no judgement.

Every fact can be pickled (it travels to xdist workers) and none holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum

FILETIME_NEVER = 0x7FFFFFFFFFFFFFFF
FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)


class Kind(str, Enum):
    """What sort of trouble an answer is; judged on status first, then on code (FACTS 2)."""

    UNRESOLVABLE = "name does not resolve"
    REFUSED = "connection refused"
    SILENT = "no answer in time"
    RESET = "connection broken"
    TLS_NAME = "certificate names another host"
    TLS_EXPIRED = "certificate out of date"
    TLS_UNKNOWN_ISSUER = "certificate issuer not trusted"
    TLS_OTHER = "TLS not possible"
    HTTP = "unexpected HTTP status"
    NOT_FOUND = "nothing at that address"
    LOGIN_PAGE = "a sign-in page answered"
    NO_PASSWORD_WAY = "no password sign-in offered"
    WAY_MISSING_HERE = "this machine lacks the offered way to sign in"
    SIGN_IN_REFUSED = "sign-in refused"
    LOST_SIGN_IN = "sign-in refused after it had succeeded"
    FORBIDDEN = "access blocked"
    UNAVAILABLE = "service unavailable"
    NO_ACCESS = "no access"
    IMPERSONATION_REFUSED = "impersonation refused"
    NO_MAILBOX = "no such mailbox"
    NOT_PRIMARY = "not the primary SMTP address"
    THROTTLED = "throttled"
    TRANSIENT = "temporarily not possible"
    NOT_ASKED = "not asked"
    MALFORMED = "answer not understood"
    STOPPED = "stopped after a refused sign-in"
    BIND_REFUSED = "directory sign-in refused"
    SEARCH = "directory search failed"
    OTHER = "unexpected answer"


@dataclass(frozen=True)
class Trouble:
    """Something other than the hoped-for answer, with everything that was told.

    ``said`` is one line for people. ``seconds`` is how long it took.
    ``values`` are the EWS MessageXml values (for instance ``Primary``).
    ``back_off`` is in seconds (BackOffMilliseconds or Retry-After).
    ``sub_code`` is the hexadecimal ``data`` word of an LDAP bind answer.
    """

    kind: Kind
    said: str
    status: int | None = None
    challenges: tuple[str, ...] = ()
    location: str = ""
    content_type: str = ""
    fault_code: str = ""
    code: str = ""
    message: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    back_off: float | None = None
    ldap_result: int | None = None
    sub_code: str = ""
    seconds: float = 0.0


# --- the host -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Certificate:
    """A certificate as presented; ``sha256`` is its fingerprint in lower-case hexadecimal."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    sha256: str
    self_issued: bool = False


@dataclass(frozen=True)
class AddressTried:
    """One A or AAAA address of the host: reached (no trouble, TLS version told) or not."""

    address: str
    family: str
    trouble: Trouble | None = None
    tls_version: str = ""


@dataclass(frozen=True)
class Host:
    """What DNS, TCP and TLS said of the configured hostname.

    ``trouble``: the name does not resolve, or no address could be reached (the
    first address's trouble stands for all). ``certificate_trouble``: TLS works
    but the certificate is not accepted by the trust rule. ``chain`` is what the
    server sent, leaf first, where the platform lets us see it.
    ``trusted_by`` is ``operating system``, ``ca_file`` or empty.
    """

    hostname: str
    port: int
    addresses: tuple[AddressTried, ...] = ()
    trouble: Trouble | None = None
    certificate: Certificate | None = None
    chain: tuple[Certificate, ...] = ()
    certificate_trouble: Trouble | None = None
    trusted_by: str = ""
    source_address: str = ""


@dataclass(frozen=True)
class Endpoint:
    """The answer to one POST to /EWS/Exchange.asmx without credentials.

    ``ways`` are the offered authentication schemes as told, for instance
    ``("Negotiate", "NTLM", "Basic")``. ``trouble`` is None when a 401 offers a
    way to sign in with a password.
    """

    url: str
    status: int | None = None
    ways: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    trouble: Trouble | None = None


@dataclass(frozen=True)
class SignIn:
    """The run's one sign-in to EWS.

    ``tried`` is False where an earlier finding stopped it. ``way`` is the
    scheme that was used. ``server_version`` is ServerVersionInfo as
    ``15.2.1748.10``, empty if not told. ``front_ends`` are X-FEServer values.
    """

    username: str
    tried: bool = False
    way: str = ""
    trouble: Trouble | None = None
    server_version: str = ""
    front_ends: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Tell whether the service account was signed in."""
        return self.tried and self.trouble is None


# --- EWS mailboxes ------------------------------------------------------------------------------


@dataclass(frozen=True)
class PermissionEntry:
    """One entry of a folder's PermissionSet; ``who`` is a SID, an SMTP address, Default or Anonymous."""

    who: str
    level: str
    rights: Mapping[str, bool] = field(default_factory=dict)
    sid: str = ""
    smtp: str = ""


@dataclass(frozen=True)
class FolderAnswer:
    """The ResponseMessage of one GetFolder id: ``trouble`` is None for NoError.

    ``name`` is the DistinguishedFolderId asked for. ``rights`` are the
    EffectiveRights (CreateAssociated, CreateContents, CreateHierarchy, Delete,
    Modify, Read, ViewPrivateItems), None if not told. ``permissions`` is the
    PermissionSet, None if not asked or not told.
    """

    name: str
    folder_id: str = ""
    rights: Mapping[str, bool] | None = None
    permissions: tuple[PermissionEntry, ...] | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True)
class MailboxAnswer:
    """What GetFolder said of one mailbox, in the order asked.

    ``trouble`` is a SOAP fault or transport trouble that answers for all
    folders at once; then ``folders`` is empty. ``address`` is empty for the
    caller's own mailbox asked without address. ``impersonated`` is the
    ConnectingSID's PrimarySmtpAddress, empty for a delegate request.
    """

    address: str
    impersonated: str = ""
    folders: tuple[FolderAnswer, ...] = ()
    trouble: Trouble | None = None

    def folder(self, name: str) -> FolderAnswer | None:
        """Give the answer for one distinguished folder, None where it was not asked or not answered."""
        return next((folder for folder in self.folders if folder.name == name), None)

    @property
    def first_trouble(self) -> Trouble | None:
        """Give the request's trouble, else that of the first folder that has one."""
        return self.trouble or next((folder.trouble for folder in self.folders if folder.trouble), None)


@dataclass(frozen=True)
class SyncAnswer:
    """The answer to SyncFolderItems on the calendar (IdOnly, MaxChangesReturned 1)."""

    address: str
    impersonated: str = ""
    sync_state: str = ""
    changes: int = 0
    parent_folder_ids: tuple[str, ...] = ()
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Contact:
    """One Resolution of ResolveNames with full contact data, exact matches only.

    ``smtp_addresses`` hold the prefix as told (``SMTP:`` marks the primary).
    """

    primary: str
    mailbox_type: str = ""
    display_name: str = ""
    given_name: str = ""
    surname: str = ""
    smtp_addresses: tuple[str, ...] = ()


# --- the directory ------------------------------------------------------------------------------


@dataclass(frozen=True)
class DirectoryEntry:
    """One object of Active Directory, its attributes raw.

    Keys are attribute names in lower case. ``unreadable`` (lower case) names
    those that were asked for and that this account cannot read; every accessor
    raises TypeError for them, because unreadable looks like absent and must
    never be compared (FACTS 8).
    """

    dn: str
    server: str = ""
    attributes: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()

    def values(self, name: str) -> tuple[bytes, ...]:
        """Give the raw values, empty if the attribute is absent. Raises TypeError if unreadable."""
        key = name.lower()
        if key in self.unreadable:
            raise TypeError(f"{name} of {self.dn} is not readable and cannot be compared")
        return self.attributes.get(key, ())

    def texts(self, name: str) -> tuple[str, ...]:
        """Give all values as text (UTF-8). Raises TypeError if unreadable."""
        return tuple(value.decode("utf-8", "replace") for value in self.values(name))

    def text(self, name: str) -> str:
        """Give the first value as text, empty if absent. Raises TypeError if unreadable."""
        return next(iter(self.texts(name)), "")

    def number(self, name: str) -> int | None:
        """Give the first value as an integer, None if absent or no number. TypeError if unreadable."""
        try:
            return int(self.text(name))
        except ValueError:
            return None

    def moment(self, name: str) -> datetime | None:
        """Give a FILETIME attribute as UTC time; None for absent, 0 and never. TypeError if unreadable."""
        ticks = self.number(name)
        if ticks is None or ticks <= 0 or ticks >= FILETIME_NEVER:
            return None
        try:
            return FILETIME_EPOCH + timedelta(microseconds=ticks // 10)
        except OverflowError:
            return None

    @property
    def primary_addresses(self) -> tuple[str, ...]:
        """Give the addresses behind ``SMTP:`` in proxyAddresses, lower case. TypeError if unreadable."""
        return tuple(v[5:].strip().lower() for v in self.texts("proxyAddresses") if v.startswith("SMTP:"))

    @property
    def smtp_addresses(self) -> tuple[str, ...]:
        """Give all SMTP proxy addresses, primary and not, lower case. TypeError if unreadable."""
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
    that one server shows the object and the global catalog does not yet.
    ``trouble`` means: not known.
    """

    address: str
    by_proxy: tuple[DirectoryEntry, ...] = ()
    by_mail: tuple[DirectoryEntry, ...] = ()
    forest_wide: bool = False
    exchange_hidden: bool = False
    waiting: bool = False
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
    """Everything the directory told, gathered once by the controller.

    ``account`` is the service account's object, found by its own identity;
    ``account_holders`` who holds the configured email; ``token_sids`` the SIDs
    of its token (own, groups). ``rooms`` and ``users`` are keyed by address,
    ``rights`` by room address.
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


@dataclass(frozen=True)
class AccountState:
    """Whether the account can be used: what refused its sign-in, and what its object shows.

    ``cause`` is a key of ``causes.CAUSES`` or empty, ``detail`` what was told.
    ``entry`` is None where the directory could not be read; at least one of
    the two is known.
    """

    cause: str = ""
    detail: str = ""
    entry: DirectoryEntry | None = None


@dataclass(frozen=True)
class AccountNames:
    """First and last name of the service account, and who told them (``directory`` or ``ResolveNames``)."""

    given_name: str
    surname: str
    source: str


@dataclass(frozen=True)
class RoomAddresses:
    """Which primary SMTP address the holder of a room's configured address has, and who told it.

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


# --- the whole site -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Vantage:
    """From where the run looked; its statements about network and trust hold there only (FACTS 10.13)."""

    machine: str = ""
    user: str = ""
    platform: str = ""
    python: str = ""
    tool: str = ""
    run_id: str = ""
    started: datetime | None = None


@dataclass(frozen=True)
class SiteFacts:
    """What the controller found out before any room was asked; sent to every worker.

    ``ews_cause`` and ``directory_cause`` are keys of ``causes.CAUSES`` where
    that whole side is closed to us, empty where it is open.
    """

    vantage: Vantage
    host: Host
    endpoint: Endpoint | None = None
    sign_in: SignIn | None = None
    own_mailbox: MailboxAnswer | None = None
    self_as_owner: MailboxAnswer | None = None
    out_of_scope: MailboxAnswer | None = None
    directory: DirectoryView | None = None
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    ews_cause: str = ""
    ews_detail: str = ""
    directory_cause: str = ""
    directory_detail: str = ""
