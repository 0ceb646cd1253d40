"""Changes to a scenario's organisation before it starts: child domains and other forests."""

from __future__ import annotations

from pytest_flowscape.simulator.domains import Domain
from pytest_flowscape.simulator.model import DOMAIN_SID, Account, Organisation

CHILD = Domain(
    "DC=emea,DC=demo,DC=test", "EMEA", "emea.demo.test", "S-1-5-21-2014336348-2177238915-1682003330"
)  # below the first domain
ACCOUNTS = Domain(
    "DC=accounts,DC=example", "ACCOUNTS", "accounts.example", "S-1-5-21-3014336348-3177238915-2682003330", trusted=True
)  # the forest in which people have their accounts, where Exchange has one of its own


def _change_dn(organisation: Organisation, account: Account, dn: str) -> None:
    for group in organisation.groups.values():
        group.members = [dn if member == account.dn else member for member in group.members]
    account.dn = dn


def move_to_child(organisation: Organisation, *addresses: str) -> None:
    """Move the accounts with these addresses to the child domain; addresses and rights stay as they are."""
    if CHILD not in organisation.more_domains:
        organisation.more_domains.append(CHILD)
    for address in addresses:
        account = organisation.owner(address)
        _change_dn(organisation, account, account.dn.removesuffix(organisation.base_dn) + CHILD.base_dn)


def add_namesake(organisation: Organisation, sam: str) -> None:
    """Add a disabled account without mailbox in the first domain that has this sAMAccountName, too."""
    namesake = Account(
        sam=sam,
        upn=f"other-{sam}@demo.test",
        dn=f"CN=Other {sam},OU=People,{organisation.base_dn}",
        sid=f"{DOMAIN_SID}-1188",
        enabled=False,
        recipient_type_details=None,
        recipient_display_type=None,
        mailbox_guid=None,
    )
    organisation.accounts[namesake.sid] = namesake


def take_address_in_child(organisation: Organisation, address: str) -> None:
    """Add an object of the child domain that has this address too, as a secondary one."""
    if CHILD not in organisation.more_domains:
        organisation.more_domains.append(CHILD)
    taker = Account(
        sam="former-room",
        upn="former-room@emea.demo.test",
        dn=f"CN=Former room,OU=Contacts,{CHILD.base_dn}",
        sid=f"{CHILD.sid}-1188",
        mail="former-room@emea.demo.test",
        proxy_addresses=["SMTP:former-room@emea.demo.test", f"smtp:{address}"],
        enabled=False,
        recipient_type_details=128,
        recipient_display_type=6,
        mailbox_guid=None,
    )
    organisation.accounts[taker.sid] = taker


def link_service_account(organisation: Organisation) -> None:
    """Make the service account's mailbox a linked one, as New-Mailbox -LinkedMasterAccount leaves it.

    Its object here is disabled; an account of another forest with the same
    name signs in, and all rights are that account's.
    """
    linked = organisation.accounts[organisation.service_account]
    master = Account(
        sam=linked.sam,
        upn=f"{linked.sam}@{ACCOUNTS.dns}",
        dn=f"CN={linked.sam},OU=Services,{ACCOUNTS.base_dn}",
        sid=f"{ACCOUNTS.sid}-3105",
        password=linked.password,
        password_never_expires=True,
        recipient_type_details=None,
        recipient_display_type=None,
        mailbox_guid=None,
    )
    organisation.more_domains.append(ACCOUNTS)
    organisation.accounts[master.sid] = master
    for mailbox in organisation.mailboxes.values():
        for entry in mailbox.access:
            entry.sid = master.sid if entry.sid == linked.sid else entry.sid
    for role in organisation.roles:
        role.assignee_sid = master.sid if role.assignee_sid == linked.sid else role.assignee_sid
    for group in organisation.groups.values():
        group.members = [master.dn if member == linked.dn else member for member in group.members]
    linked.enabled, linked.password, linked.password_never_expires, linked.pwd_last_set = False, None, False, 0
    linked.must_change_password = True
    linked.recipient_type_details, linked.master_sid = 2, master.sid
    organisation.service_account = master.sid
