"""The site on which everything is right: 24 rooms, three users, one test mailbox out of scope.

Two thirds of the rooms grant FullAccess to the service account itself, the
others to a group that holds it by way of another group.
"""

from __future__ import annotations

import hashlib
import uuid

from pytest_flowscape.simulator.model import (
    DOMAIN_SID,
    AccessEntry,
    Account,
    FolderEntry,
    Group,
    Mailbox,
    Organisation,
    RoleAssignment,
    RoomList,
)
from pytest_flowscape.simulator.scenarios import Scenario

DOMAIN = "demo.test"
SERVICE_SID = f"{DOMAIN_SID}-1105"
GROUP_SID = f"{DOMAIN_SID}-1201"
INNER_GROUP_SID = f"{DOMAIN_SID}-1202"
GROUP_DN = "CN=Flowscape Rooms,OU=Groups,DC=demo,DC=test"
INNER_GROUP_DN = "CN=Flowscape Services,OU=Groups,DC=demo,DC=test"
SERVICE_DN = "CN=Flowscape Service,OU=Service Accounts,DC=demo,DC=test"
OUT_OF_SCOPE = f"outside@{DOMAIN}"
ROOMS = (
    ("atlas", "Atlas"),
    ("aurora", "Aurora"),
    ("bergen", "Bergen"),
    ("zuerich", "Zürich"),
    ("aare", "Åre"),
    ("loft", "L'Atelier"),
    ("gotland", "Gotland"),
    ("malmoe", "Malmö"),
    ("kyoto", "Kyōto"),
    ("boardroom", "Board Room (1st floor)"),
    ("library", "Library"),
    ("oslo", "Oslo"),
    ("uebersee", "Raum Übersee"),
    ("sao-paulo", "São Paulo"),
    ("quiet.1", "Quiet 1"),
    ("quiet.2", "Quiet 2"),
    ("tromsoe", "Tromsø"),
    ("lodz", "Łódź"),
    ("garden", "Garden & Terrace"),
    ("cinema", "Cinema"),
    ("workshop", "Workshop <west>"),
    ("studio", "Studio"),
    ("lounge", "Lounge"),
    ("vega", "Vega"),
)
USERS = (("anna.lind", "Anna", "Lind"), ("joerg.maeder", "Jörg", "Mäder"), ("maeve.obrien", "Maeve", "O'Brien"))


def _guid(name: str) -> uuid.UUID:
    return uuid.UUID(bytes=hashlib.sha256(name.encode()).digest()[:16])


def account(local: str, number: int, unit: str, display_name: str, **more: object) -> Account:
    """Return an account with a mail address ``local``@demo.test, its SID from ``number``, in the unit ``unit``."""
    address = f"{local}@{DOMAIN}"
    created = Account(
        sam=local[:20],
        upn=address,
        dn=f"CN={_escape(display_name)},OU={unit},DC=demo,DC=test",
        sid=f"{DOMAIN_SID}-{number}",
        mail=address,
        display_name=display_name,
        proxy_addresses=[f"SMTP:{address}", f"X500:/o=Demo/ou=Exchange/cn=Recipients/cn={local}"],
        object_guid=_guid(f"object {local}"),
        mailbox_guid=_guid(f"mailbox {local}"),
    )
    for name, value in more.items():
        setattr(created, name, value)
    return created


def _escape(name: str) -> str:
    """Escape a name for a distinguished name (RFC 4514 section 2.4)."""
    return "".join(f"\\{c}" if c in ',+"\\<>;=' else c for c in name)


def room_account(local: str, number: int, display_name: str) -> Account:
    """Return the disabled account of a room mailbox, as New-Mailbox -Room leaves it."""
    return account(
        local,
        number,
        "Rooms",
        display_name,
        enabled=False,
        pwd_last_set=0,
        recipient_type_details=16,
        recipient_display_type=7,
        resource_metadata=("ResourceType:Room",),
    )


def room_mailbox(owner: Account, grantee: str) -> Mailbox:
    """Return a room's mailbox that grants FullAccess to ``grantee`` (a SID) on all its folders."""
    return Mailbox(
        primary=owner.mail,
        owner_sid=owner.sid,
        access=[AccessEntry(grantee)],
        automate_processing=2,
        folders={"calendar": [FolderEntry("Default", "FreeBusyTimeOnly"), FolderEntry("Anonymous", "None")]},
    )


def _service(password: str) -> Account:
    service = account("svc-flowscape", 1105, "Service Accounts", "Flowscape Service")
    service.given_name, service.sn = "Flowscape", "Service"
    service.password = password
    service.password_never_expires = True
    service.member_of = [INNER_GROUP_DN]
    return service


def add_mailbox(organisation: Organisation, owner: Account) -> None:
    """Add an account with an ordinary mailbox of its own."""
    organisation.accounts[owner.sid] = owner
    organisation.mailboxes[owner.mail] = Mailbox(primary=owner.mail, owner_sid=owner.sid)


def _add_room(organisation: Organisation, index: int, local: str, display_name: str) -> str:
    owner = room_account(local, 2000 + index, display_name)
    mailbox = room_mailbox(owner, GROUP_SID if index % 3 == 2 else SERVICE_SID)
    mailbox.items = index % 4
    if index % 4 == 1:
        alias = f"room-{local}@{DOMAIN}"
        mailbox.aliases.append(alias)
        owner.proxy_addresses.append(f"smtp:{alias}")
    organisation.accounts[owner.sid] = owner
    organisation.mailboxes[owner.mail] = mailbox
    return owner.mail


def _room_lists(organisation: Organisation, rooms: list[str], buildings: tuple[str, ...]) -> list[RoomList]:
    """Return a room list for each building."""
    lists = {name: RoomList(f"Rooms {name}", f"rooms-{name.lower()}@{DOMAIN}") for name in dict.fromkeys(buildings)}
    for room, building in zip(rooms, buildings, strict=True):
        lists[building].members.append(organisation.mailboxes[room].owner_sid)
    return list(lists.values())


def build(rooms: int | None, password: str) -> Scenario:
    """Build the site with this many rooms (24 if None). Raises ValueError below one."""
    count = len(ROOMS) if rooms is None else rooms
    if count < 1:
        raise ValueError("a site has at least one room")
    names = [*ROOMS[:count], *((f"room-{n:04}", f"Room {n:04}") for n in range(len(ROOMS) + 1, count + 1))]
    organisation = Organisation(service_account=SERVICE_SID, out_of_scope=OUT_OF_SCOPE)
    service = _service(password)
    add_mailbox(organisation, service)
    organisation.groups = {
        GROUP_SID: Group("Flowscape Rooms", GROUP_DN, GROUP_SID, [INNER_GROUP_DN]),
        INNER_GROUP_SID: Group("Flowscape Services", INNER_GROUP_DN, INNER_GROUP_SID, [SERVICE_DN]),
    }
    addresses = [_add_room(organisation, index, *name) for index, name in enumerate(names)]
    for number, (local, given_name, sn) in enumerate(USERS, 1301):
        add_mailbox(organisation, account(local, number, "People", f"{given_name} {sn}", given_name=given_name, sn=sn))
    buildings = tuple("HQ" if index % 2 else "Annex" for index in range(len(names)))
    organisation.room_lists = _room_lists(organisation, addresses, buildings)
    outside = account("outside", 1390, "People", "Outside Test", given_name="Outside", sn="Test")
    add_mailbox(organisation, outside)
    users = tuple(f"{local}@{DOMAIN}" for local, _, _ in USERS)
    organisation.roles = [RoleAssignment(SERVICE_SID, {*addresses, *users, service.mail})]
    return Scenario(
        name="ready",
        customer="Demo Customer",
        organisation=organisation,
        username=f"{organisation.netbios}\\{service.sam}",
        email=service.mail,
        rooms=tuple(addresses),
        users=users,
        out_of_scope=OUT_OF_SCOPE,
        password=password,
        room_details=tuple((display, buildings[i], 4 + i % 12) for i, (_, display) in enumerate(names)),
    )
