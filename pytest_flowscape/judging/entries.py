"""What several suites share when they judge facts: the clock, readable attributes, comparisons.

No I/O. A suite asks here instead of comparing by itself wherever two
requirements would otherwise decide the same question in two ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import DirectoryEntry, Holders, MailboxAnswer, SiteFacts, SyncAnswer
from pytest_flowscape.facts.directory import hint
from pytest_flowscape.site.addresses import canonical

OWN_MAILBOX = "own-mailbox"
UNREADABLE = "unreadable"
# msExchRecipientTypeDetails: the values that decide something here ("Recipient type values", measured for the rooms)
TYPE_NAMES = {
    1: "user mailbox",
    2: "linked mailbox",
    4: "shared mailbox",
    8: "legacy mailbox",
    16: "room mailbox",
    32: "equipment mailbox",
    64: "mail contact",
    128: "mail user without a mailbox here",
    256: "distribution group",
    1024: "mail-enabled security group",
    2048: "dynamic distribution group",
    2147483648: "remote user mailbox in Exchange Online",
    8589934592: "remote room mailbox in Exchange Online",
    17179869184: "remote equipment mailbox in Exchange Online",
    34359738368: "remote shared mailbox in Exchange Online",
    2199023255552: "linked room mailbox",
}


def now() -> datetime:
    """Return the time now in UTC; requirements ask for it as ``entries.now()``, so that a test can set the clock."""
    return datetime.now(timezone.utc)


def day(moment: datetime) -> str:
    """Return a date as it is written in findings: 2027-01-31."""
    return f"{moment:%Y-%m-%d}"


# --- directory entries --------------------------------------------------------------------------


def require_readable(entry: DirectoryEntry, *names: str) -> None:
    """Refuse to judge what cannot be read: it only looks absent. Raises NotMeasured."""
    hidden = [name for name in names if name.lower() in entry.unreadable]
    if hidden:
        raise NotMeasured(not_readable(entry, hidden), cause=UNREADABLE)


def not_readable(entry: DirectoryEntry, names: Iterable[str]) -> str:
    """Return the sentence that attributes of an object cannot be read, and what helps."""
    if entry.from_catalog:
        return (
            f"not readable in the global catalog: {', '.join(names)}. Name a domain controller of the account's own "
            "domain under [directory]"
        )
    return f"not readable by this account: {', '.join(names)}"


def number(entry: DirectoryEntry, name: str) -> int:
    """Return an attribute that every account has, as an integer.

    Raises NotMeasured where it is not readable, absent or no number: absence
    of such an attribute says something about the reader, not about the account.
    """
    require_readable(entry, name)
    value = entry.number(name)
    if value is None:
        raise NotMeasured(not_readable(entry, [name]), cause=UNREADABLE)
    return value


def type_name(details: int | None) -> str:
    """Return in words the kind of recipient that msExchRecipientTypeDetails means."""
    if details is None:
        return "object without an Exchange recipient type"
    return TYPE_NAMES.get(details, f"recipient of type {details}")


def is_group_managed(entry: DirectoryEntry | None) -> bool:
    """Whether the account is a group managed service account, whose password nobody knows."""
    return any(value.lower() == b"msds-groupmanagedserviceaccount" for value in hint(entry, "objectClass"))


def addresses_of(entry: DirectoryEntry) -> frozenset[str]:
    """Return every SMTP address of an object that can be read (mail and proxyAddresses), as compared."""
    proxies = [value.decode("utf-8", "replace") for value in hint(entry, "proxyAddresses")]
    mails = [value.decode("utf-8", "replace") for value in hint(entry, "mail")]
    smtp = [proxy[5:] for proxy in proxies if proxy[:5].lower() == "smtp:"]
    return frozenset(canonical(address) for address in (*smtp, *mails))


def all_holders(holders: Holders) -> tuple[DirectoryEntry, ...]:
    """Return every object that has the address, each once."""
    found = {entry.dn.lower(): entry for entry in (*holders.by_mail, *holders.by_proxy)}
    return tuple(found.values())


# --- Exchange's answers ------------------------------------------------------------------------


def refuse_own(answer: MailboxAnswer | SyncAnswer, own_folder_ids: Iterable[str]) -> None:
    """Refuse an answer from the caller's own mailbox: it says nothing about the one that was asked for.

    Raises NotMeasured. Success alone proves no access: clients have been seen
    to get their own folders back.
    """
    own = frozenset(own_folder_ids)
    if isinstance(answer, SyncAnswer):
        named = set(answer.parent_folder_ids)
    else:
        named = {folder.folder_id for folder in answer.folders if folder.folder_id}
    if own & named:
        raise NotMeasured("Exchange answered from the service account's own mailbox", cause=OWN_MAILBOX)


def vantage(facts: SiteFacts) -> str:
    """Return from where something was measured; network and trust results apply to this place only."""
    machine = facts.vantage.machine or "this machine"
    return f"{machine} ({facts.host.source_address})" if facts.host.source_address else machine
