"""Facts made by hand: a healthy site, which a test spoils in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.core.errors import NotMeasured, RequirementFailed
from pytest_flowscape.facts import (
    FILETIME_EPOCH,
    FILETIME_NEVER,
    AddressTried,
    Bind,
    Certificate,
    DirectoryEntry,
    DirectoryView,
    Endpoint,
    FolderAnswer,
    Grant,
    Holders,
    Host,
    Kind,
    MailboxAnswer,
    MailboxRights,
    PermissionEntry,
    SignIn,
    SiteFacts,
    Trouble,
    Vantage,
)
from pytest_flowscape.facts.names import FIVE_FOLDERS
from pytest_flowscape.judging.causes import CAUSES
from pytest_flowscape.requirement import Notes
from pytest_flowscape.site.model import Exchange, PasswordSource, Room, ServiceAccount, Site, Users

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=timezone.utc)
EMAIL = "svc@customer.com"
ATLAS = "atlas@customer.com"
ALICE = "alice@customer.com"
OWN_SID = "S-1-5-21-1-2-3-1105"
GROUP_SID = "S-1-5-21-1-2-3-2201"
OWN_IDS = frozenset(("own-inbox", "own-calendar"))
RIGHTS = ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems")
ALL = dict.fromkeys(RIGHTS, True)
PROTECTED_USERS = "S-1-5-21-1-2-3-525"


def trouble(kind: Kind, said: str = "said", **more: Any) -> Trouble:
    return Trouble(kind, said, **more)


NO_ACCESS = trouble(Kind.NO_ACCESS, "ErrorItemNotFound", code="ErrorItemNotFound")
REFUSED = trouble(Kind.IMPERSONATION_REFUSED, "ErrorImpersonateUserDenied", code="ErrorImpersonateUserDenied")
NO_MAILBOX = trouble(Kind.NO_MAILBOX, "ErrorNonExistentMailbox", code="ErrorNonExistentMailbox")
NOT_PRIMARY = trouble(
    Kind.NOT_PRIMARY,
    "not the primary address",
    code="ErrorNonPrimarySmtpAddress",
    values={"Primary": "new@customer.com"},
)


def filetime(moment: datetime) -> int:
    return (moment - FILETIME_EPOCH) // timedelta(microseconds=1) * 10


def site(**changes: Any) -> Site:
    healthy = Site(
        path=Path("site.ini"),
        customer="Customer",
        name="Head office",
        contact="A. Admin",
        exchange=Exchange(hostname="mail.customer.com"),
        service_account=ServiceAccount("CUSTOMER\\svc", EMAIL, PasswordSource("env", "SVC_PASSWORD")),
        rooms=(Room(ATLAS), Room("borealis@customer.com")),
        users=Users(addresses=(ALICE,), out_of_scope="canary@customer.com"),
        expected_rooms=2,
        password_by="vault",
    )
    return replace(healthy, **changes)


def entry(dn: str = "CN=svc,DC=customer,DC=com", unreadable: tuple[str, ...] = (), **attributes: Any) -> DirectoryEntry:
    """Make an object; underscores become dashes, a value is text, number, bytes, a list of them, or None to drop."""
    raw = {}
    for name, given in attributes.items():
        values = given if isinstance(given, (list, tuple)) else [given]
        raw[name.replace("_", "-").lower()] = tuple(
            v if isinstance(v, bytes) else str(v).encode() for v in values if v is not None
        )
    kept = {name: values for name, values in raw.items() if values and name not in unreadable}
    return DirectoryEntry(dn, "dc01", kept, frozenset(unreadable))


def account(unreadable: tuple[str, ...] = (), dn: str = "CN=svc,DC=customer,DC=com", **changes: Any) -> DirectoryEntry:
    healthy: dict[str, Any] = {
        "objectClass": ["top", "person", "user"],
        "givenName": "Flow",
        "sn": "Scape",
        "mail": EMAIL,
        "mailNickname": "svc",
        "proxyAddresses": [f"SMTP:{EMAIL}", "smtp:svc@customer.local", "X500:/o=org"],
        "userAccountControl": 0x10200,
        "msDS_User_Account_Control_Computed": 0,
        "msDS_UserPasswordExpiryTimeComputed": FILETIME_NEVER,
        "accountExpires": FILETIME_NEVER,
        "msExchRecipientTypeDetails": 1,
    }
    return entry(dn, unreadable, **{**healthy, **changes})


def room_entry(
    dn: str = "CN=Atlas,DC=customer,DC=com", unreadable: tuple[str, ...] = (), **changes: Any
) -> DirectoryEntry:
    healthy: dict[str, Any] = {
        "objectClass": ["top", "person", "user"],
        "mail": ATLAS,
        "proxyAddresses": [f"SMTP:{ATLAS}"],
        "userAccountControl": 0x202,
        "msExchRecipientTypeDetails": 16,
        "msExchRecipientDisplayType": 7,
    }
    return entry(dn, unreadable, **{**healthy, **changes})


def certificate(**changes: Any) -> Certificate:
    healthy = Certificate(
        subject="CN=mail.customer.com",
        issuer="CN=Issuing CA",
        names=("mail.customer.com",),
        not_before=NOW - timedelta(days=100),
        not_after=NOW + timedelta(days=265),
        sha256="ab" * 32,
    )
    return replace(healthy, **changes)


def host(**changes: Any) -> Host:
    healthy = Host(
        hostname="mail.customer.com",
        port=443,
        addresses=(AddressTried("192.0.2.1", "IPv4", tls_version="TLSv1.3"),),
        certificate=certificate(),
        trusted_by="operating system",
        source_address="192.0.2.9",
    )
    return replace(healthy, **changes)


def own_mailbox(**folders: FolderAnswer) -> MailboxAnswer:
    """Make the account's own mailbox; ``bare`` and ``by_address`` replace the two inbox answers."""
    bare = folders.get("bare", FolderAnswer("inbox", "own-inbox"))
    by_address = folders.get("by_address", FolderAnswer("inbox@address", "own-inbox"))
    return MailboxAnswer(EMAIL, folders=(bare, by_address, FolderAnswer("calendar", "own-calendar")))


def view(**changes: Any) -> DirectoryView:
    healthy = DirectoryView(
        bind=Bind("ldaps://dc01", "CUSTOMER\\svc"),
        account=account(),
        account_holders=Holders(EMAIL, by_proxy=(account(),)),
        token_sids=(OWN_SID, GROUP_SID),
    )
    return replace(healthy, **changes)


def calendar_of(whom: str, **changes: Any) -> MailboxAnswer:
    healthy = MailboxAnswer(whom, impersonated=whom, folders=(FolderAnswer("calendar", f"{whom}-calendar"),))
    return replace(healthy, **changes)


def facts(**changes: Any) -> SiteFacts:
    healthy = SiteFacts(
        vantage=Vantage(machine="installer-pc"),
        host=host(),
        endpoint=Endpoint("https://mail.customer.com/EWS/Exchange.asmx", 401, ("Negotiate", "NTLM")),
        sign_in=SignIn("CUSTOMER\\svc", tried=True, way="NTLM"),
        own_mailbox=own_mailbox(),
        self_as_owner=calendar_of(EMAIL),
        out_of_scope=MailboxAnswer("canary@customer.com", trouble=REFUSED),
        directory=view(),
    )
    return replace(healthy, **changes)


def closed(key: str, detail: str = "as the server said") -> SiteFacts:
    """Make the facts of a run that the table of causes stopped."""
    row = CAUSES[key]
    known: dict[str, Any] = {"sign_in": None, "own_mailbox": None, "self_as_owner": None, "out_of_scope": None}
    if row.side in ("ews", "both"):
        known |= {"ews_cause": key, "ews_detail": detail}
    if row.side in ("directory", "both"):
        known |= {"directory_cause": key, "directory_detail": detail, "directory": None}
    return facts(**known)


def causes_failing(id_: str) -> list[str]:
    """Return the causes by which the table fails a requirement."""
    keys = [key for key, cause in CAUSES.items() if cause.failed == id_]
    assert keys
    return keys


def sign_in_facts(known: SiteFacts | None = None, **changes: Any) -> dict[str, Any]:
    """Return what the requirements take that judge the sign-in itself, of a site with these changes."""
    known = known or facts()
    attempt = known.sign_in or SignIn("CUSTOMER\\svc")
    return {"site": site(**changes), "site_facts": known, "sign_in_attempt": attempt}


def anonymous(level: str = "None") -> PermissionEntry:
    return PermissionEntry("Anonymous", level)


def mailbox(
    address: str = ATLAS,
    rights: Mapping[str, Mapping[str, bool] | Trouble | None] | None = None,
    permissions: Mapping[str, tuple[PermissionEntry, ...] | None] | None = None,
    *,
    impersonated: bool = False,
) -> MailboxAnswer:
    """Make the five folders; ``rights`` and ``permissions`` replace those of single folders."""
    folders = []
    for name in FIVE_FOLDERS:
        given = (rights or {}).get(name, ALL)
        if isinstance(given, Trouble):
            folders.append(FolderAnswer(name, trouble=given))
            continue
        entries = (permissions or {}).get(name, (anonymous(),)) if impersonated else None
        folders.append(FolderAnswer(name, f"{address}-{name}", given, entries))
    return MailboxAnswer(address, impersonated=address if impersonated else "", folders=tuple(folders))


def rights(grant: Grant = Grant.GRANTED, *, ago: timedelta = timedelta(days=30)) -> MailboxRights:
    return MailboxRights(grant, OWN_SID, NOW - ago)


def passes(function: Callable[..., None], **given: Any) -> list[str]:
    """Call a requirement that must hold, with its notes where it takes any; return the notes."""
    notes = Notes()
    if "notes" in function.__code__.co_varnames[: function.__code__.co_argcount + function.__code__.co_kwonlyargcount]:
        given["notes"] = notes
    function(**given)
    return notes.lines


def fails(function: Callable[..., None], **given: Any) -> RequirementFailed:
    """Call a requirement that must fail; return the finding."""
    with pytest.raises(RequirementFailed) as caught:
        passes(function, **given)
    failed = caught.value
    assert failed.expected
    assert failed.found
    assert failed.cause
    return failed


def not_measured(function: Callable[..., None], **given: Any) -> NotMeasured:
    """Call a requirement that must raise NotMeasured; return that error."""
    with pytest.raises(NotMeasured) as caught:
        passes(function, **given)
    assert caught.value.reason
    return caught.value
