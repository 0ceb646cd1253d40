"""The fault of every requirement: each plants the defect of that requirement and nothing else.

To add one, write a function and name its requirement: ``@fault("ROOM-3")``.
``conditions`` has everything else that can be wrong with a site. ``plant``
takes either, at start or while running, as ``NAME`` or ``NAME:TARGET``.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from pytest_flowscape.simulator.changes import without_grant
from pytest_flowscape.simulator.conditions import CONDITIONS
from pytest_flowscape.simulator.conditions.fields import SITE
from pytest_flowscape.simulator.model import DOMAIN_SID, Account
from pytest_flowscape.simulator.runtime import Runtime
from pytest_flowscape.simulator.sign_in import filetime

Fault = Callable[[Runtime, str], None]
FAULTS: dict[str, Fault] = {}  # by requirement id


class PlantError(Exception):
    """A fault cannot be planted; the text says why."""


def plant(runtime: Runtime, text: str) -> None:
    """Plant ``NAME`` or ``NAME:TARGET``; the target of a site-wide fault may be ``site``.

    Raises PlantError for an unknown name or a target that does not exist.
    """
    name, _, target = text.partition(":")
    planted = FAULTS.get(name) or CONDITIONS.get(name)
    if planted is None:
        raise PlantError(f"there is no fault {name}; there are {', '.join([*FAULTS, *CONDITIONS])}")
    try:
        planted(runtime, (target or SITE).strip().lower())
    except (KeyError, StopIteration) as error:
        raise PlantError(f"{text} cannot be planted: {error}") from error
    runtime.organisation.revision += 1


def fault(*requirements: str) -> Callable[[Fault], Fault]:
    """Mark a function as the fault of these requirements; it gets the running simulator and the target."""

    def register(function: Fault) -> Fault:
        FAULTS.update(dict.fromkeys(requirements, function))
        return function

    return register


@fault("HOST-1")
def refuse_connections(runtime: Runtime, _target: str) -> None:
    """Refuse connections to EWS; the directory stays up."""
    runtime.ews.close()


@fault("HOST-2")
def show_wrong_certificate(runtime: Runtime, _target: str) -> None:
    """Show a certificate that names another host."""
    runtime.show_certificate("name")


@fault("HOST-3")
def serve_no_ews(runtime: Runtime, _target: str) -> None:
    """Have no EWS at that host."""
    runtime.organisation.policy.before_sign_in = "404"


@fault("ACCOUNT-1")
def omit_last_name(runtime: Runtime, _target: str) -> None:
    """Leave out the service account's last name."""
    runtime.service.sn = ""


@fault("ACCOUNT-2")
def disable_account(runtime: Runtime, _target: str) -> None:
    """Disable the service account."""
    runtime.service.enabled = False


@fault("ACCOUNT-3")
def remove_own_mailbox(runtime: Runtime, _target: str) -> None:
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


@fault("ACCOUNT-4")
def let_password_expire(runtime: Runtime, _target: str) -> None:
    """Let the password expire in eighty days, by the domain's policy."""
    now = datetime.now(timezone.utc)
    service = runtime.service
    service.password_never_expires = False
    service.pwd_last_set = filetime(now - timedelta(days=10))
    service.password_expires = filetime(now + timedelta(days=80))


@fault("ACCOUNT-5")
def redirect_after_sign_in(runtime: Runtime, _target: str) -> None:
    """Ask for another sign-in step after the password."""
    runtime.organisation.policy.after_sign_in = "302"


@fault("ACCOUNT-6")
def change_mail_attribute(runtime: Runtime, _target: str) -> None:
    """Set the attribute mail to another value than the primary SMTP address."""
    runtime.service.mail = "flowscape.old@demo.test"


@fault("ROOM-1")
def make_user_mailbox(runtime: Runtime, target: str) -> None:
    """Make the room's mailbox a user mailbox by type."""
    owner = runtime.owner(target)
    owner.recipient_type_details = 1
    owner.recipient_display_type = 1073741824
    owner.resource_metadata = ()


@fault("ROOM-2")
def add_second_holder(runtime: Runtime, target: str) -> None:
    """Add another object that has the room's address too, as a secondary one."""
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


@fault("PERMISSION-1")
def revoke_full_access(runtime: Runtime, target: str) -> None:
    """Take FullAccess on the room away."""
    without_grant(runtime, target)


@fault("IMPERSONATION-1", "IMPERSONATION-2")
def exclude_from_scope(runtime: Runtime, target: str) -> None:
    """Take the mailbox out of the scope of the impersonation role."""
    runtime.organisation.change_scope(runtime.mailbox(target).primary)


@fault("IMPERSONATION-3")
def exclude_account_from_scope(runtime: Runtime, _target: str) -> None:
    """Take the service account itself out of the scope of the impersonation role."""
    runtime.organisation.change_scope(runtime.own_mailbox.primary)


@fault("CALENDAR-1")
def damage_calendar(runtime: Runtime, target: str) -> None:
    """Damage the room's calendar, so that it cannot be synchronised."""
    runtime.mailbox(target).sync_trouble = "ErrorCorruptData"


@fault("CALENDAR-2")
def refuse_updates(runtime: Runtime, target: str) -> None:
    """Refuse everybody but its owner to change items in the room's mailbox."""
    runtime.mailbox(target).refuses["UpdateItem"] = "ErrorAccessDenied"


@fault("CALENDAR-3")
def decline_bookings(runtime: Runtime, target: str) -> None:
    """Let nobody book the room: it declines every request."""
    runtime.mailbox(target).processing.all_book_in_policy = False


@fault("HANDOVER-1")
def change_password(runtime: Runtime, _target: str) -> None:
    """Change the account's password; the one that was handed over is wrong."""
    runtime.service.password = f"changed {uuid.uuid4()}"
