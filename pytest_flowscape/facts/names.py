"""The facts by name: what a requirement may ask for, and what is asked of Exchange for it."""

from __future__ import annotations

from collections.abc import Mapping

FACTS = frozenset(
    (
        "site",
        "site_facts",
        "host",
        "endpoint",
        "sign_in",
        "own_mailbox",
        "own_folder_ids",
        "self_as_owner",
        "out_of_scope",
        "directory",
        "account_entry",
        "account_state",
        "account_names",
        "room",
        "user",
        "room_entry",
        "room_addresses",
        "room_rights",
        "room_as_owner",
        "room_as_delegate",
        "room_sync",
        "user_as_owner",
        "room_booking",
        "room_meeting",
    )
)
# names of the facts that a second look measures anew
ROOM_FACT_NAMES = frozenset(("room_entry", "room_addresses", "room_as_owner", "room_as_delegate", "room_sync"))


OWNER, DELEGATE, SYNC, NAMES, USERS = "owner", "delegate", "sync", "names", "users"


KINDS = (OWNER, DELEGATE, SYNC, NAMES, USERS)


# known of the whole chunk before any of it is judged: whose folders were seen decides about each mailbox
TOGETHER = frozenset((OWNER, DELEGATE, USERS))


# what is asked of Exchange for a fact
ASKED_FOR: Mapping[str, tuple[str, ...]] = {
    "room_as_owner": (OWNER,),
    "room_as_delegate": (OWNER, DELEGATE),
    "room_booking": (OWNER, DELEGATE),
    "room_meeting": (OWNER, DELEGATE),
    "room_sync": (SYNC,),
    "user_as_owner": (USERS,),
}


FIVE_FOLDERS = ("msgfolderroot", "inbox", "calendar", "sentitems", "deleteditems")
