"""The named fault of every requirement: each plants the defect of that requirement and nothing else.

``FAULTS`` is keyed by requirement id; ``CONDITIONS`` (``conditions.py``) has
everything else that can be wrong with a site. ``plant`` takes either, at start
or while running, as ``NAME`` or ``NAME:TARGET``.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from pytest_flowscape.simulator.changes import change_scope, without_grant
from pytest_flowscape.simulator.conditions import CONDITIONS
from pytest_flowscape.simulator.model import DOMAIN_SID, Account
from pytest_flowscape.simulator.runtime import Runtime
from pytest_flowscape.simulator.sign_in import filetime

SITE = "site"
Fault = Callable[[Runtime, str], None]


class PlantError(Exception):
    """A fault cannot be planted; the text says why."""


def _host_1(runtime: Runtime, _target: str) -> None:
    """Refuse connections to EWS; the directory stays up."""
    runtime.ews.close()


def _host_2(runtime: Runtime, _target: str) -> None:
    """Show a certificate that names another host."""
    runtime.show_certificate("name")


def _host_3(runtime: Runtime, _target: str) -> None:
    """Have no EWS at that host."""
    runtime.organisation.policy.before_sign_in = "404"


def _account_1(runtime: Runtime, _target: str) -> None:
    """Leave out the service account's last name."""
    runtime.service.sn = ""


def _account_2(runtime: Runtime, _target: str) -> None:
    """Disable the service account."""
    runtime.service.enabled = False


def _account_3(runtime: Runtime, _target: str) -> None:
    """Take the service account's mailbox away: in the directory a mail user is left, with the same addresses."""
    service = runtime.service
    runtime.organisation.mailboxes = {
        address: mailbox
        for address, mailbox in runtime.organisation.mailboxes.items()
        if mailbox.owner_sid != service.sid
    }
    service.recipient_type_details = 128
    service.recipient_display_type = 6
    service.mailbox_guid = None


def _account_4(runtime: Runtime, _target: str) -> None:
    """Let the password expire in eighty days, by the domain's policy."""
    now = datetime.now(timezone.utc)
    service = runtime.service
    service.password_never_expires = False
    service.pwd_last_set = filetime(now - timedelta(days=10))
    service.password_expires = filetime(now + timedelta(days=80))


def _account_5(runtime: Runtime, _target: str) -> None:
    """Ask for another sign-in step after the password."""
    runtime.organisation.policy.after_sign_in = "302"


def _account_6(runtime: Runtime, _target: str) -> None:
    """Return the attribute mail another value than the primary SMTP address."""
    runtime.service.mail = "flowscape.old@demo.test"


def _room_1(runtime: Runtime, target: str) -> None:
    """Make the room's mailbox a user mailbox by type."""
    owner = runtime.owner(target)
    owner.recipient_type_details = 1
    owner.recipient_display_type = 1073741824
    owner.resource_metadata = ()


def _room_2(runtime: Runtime, target: str) -> None:
    """Return the room's address to another object too, as a secondary one."""
    address = runtime.mailbox(target).primary
    local = address.partition("@")[0]
    sid = f"{DOMAIN_SID}-{9000 + len(runtime.organisation.accounts)}"
    runtime.organisation.accounts[sid] = Account(
        sam=f"old-{local}"[:20],
        upn=f"old-{local}@demo.test",
        dn=f"CN=Old {local},OU=Contacts,DC=demo,DC=test",
        sid=sid,
        mail=f"old-{local}@demo.test",
        display_name=f"Old {local}",
        proxy_addresses=[f"SMTP:old-{local}@demo.test", f"smtp:{address}"],
        enabled=False,
        recipient_type_details=128,
        recipient_display_type=6,
        object_guid=uuid.uuid4(),
        mailbox_guid=None,
    )


def _permission_1(runtime: Runtime, target: str) -> None:
    """Take FullAccess on the room away."""
    without_grant(runtime, target)


def _impersonation(runtime: Runtime, target: str) -> None:
    """Take the mailbox out of the scope of the impersonation role."""
    change_scope(runtime, runtime.mailbox(target).primary, None)


def _impersonation_3(runtime: Runtime, _target: str) -> None:
    """Take the service account itself out of the scope of the impersonation role."""
    own = next(m for m in runtime.organisation.mailboxes.values() if m.owner_sid == runtime.service.sid)
    change_scope(runtime, own.primary, None)


def _calendar_1(runtime: Runtime, target: str) -> None:
    """Damage the room's calendar, so that it cannot be synchronised."""
    runtime.mailbox(target).sync_trouble = "ErrorCorruptData"


def _calendar_2(runtime: Runtime, target: str) -> None:
    """Refuse everybody but its owner to change items in the room's mailbox."""
    runtime.mailbox(target).refuses["UpdateItem"] = "ErrorAccessDenied"


def _calendar_3(runtime: Runtime, target: str) -> None:
    """Let nobody book the room: it declines every request."""
    runtime.mailbox(target).processing.all_book_in_policy = False


def _handover_1(runtime: Runtime, _target: str) -> None:
    """Change the account's password; the one that was handed over is wrong."""
    runtime.service.password = f"changed {uuid.uuid4()}"


FAULTS: dict[str, Fault] = {
    "HOST-1": _host_1,
    "HOST-2": _host_2,
    "HOST-3": _host_3,
    "ACCOUNT-1": _account_1,
    "ACCOUNT-2": _account_2,
    "ACCOUNT-3": _account_3,
    "ACCOUNT-4": _account_4,
    "ACCOUNT-5": _account_5,
    "ACCOUNT-6": _account_6,
    "ROOM-1": _room_1,
    "ROOM-2": _room_2,
    "PERMISSION-1": _permission_1,
    "IMPERSONATION-1": _impersonation,
    "IMPERSONATION-2": _impersonation,
    "IMPERSONATION-3": _impersonation_3,
    "CALENDAR-1": _calendar_1,
    "CALENDAR-2": _calendar_2,
    "CALENDAR-3": _calendar_3,
    "HANDOVER-1": _handover_1,
}


def plant(runtime: Runtime, text: str) -> None:
    """Plant ``NAME`` or ``NAME:TARGET``; the target of a site-wide fault may be ``site``.

    Raises PlantError for an unknown name or a target that does not exist.
    """
    name, _, target = text.partition(":")
    fault = FAULTS.get(name) or CONDITIONS.get(name)
    if fault is None:
        raise PlantError(f"there is no fault {name}; there are {', '.join([*FAULTS, *CONDITIONS])}")
    try:
        fault(runtime, (target or SITE).strip().lower())
    except (KeyError, StopIteration) as error:
        raise PlantError(f"{text} cannot be planted: {error}") from error
    runtime.organisation.revision += 1
