"""What the directory holds: the customer of the simulator's scenario ``ready``, with SIDs of the directory's own.

Accounts, rooms, groups and the objects of role-based access control, each as
an administrator and Exchange's own setup would have left it.
"""

from __future__ import annotations

from pytest_flowscape.simulator.model import Account, Organisation
from pytest_flowscape.simulator.scenarios import load
from pytest_flowscape.simulator.scenarios.ready import SERVICE_DN
from tests.real_ad import exchange_schema
from tests.real_ad.administrator import (
    ALLOW_OBJECT,
    CONTAINER_INHERIT,
    READ_PROPERTY,
    Administrator,
    entry,
    full_access,
    mailbox_descriptor,
    sid_bytes,
)

BASE = "DC=demo,DC=test"
CONFIGURATION = f"CN=Configuration,{BASE}"
SCHEMA = f"CN=Schema,{CONFIGURATION}"
EXCHANGE = f"CN=Microsoft Exchange,CN=Services,{CONFIGURATION}"
ORGANISATION = f"CN=Demo Organization,{EXCHANGE}"
RBAC = f"CN=RBAC,{ORGANISATION}"
DATABASE = f"CN=DB01,CN=Databases,{ORGANISATION}"
SERVICE_ACCOUNTS, ROOMS, GROUPS = f"OU=Service Accounts,{BASE}", f"OU=Rooms,{BASE}", f"OU=Groups,{BASE}"
UNITS = (SERVICE_ACCOUNTS, ROOMS, GROUPS, f"OU=People,{BASE}")
SERVICE = SERVICE_DN
READER = f"CN=Reader,{SERVICE_ACCOUNTS}"
READER_UPN = "reader@demo.test"
AUTHENTICATED_USERS, SELF = "S-1-5-11", "S-1-5-10"
NORMAL, DISABLED, NEVER_EXPIRES, SMART_CARD = 0x200, 0x2, 0x10000, 0x40000
LOCKOUT_THRESHOLD = 5
FOR_EVER = -(1 << 63)  # until an administrator unlocks it
HALF_AN_HOUR = -30 * 60 * 10_000_000


def add_exchange(administrator: Administrator) -> None:
    """Change the forest as Exchange's setup does: schema, rights to read it, organisation, database, roles."""
    for batch in exchange_schema.batches():
        for relative, kind, values in batch:
            administrator.add(f"{relative},{SCHEMA}", kind, **values)  # type: ignore[arg-type]
        administrator.reload_schema()
    for name, attributes in exchange_schema.new_attributes().items():
        administrator.extend(f"CN={name},{SCHEMA}", mayContain=attributes)
    administrator.reload_schema()
    administrator.add(
        f"CN=Exchange-Information,CN=Extended-Rights,{CONFIGURATION}",
        "controlAccessRight",
        displayName="Exchange Information",
        rightsGuid=str(exchange_schema.EXCHANGE_INFORMATION),
        validAccesses=48,
        appliesTo="bf967aba-0de6-11d0-a285-00aa003049e2",  # the class user
    )
    readable = exchange_schema.EXCHANGE_INFORMATION
    everybody = entry(AUTHENTICATED_USERS, READ_PROPERTY, kind=ALLOW_OBJECT, flags=CONTAINER_INHERIT, about=readable)
    administrator.permit(BASE, everybody)
    administrator.add(EXCHANGE, "msExchConfigurationContainer")
    administrator.add(ORGANISATION, "msExchOrganizationContainer")
    for name in (
        f"CN=Databases,{ORGANISATION}",
        RBAC,
        *(f"CN={n},{RBAC}" for n in ("Roles", "Role Assignments", "Scopes")),
    ):
        administrator.add(name, "container")
    administrator.add(DATABASE, "msExchPrivateMDB")
    administrator.add(f"CN=ApplicationImpersonation,CN=Roles,{RBAC}", "msExchRole")


def populate(administrator: Administrator, rooms: int, password: str) -> None:
    """Fill the domain with the customer of ``ready``; ``password`` is that of the service account and of the reader."""
    organisation = load("ready", rooms=rooms, password=password).organisation
    administrator.set(
        BASE,
        lockoutThreshold=LOCKOUT_THRESHOLD,
        lockoutDuration=FOR_EVER,
        lockOutObservationWindow=HALF_AN_HOUR,
        minPwdAge=0,
    )
    for unit in UNITS:
        administrator.add(unit, "organizationalUnit")
    sids: dict[str, str] = {}  # those of the scenario -> those of this directory
    for account in organisation.accounts.values():
        dn = add_account(administrator, account)
        sids[account.sid] = administrator.sid(dn)
        if account.enabled:  # people sign in
            administrator.set_password(dn, password)
            administrator.set(dn, userAccountControl=NORMAL)
    administrator.set_password(SERVICE, password)
    administrator.set(SERVICE, userAccountControl=NORMAL | NEVER_EXPIRES)
    add_reader(administrator, password)
    for group in organisation.groups.values():
        administrator.add(group.dn, "group", sAMAccountName=group.name)
        sids[group.sid] = administrator.sid(group.dn)
    for group in organisation.groups.values():
        administrator.set(group.dn, member=group.members)
    _grant(administrator, organisation, sids)
    _assign_roles(administrator)


def add_account(administrator: Administrator, account: Account, **changed: str | int | bytes | list[str] | None) -> str:
    """Add a user object as its account in the model has it, and return its distinguished name; ``changed`` goes first.

    Without a password it can only be disabled, as a room's is.
    """
    person = account.recipient_type_details == 1
    values = {
        "sAMAccountName": account.sam,
        "userPrincipalName": account.upn,
        "displayName": account.display_name,
        "givenName": account.given_name,
        "sn": account.sn,
        "mail": account.mail,
        "mailNickname": account.mail.partition("@")[0],
        "proxyAddresses": account.proxy_addresses,
        "homeMDB": DATABASE,
        "msExchMailboxGuid": account.mailbox_guid.bytes_le if account.mailbox_guid else None,
        "msExchRecipientTypeDetails": account.recipient_type_details,
        "msExchRecipientDisplayType": account.recipient_display_type,
        "msExchResourceMetaData": list(account.resource_metadata),
        "msExchMasterAccountSid": None if person else sid_bytes(SELF),
        "userAccountControl": NORMAL | DISABLED,
        **changed,
    }
    return administrator.add(account.dn, "user", **values)


def add_reader(administrator: Administrator, password: str) -> None:
    """Add an ordinary account that only reads the directory."""
    administrator.add(READER, "user", sAMAccountName="reader", userPrincipalName=READER_UPN, displayName="Reader")
    administrator.set_password(READER, password)
    administrator.set(READER, userAccountControl=NORMAL | NEVER_EXPIRES)


def _grant(administrator: Administrator, organisation: Organisation, sids: dict[str, str]) -> None:
    for mailbox in organisation.mailboxes.values():
        entries = [full_access(sids[access.sid], allow=access.allow) for access in mailbox.access]
        owner = organisation.accounts[mailbox.owner_sid].dn
        administrator.set(owner, msExchMailboxSecurityDescriptor=mailbox_descriptor(*entries))


def _assign_roles(administrator: Administrator) -> None:
    role = f"CN=ApplicationImpersonation,CN=Roles,{RBAC}"
    scope = administrator.add(f"CN=Flowscape,CN=Scopes,{RBAC}", "msExchScope")
    admins = administrator.add(
        f"CN=Organization Management,{GROUPS}", "group", sAMAccountName="Organization Management"
    )
    here = f"CN=Role Assignments,{RBAC}"
    administrator.add(
        f"CN=Flowscape Impersonation,{here}",
        "msExchRoleAssignment",
        msExchRoleLink=role,
        msExchUserLink=SERVICE,
        msExchDomainRestrictionLink=scope,
    )
    # every Exchange has this one: it lets a group hand the role on, not use it
    administrator.add(
        f"CN=ApplicationImpersonation-Organization Management-Delegating,{here}",
        "msExchRoleAssignment",
        msExchRoleLink=role,
        msExchUserLink=admins,
    )
