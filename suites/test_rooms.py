"""The rooms: each configured address is the primary address of one room resource on this Exchange."""

from __future__ import annotations

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import DirectoryEntry, Holders, RoomAddresses
from pytest_flowscape.facts.directory import DISABLED, hint, hint_number
from pytest_flowscape.judging import entries
from pytest_flowscape.judging.remedies import EXCHANGE, REPLICATION, SAFE, fix
from pytest_flowscape.requirement import Notes, Owner, Per, expect, requirement
from pytest_flowscape.site.addresses import canonical
from pytest_flowscape.site.model import Room

ROOM_MAILBOX = 16
ROOMS = (ROOM_MAILBOX, 2199023255552)  # room, linked room
ROOM_DISPLAY_TYPE = 7
REMOTE_ROOM_DISPLAY_TYPE = -2147481850
ONLINE = (2147483648, 8589934592, 17179869184, 34359738368)  # mailboxes that live in Exchange Online
NO_MAILBOX_CLASSES = ("contact", "group", "publicfolder")

WRONG_TYPE_FIX = fix(
    "Converting disables the mailbox's account: make sure that nobody uses it. Convert one room at a time, never many "
    "at once. " + EXCHANGE,
    "  Get-MailboxStatistics -Identity '{target}' | Format-List DisplayName,LastLogonTime,LastLoggedOnUserAccount",
    "  Set-Mailbox -Identity '{target}' -Type Room -Confirm" + SAFE,
    "To undo: Set-Mailbox with -Type Regular, then enable the account again. " + REPLICATION,
)
ONLINE_FIX = (
    "This integration reaches only mailboxes on this Exchange Server. Decide in the project: move the room's mailbox "
    "here, take the room out of the site file, or integrate Exchange Online separately. To undo, move it back. "
    "Waiting time: as long as the move takes."
)
NOT_A_MAILBOX_FIX = fix(
    "Another object has the address. Give the room an address of its own in the site file, or free this one after "
    "asking its owner. " + EXCHANGE,
    "  Get-Recipient -Identity '{target}' | Format-List Name,RecipientTypeDetails,DistinguishedName",
    f"To undo, give the address back. {REPLICATION}",
)


@requirement(
    "ROOM-1",
    title="Room exists as a room resource",
    per=Per.ROOM,
    owner=Owner.EXCHANGE,
    consequence="Flowscape cannot book the room: invitations are not answered as a room would answer them.",
    fix=fix(
        "If the address is misspelt, correct the site file. If the room does not exist yet: " + EXCHANGE,
        "  New-Mailbox -Room -Name 'ROOM NAME' -PrimarySmtpAddress '{target}'" + SAFE,
        "  Set-CalendarProcessing -Identity '{target}' -AutomateProcessing AutoAccept" + SAFE,
        "To undo: Remove-Mailbox, which removes the account too. " + REPLICATION,
    ),
    link="https://learn.microsoft.com/en-us/exchange/recipients/room-mailboxes?view=exchserver-2019",
    guide="Room resources",
    reads=("msExchRecipientTypeDetails", "msExchRecipientDisplayType"),
    steps={"missing": "room_create", "wrong-type": "room_type", "not-a-mailbox": "recipient_look"},
)
def test_room_exists(room: Room, room_entry: Holders, notes: Notes) -> None:
    """Each configured room MUST exist on this Exchange Server as a room resource."""
    expected = "a room mailbox on this Exchange Server"
    entry = _holder(room, room_entry)
    expect(entry is not None, expected=expected, found="no object has this address", cause="missing")
    assert entry is not None
    entries.require_readable(entry, "msExchRecipientTypeDetails", "msExchRecipientDisplayType")
    details = entry.number("msExchRecipientTypeDetails")
    display = entry.number("msExchRecipientDisplayType")
    remote = display == REMOTE_ROOM_DISPLAY_TYPE and bool(hint(entry, "targetAddress"))
    expect(
        details not in ONLINE and not (details is None and remote),
        expected=expected,
        found="the mailbox is in Exchange Online, which this integration cannot reach",
        cause="online",
        fix=ONLINE_FIX,
        owner=Owner.INSTALLER,
    )
    if details is None and display is None:
        _judge_without_type(entry, expected)
    is_room = details in ROOMS if details is not None else display == ROOM_DISPLAY_TYPE
    kind = entries.type_name(details) if details is not None else f"recipient of display type {display}"
    expect(is_room, expected=expected, found=f"it is a {kind}", cause="wrong-type", fix=WRONG_TYPE_FIX)
    if details is not None and display is not None and display != ROOM_DISPLAY_TYPE:
        notes.add(
            f"Its display type is {display} instead of {ROOM_DISPLAY_TYPE}; what counts is its type, which is a room."
        )
    if any(value.upper() == b"TRUE" for value in hint(entry, "msExchHideFromAddressLists")):
        notes.add(
            "It is hidden from address lists: people do not find it there. Microsoft's page on mailbox permissions "
            "says that delegates cannot open a hidden mailbox; PERMISSION-1 tests what this Exchange does."
        )
    flags = hint_number(entry, "userAccountControl")
    if details == ROOM_MAILBOX and flags is not None and not flags & DISABLED:
        notes.add("The room's account is enabled: a person who knows its password can sign in as the room.")


def _holder(room: Room, holders: Holders) -> DirectoryEntry | None:
    """Pick the object that the requirement is about: the one whose primary address it is, else the first."""
    found = (*holders.by_proxy, *holders.by_mail)
    for entry in found:
        entries.require_readable(entry, "proxyAddresses")
        if room.email in {canonical(address) for address in entry.primary_addresses}:
            return entry
    return next(iter(found), None)


def _judge_without_type(entry: DirectoryEntry, expected: str) -> None:
    """Judge an object without any Exchange type: no mailbox for certain, or perhaps only not readable."""
    classes = {value.decode("utf-8", "replace").lower() for value in hint(entry, "objectClass")}
    other = sorted(classes.intersection(NO_MAILBOX_CLASSES))
    found = f"the address belongs to a {other[0] if other else ''}"
    expect(not other, expected=expected, found=found, cause="not-a-mailbox", fix=NOT_A_MAILBOX_FIX)
    raise NotMeasured(
        "the object's Exchange type is absent or not readable, so it is unknown whether it is a room",
        cause=entries.UNREADABLE,
    )


ALIAS_FIX = fix(
    "Write the primary address into the site file (and into the rooms' CSV file); nothing changes on the servers.",
    "Only if the configured address is to become the primary one: " + EXCHANGE,
    "  Get-Mailbox -Identity '{target}' | Format-List PrimarySmtpAddress,EmailAddresses,EmailAddressPolicyEnabled",
    "  Set-Mailbox -Identity '{target}' -EmailAddressPolicyEnabled $false -PrimarySmtpAddress '{target}'" + SAFE,
    "To undo, set the former address and policy. " + REPLICATION,
)
SHARED_FIX = fix(
    "Check who has the address, and let a person decide who keeps it. " + EXCHANGE,
    "  $smtp = 'smtp:' + '{target}'; Get-ADObject -Filter 'proxyAddresses -eq $smtp' -Properties mail,proxyAddresses",
    "Then remove it from the email addresses of the other one. To undo, add it there again. " + REPLICATION,
)


@requirement(
    "ROOM-2",
    title="Address is the room's primary address",
    per=Per.ROOM,
    owner=Owner.EXCHANGE,
    consequence="Exchange refuses impersonation by any address but the primary one, and bookings go astray.",
    fix=fix(
        "The room needs exactly one primary address. " + EXCHANGE,
        "  Get-Mailbox -Identity '{target}' | Format-List PrimarySmtpAddress,EmailAddresses,EmailAddressPolicyEnabled",
        "  Set-Mailbox -Identity '{target}' -EmailAddressPolicyEnabled $false -PrimarySmtpAddress '{target}'" + SAFE,
        "To undo, set the former address and policy. " + REPLICATION,
    ),
    link="https://learn.microsoft.com/en-us/exchange/recipients/user-mailboxes/email-addresses?view=exchserver-2019",
    guide="Room resources",
    reads=("proxyAddresses",),
    steps={"primary-not-one": "room_primary", "alias": "room_alias", "held-twice": "room_shared"},
)
def test_room_address_is_primary(room: Room, room_addresses: RoomAddresses, notes: Notes) -> None:
    """Each configured address MUST be the primary address of its room, and nobody else may have it."""
    expected = "the configured address as the room's one primary address, and nobody else's"
    holders = room_addresses.holders
    expect(
        len(holders) == 1,
        expected=expected,
        found=f"{len(holders)} objects have the address: {'; '.join(sorted(holders))}",
        cause="held-twice",
        fix=SHARED_FIX,
    )
    primaries = tuple(canonical(address) for address in room_addresses.primaries)
    expect(
        len(primaries) == 1,
        expected=expected,
        found=f"the room has {len(primaries)} primary addresses ({', '.join(primaries) or 'none'})",
        cause="primary-not-one",
    )
    expect(
        primaries[0] == room.email,
        expected=expected,
        found=f"it is an alias of the room; the primary address is {primaries[0]}",
        cause="alias",
        fix=ALIAS_FIX,
        owner=Owner.INSTALLER,
    )
    if room_addresses.source == "ResolveNames":
        notes.add("According to ResolveNames, which does not see who is hidden from address lists.")
    elif room_addresses.forest_wide:
        notes.add("The address is unique in the forest, according to a global catalog.")
    elif room_addresses.catalog_missing:
        raise NotMeasured(
            f"the address is unique in {room_addresses.source}, but the global catalog of the site file was not "
            "available: another domain may have it too"
        )
    else:
        notes.add(f"The address is unique in {room_addresses.source}; other domains of the forest were not queried.")
