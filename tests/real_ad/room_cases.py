"""Every way in which a room can be right or wrong, planted in the real directory and in the simulator alike.

Each case has its expected result: the outcomes that are not *passed*, and
what the mailbox's descriptor explains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pytest_flowscape.facts import Grant
from pytest_flowscape.simulator.model import Account, Organisation
from pytest_flowscape.simulator.scenarios.ready import GROUP_DN
from tests.real_ad import contents
from tests.real_ad.administrator import Administrator, entry, full_access, mailbox_descriptor
from tests.real_ad.contents import BASE, DISABLED, NORMAL, SERVICE

CONTACTS = f"OU=Contacts,{BASE}"
FAILED, NOT_MEASURED = "failed", "not measured"
# what Exchange does with no address but a mailbox's primary one
BY_ADDRESS = ("PERMISSION-1", "IMPERSONATION-1", "CALENDAR-1")


@dataclass(frozen=True)
class Room:
    """A room of the real directory, and who may get a right to it."""

    administrator: Administrator
    account: Account

    @property
    def dn(self) -> str:
        return self.account.dn

    @property
    def service(self) -> str:
        return self.administrator.sid(SERVICE)

    @property
    def group(self) -> str:
        return self.administrator.sid(GROUP_DN)

    def set(self, **attributes: str | int | bytes | list[str] | None) -> None:
        self.administrator.set(self.dn, **attributes)

    def permit(self, *entries: bytes) -> None:
        """Write the copy of the mailbox's permissions, as Exchange does."""
        self.set(msExchMailboxSecurityDescriptor=mailbox_descriptor(*entries))


Plant = Callable[[Room], object]


@dataclass(frozen=True)
class Case:
    """One room's state: the simulator's conditions, and what an administrator does in the real directory.

    ``outcomes`` holds what differs from *passed*, with words of the sentence;
    ``notes`` words of what a passed one notes; ``who`` decides the descriptor.
    """

    name: str
    simulated: tuple[str, ...] = ()
    real: Plant = lambda _room: None
    outcomes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    grant: Grant = Grant.GRANTED
    who: str = "service"


def _set_kind(details: int, display: int, metadata: str = "") -> Plant:
    return lambda room: room.set(
        msExchRecipientTypeDetails=details, msExchRecipientDisplayType=display, msExchResourceMetaData=metadata or None
    )


def _rename(room: Room) -> None:
    """Set another primary address of the room; the configured one stays as an alias."""
    old = room.account.mail
    others = [value for value in room.account.proxy_addresses if not value.startswith("SMTP:")]
    room.set(
        mail=f"new-{old}",
        proxyAddresses=[f"SMTP:new-{old}", f"smtp:{old}", *others],
    )


def _add_second_holder(room: Room) -> None:
    """Add a second object that has the room's address too, as another address of it."""
    local = room.account.mail.partition("@")[0]
    if not room.administrator.exists(CONTACTS):
        room.administrator.add(CONTACTS, "organizationalUnit")
    room.administrator.add(
        f"CN=Old {local},{CONTACTS}",
        "user",
        sAMAccountName=f"old-{local}"[:20],
        userPrincipalName=f"old-{local}@demo.test",
        displayName=f"Old {local}",
        mail=f"old-{local}@demo.test",
        mailNickname=f"old-{local}",
        proxyAddresses=[f"SMTP:old-{local}@demo.test", f"smtp:{room.account.mail}"],
        userAccountControl=NORMAL | DISABLED,
        msExchRecipientTypeDetails=128,
        msExchRecipientDisplayType=6,
    )


def _enable(room: Room) -> None:
    room.administrator.set_password(room.dn, "Nobody-Knows-7")
    room.set(userAccountControl=NORMAL)


GRANTED = Case("granted directly", real=lambda room: room.permit(full_access(room.service)))
CASES = (
    GRANTED,
    Case(
        "granted through a nested group",
        ("through-group",),
        lambda room: room.permit(full_access(room.group)),
        who="group",
    ),
    Case(
        "not granted",
        ("PERMISSION-1",),
        lambda room: room.permit(),
        {"PERMISSION-1": (FAILED, "no access to any of the five folders")},
        grant=Grant.ABSENT,
        who="",
    ),
    Case(
        "denied before allowed",
        ("deny",),
        lambda room: room.permit(full_access(room.service, allow=False), full_access(room.service)),
        {"PERMISSION-1": (FAILED, "a Deny entry on the mailbox refuses FullAccess")},
        grant=Grant.DENIED,
    ),
    Case(
        "granted on the top folder alone",
        ("top-folder-only", "just-changed"),
        lambda room: room.permit(entry(room.service, 0x1)),
        # the directory's copy does not tell how far a grant reaches, and this one is fresh
        {"PERMISSION-1": (NOT_MEASURED, "waiting for replication or a cache")},
    ),
    Case(
        "granted a moment ago",
        ("pending-grant",),
        lambda room: room.permit(full_access(room.service)),
        {"PERMISSION-1": (NOT_MEASURED, "waiting for replication or a cache")},
    ),
    Case(
        "granted on the database",
        ("database-level",),
        lambda room: room.permit(),
        notes={"PERMISSION-1": "its source is not visible in Active Directory"},
        grant=Grant.ABSENT,
        who="",
    ),
    Case(
        "an equipment mailbox",
        ("equipment",),
        _set_kind(32, 8, "ResourceType:Equipment"),
        {"ROOM-1": (FAILED, "equipment mailbox")},
    ),
    Case("a shared mailbox", ("shared",), _set_kind(4, 0), {"ROOM-1": (FAILED, "shared mailbox")}),
    Case(
        "alias configured",
        ("alias",),
        _rename,
        {
            "ROOM-2": (FAILED, "an alias of the room; the primary address is new-"),
            **dict.fromkeys(BY_ADDRESS, (NOT_MEASURED, "Exchange does not accept the address")),
        },
    ),
    Case("address held by two", ("ROOM-2",), _add_second_holder, {"ROOM-2": (FAILED, "2 objects have the address")}),
    Case(
        "address unknown",
        ("missing",),
        lambda room: room.administrator.delete(room.dn),
        {
            "ROOM-1": (FAILED, "no object has this address"),
            "ROOM-2": (NOT_MEASURED, "no object of the directory has this address"),
            **dict.fromkeys(BY_ADDRESS, (NOT_MEASURED, "Exchange does not accept the address")),
        },
        grant=Grant.UNREADABLE,
        who="",
    ),
    Case("account enabled", ("enabled",), _enable, notes={"ROOM-1": "The room's account is enabled"}),
)


def rooms_of(organisation: Organisation) -> list[Account]:
    """Return the rooms of a scenario in its order."""
    return [account for account in organisation.accounts.values() if account.resource_metadata]


def add_rooms(administrator: Administrator, accounts: list[Account]) -> None:
    """Add those of the rooms that the directory lacks, each granted directly."""
    mine = full_access(administrator.sid(SERVICE))
    for account in accounts:
        if not administrator.exists(account.dn):
            administrator.set(
                contents.add_account(administrator, account), msExchMailboxSecurityDescriptor=mailbox_descriptor(mine)
            )


def conditions(address: str, case: Case) -> list[str]:
    """Return the simulator's conditions for a case of one room, as it takes them."""
    return [f"{name}:{address}" for name in case.simulated]
