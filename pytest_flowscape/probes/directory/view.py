"""What to ask the directory, and what its entries mean as facts. No network and no ldap3 here."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone

from pytest_flowscape.facts import DirectoryEntry, Grant, Holders, MailboxRights
from pytest_flowscape.facts.directory import is_linked, master_sid
from pytest_flowscape.probes.directory.security_descriptor import decide, read_dacl, sid_text
from pytest_flowscape.probes.directory.sight import Sight, same_name, unreadable

CHUNK = 100  # addresses in one OR filter: 100 terms take a domain controller about 30 ms (measured)
EVERYBODY = ("S-1-1-0", "S-1-5-11")  # in the token of everybody who has signed in (MS-DTYP 2.4.2.4)

# constructed attributes come only when named, and tokenGroups only in a search of one object (MS-ADTS 3.1.1.4.5)
CONSTRUCTED = ("msDS-User-Account-Control-Computed", "msDS-UserPasswordExpiryTimeComputed", "msDS-ResultantPSO")

ACCOUNT_ATTRIBUTES = (
    "objectClass", "objectSid", "tokenGroups", *CONSTRUCTED, "userAccountControl", "accountExpires", "pwdLastSet",
    "badPwdCount", "lockoutTime", "userPrincipalName", "sAMAccountName", "msDS-PrincipalName", "givenName", "sn",
    "displayName", "mail", "proxyAddresses", "mailNickname", "targetAddress", "msExchRecipientTypeDetails",
    "msExchRecipientDisplayType", "msExchMasterAccountSid", "msExchAuthPolicyLink", "msExchHideFromAddressLists",
    "userWorkstations", "whenChanged",
)  # fmt: skip
HOLDER_ATTRIBUTES = (
    "objectClass", "objectSid", "displayName", "mail", "proxyAddresses", "targetAddress", "mailNickname",
    "userAccountControl", "msExchRecipientTypeDetails", "msExchRecipientDisplayType", "msExchResourceMetaData",
    "msExchMasterAccountSid", "msExchHideFromAddressLists", "msExchMailboxSecurityDescriptor", "whenChanged",
)  # fmt: skip


def account_attributes(reads: Collection[str]) -> tuple[str, ...]:
    """Name what to ask of the service account's object: ours, and what the requirements judge."""
    return _union(ACCOUNT_ATTRIBUTES, reads)


def holder_attributes(reads: Collection[str]) -> tuple[str, ...]:
    """Name what to ask of rooms and users: never the state of an account, which is the service account's alone."""
    not_theirs = {name.lower() for name in ACCOUNT_ATTRIBUTES}
    return _union(HOLDER_ATTRIBUTES, [name for name in reads if name.lower() not in not_theirs])


def _union(first: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple({name.lower(): name for name in (*sorted(more), *first)}.values())


# --- filters and names --------------------------------------------------------------------------


def escape(value: str) -> str:
    r"""Escape a value for a filter: ``* ( ) \`` and NUL as backslash and two digits (RFC 4515 3)."""
    return "".join(f"\\{ord(c):02x}" if c in "\\*()\0" else c for c in value)


def chunks(addresses: Sequence[str], size: int = CHUNK) -> Iterator[tuple[str, ...]]:
    """Cut addresses into chunks, each of which goes into one search."""
    for at in range(0, len(addresses), size):
        yield tuple(addresses[at : at + size])


def proxy_filter(addresses: Iterable[str]) -> str:
    """Find every object that has one of these as primary or other SMTP address (case does not count)."""
    return _any("proxyAddresses", (f"smtp:{address}" for address in addresses))


def mail_filter(addresses: Iterable[str]) -> str:
    """Find every object with one of these in ``mail``."""
    return _any("mail", addresses)


def _any(attribute: str, values: Iterable[str]) -> str:
    return f"(|{''.join(f'({attribute}={escape(value)})' for value in values)})"


def identity_filters(username: str, domain: str) -> tuple[str, ...]:
    r"""Return the filters that find an account by the name with which it signs in, to be tried in order.

    ``DOMAIN\user`` names a sAMAccountName; a UPN names userPrincipalName, or,
    where its suffix is the DNS name of ``domain`` (a distinguished name), the
    sAMAccountName of that domain, whatever userPrincipalName says (MS-ADTS 5.1.1.1.1).
    """
    _, backslash, sam = username.partition("\\")
    if backslash:
        return (f"(sAMAccountName={escape(sam)})",)
    name, at, suffix = username.rpartition("@")
    if not at:
        return (f"(sAMAccountName={escape(username)})",)
    by_upn = f"(userPrincipalName={escape(username)})"
    dns = ".".join(re.findall(r"(?i)dc\s*=\s*([^,]+)", domain)).lower()
    return (by_upn, f"(sAMAccountName={escape(name)})") if suffix.lower() == dns else (by_upn,)


def namesakes_filter(username: str) -> str:
    r"""Return the filter that finds every account of a forest with the sAMAccountName in ``DOMAIN\user`` or a UPN.

    Empty where the name has no domain.
    """
    _, backslash, sam = username.partition("\\")
    name, at, _ = username.rpartition("@")
    return f"(sAMAccountName={escape(sam if backslash else name)})" if backslash or at else ""


def is_another(entry: DirectoryEntry, username: str) -> bool:
    r"""Whether an object found by sAMAccountName is that of another domain's user with the same name.

    Only where the user name is DOMAIN\user: with a DNS domain by the object's name, with a NetBIOS domain where
    the object shows its own (msDS-PrincipalName, MS-ADTS 3.1.1.4.5.36).
    """
    domain, backslash, _ = username.partition("\\")
    own = dns_domain(entry.dn) if "." in domain else entry.text("msDS-PrincipalName").partition("\\")[0]
    return bool(backslash and own and own.casefold() != domain.casefold())


def is_proven(entry: DirectoryEntry, username: str) -> bool:
    """Whether an object's own domain is certainly the one in the user name."""
    domain, backslash, _ = username.partition("\\")
    wanted = (domain if backslash else username.rpartition("@")[2]).casefold()
    own = entry.text("msDS-PrincipalName").partition("\\")[0].casefold() if backslash else ""
    return wanted in (own, dns_domain(entry.dn)) and bool(wanted)


def octets(value: bytes) -> str:
    """Return bytes for a filter, each as backslash and two digits (RFC 4515 3)."""
    return "".join(f"\\{byte:02x}" for byte in value)


def domain_of(dn: str) -> str:
    """Return the distinguished name of the domain in which an object lies; the name itself if it has no DC part."""
    found = re.search(r"(?i)(?:^|(?<!\\),)\s*((?:dc\s*=[^,]+(?:,\s*|$))+)$", dn)
    return found[1] if found else dn


def dns_domain(dn: str) -> str:
    """Return the DNS name of the domain in which an object lies, lower case; empty if the name has no DC part."""
    return ".".join(part.strip() for part in re.findall(r"(?i)dc\s*=([^,]+)", domain_of(dn))).lower()


# --- entries become facts -----------------------------------------------------------------------


def join(
    addresses: Iterable[str], by_proxy: Iterable[DirectoryEntry], by_mail: Iterable[DirectoryEntry]
) -> dict[str, Holders]:
    """Sort what was found to the addresses that were asked: every object that has one, whatever it is."""
    proxies: dict[str, dict[str, DirectoryEntry]] = defaultdict(dict)
    for entry in by_proxy:
        for address in entry.smtp_addresses:
            proxies[address][entry.dn] = entry
    mails: dict[str, dict[str, DirectoryEntry]] = defaultdict(dict)
    for entry in by_mail:
        for text in entry.texts("mail"):
            mails[text.strip().lower()][entry.dn] = entry
    found = {}
    for address in addresses:
        key = address.strip().lower()
        first = tuple(proxies.get(key, {}).values())
        found[address] = Holders(address, first, () if first else tuple(mails.get(key, {}).values()))
    return found


def with_unreadable(holders: Holders, asked: Iterable[str], sight: Sight, *, forest_wide: bool) -> Holders:
    """Mark what cannot be read: on each entry, and whether the address itself may be hidden."""

    def mark(entry: DirectoryEntry) -> DirectoryEntry:
        catalog = forest_wide and not holders.waiting
        itself = same_name(entry.dn, sight.own_dn)
        return replace(entry, unreadable=unreadable(entry, asked, sight, itself=itself, catalog=catalog))

    return replace(
        holders,
        by_proxy=tuple(mark(entry) for entry in holders.by_proxy),
        by_mail=tuple(mark(entry) for entry in holders.by_mail),
        forest_wide=forest_wide,
        exchange_hidden=not sight.proxies and not holders.by_proxy,
    )


def token_sids(account: DirectoryEntry) -> tuple[str, ...]:
    """Return the SIDs of the account's token: its own, its groups', everybody's; empty where they cannot be known.

    The groups of a linked mailbox's object are not those of the account that uses it.
    """
    if is_linked(account) or account.unreadable & {"objectsid", "tokengroups"}:
        return ()
    values = (*account.values("objectSid"), *account.values("tokenGroups"))
    try:
        own = [sid_text(value) for value in values]
    except ValueError:
        return ()
    return tuple(dict.fromkeys((*own, *EVERYBODY)))


def master_sids(account: DirectoryEntry) -> tuple[str, ...]:
    """Return what is known of the token of a linked mailbox's account: its own SID and everybody's."""
    try:
        return (sid_text(master_sid(account)), *EVERYBODY)
    except ValueError:
        return ()


def mailbox_rights(holders: Holders, sids: Collection[str], *, whole: bool = True) -> MailboxRights:
    """Return what the descriptor of the mailbox with this address means for a token.

    UNREADABLE: the token is not known (``sids`` empty), the descriptor is not
    shown (Exchange writes one on every mailbox) or damaged, or the address is
    not one object's. Where ``sids`` are not the ``whole`` token, an entry that
    is not found may be that of an unknown group: then it is UNREADABLE, too.
    """
    primary = [entry for entry in holders.by_proxy if _has_primary(entry, holders.address)]
    found = primary or holders.by_proxy or holders.by_mail
    if len(found) != 1:
        return MailboxRights(Grant.UNREADABLE)
    attributes = found[0].attributes
    changed = when_changed(attributes)
    descriptor = attributes.get("msexchmailboxsecuritydescriptor")
    if not descriptor or not sids:
        return MailboxRights(Grant.UNREADABLE, changed=changed)
    try:
        grant, who = decide(read_dacl(descriptor[0]), sids)
    except ValueError:
        return MailboxRights(Grant.UNREADABLE, changed=changed)
    if grant is Grant.ABSENT and not whole:
        grant = Grant.UNREADABLE
    return MailboxRights(grant, who, changed)


def _has_primary(entry: DirectoryEntry, address: str) -> bool:
    return "proxyaddresses" not in entry.unreadable and address.strip().lower() in entry.primary_addresses


def when_changed(attributes: Mapping[str, tuple[bytes, ...]]) -> datetime | None:
    """Return whenChanged (GeneralizedTime, ``20260105080000.0Z``) in UTC, None if absent or of another form."""
    values = attributes.get("whenchanged") or (b"",)
    try:
        moment = datetime.strptime(values[0].decode("ascii").partition(".")[0].rstrip("Z"), "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return None
    return moment.replace(tzinfo=timezone.utc)
