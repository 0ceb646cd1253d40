"""A user object's attributes, as Active Directory with Exchange's schema shows them.

Rooms, people and the service account alike. What the model leaves unset is
absent here, as in a real directory; ``Account.extra`` goes before all of it.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_flowscape.simulator.directory.descriptor import SELF, security_descriptor
from pytest_flowscape.simulator.directory.names import common_name, sid_bytes
from pytest_flowscape.simulator.directory.schema import Values, generalized_time, number, text
from pytest_flowscape.simulator.directory.view import View
from pytest_flowscape.simulator.model import NEVER, Account
from pytest_flowscape.simulator.model_meetings import MailFlow
from pytest_flowscape.simulator.sign_in import filetime

# userAccountControl (MS-ADTS 2.2.16) and its computed half (3.1.1.4.5.17)
NORMAL_ACCOUNT, ACCOUNTDISABLE, DONT_EXPIRE_PASSWORD, SMARTCARD_REQUIRED = 0x200, 0x2, 0x10000, 0x40000
LOCKOUT, PASSWORD_EXPIRED = 0x10, 0x800000
MAX_PASSWORD_AGE = 42 * 86_400 * 10_000_000  # Windows' default, in ticks
# recipient types whose owner is a disabled account and whose master is Self: shared, room, equipment
SELF_MASTERED = (4, 16, 32)
USERS_GROUP = "S-1-5-32-545"  # BUILTIN\Users: in every token beside Domain Users and the groups of the model

UserAttribute = Callable[[Account, View], Values]


def has_recipient(account: Account) -> bool:
    """Whether Exchange knows the account: no other has a mailNickname."""
    return account.recipient_type_details is not None or account.mailbox_guid is not None


def nickname(account: Account) -> str:
    """Return Exchange's alias: the name that the mailbox had at first, whatever its addresses are now."""
    return (account.upn.partition("@")[0] or account.sam) if has_recipient(account) else ""


def user_account_control(account: Account) -> int:
    """Return the stored flags."""
    return (
        NORMAL_ACCOUNT
        | (0 if account.enabled else ACCOUNTDISABLE)
        | (DONT_EXPIRE_PASSWORD if account.password_never_expires else 0)
        | (SMARTCARD_REQUIRED if account.smart_card_required else 0)
    )


def computed_control(account: Account) -> int:
    """Return the computed flags: a password that must be changed counts as expired, unless it never expires."""
    lasting = account.password_never_expires or account.smart_card_required
    expired = not lasting and (account.password_expired or account.must_change_password)
    return (LOCKOUT if account.locked else 0) | (PASSWORD_EXPIRED if expired else 0)


def password_expiry(account: Account) -> int:
    """Return when the password expires: never, 0 for "must change", or a FILETIME (MS-ADTS 3.1.1.4.5.34)."""
    if account.password_never_expires or account.smart_card_required:
        return NEVER
    if account.must_change_password:
        return 0
    if account.password_expired:
        return min(account.password_expires, account.pwd_last_set + MAX_PASSWORD_AGE)
    return account.password_expires


def _lockout_time(account: Account) -> Values:
    if account.locked and not account.lockout_time:
        return number(filetime(account.when_changed))
    return number(account.lockout_time or None)


def _descriptor(account: Account, view: View) -> Values:
    mailbox = view.mailboxes.get(account.sid)
    return [] if mailbox is None else [security_descriptor(mailbox.access)]


def _hidden_from_lists(account: Account, view: View) -> Values:
    mailbox = view.mailboxes.get(account.sid)
    return text("TRUE" if mailbox is not None and mailbox.hidden_from_address_list else "")


def _token_groups(account: Account, view: View) -> Values:
    groups = view.organisation.token(account) - {account.sid}
    domain_users = f"{view.organisation.domain_of(account.dn).sid}-513"
    return [sid_bytes(sid) for sid in sorted(groups.union((domain_users, USERS_GROUP)))]


def _master_sid(account: Account, _view: View) -> Values:
    if account.master_sid:
        return [sid_bytes(account.master_sid)]
    return [sid_bytes(SELF)] if account.recipient_type_details in SELF_MASTERED else []


def _flow(account: Account, view: View) -> MailFlow:
    mailbox = view.mailboxes.get(account.sid)
    return MailFlow() if mailbox is None else mailbox.flow


def _names(view: View, *addresses: str) -> Values:
    """Return the distinguished names of those who own these mailboxes."""
    holders = (view.organisation.holder(address)[0] for address in addresses if address)
    owners = (view.organisation.accounts.get(mailbox.owner_sid) for mailbox in holders if mailbox is not None)
    return text(*(owner.dn for owner in owners if owner is not None))


def _forwarding_address(account: Account, view: View) -> Values:
    address = _flow(account, view).forward_smtp
    return text(f"smtp:{address}" if address else "")


USER: dict[str, UserAttribute] = {
    "objectClass": lambda _a, _v: text("top", "person", "organizationalPerson", "user"),
    "objectCategory": lambda _a, v: text(f"CN=Person,CN=Schema,CN=Configuration,{v.organisation.base_dn}"),
    "cn": lambda a, _v: text(common_name(a.dn)),
    "name": lambda a, _v: text(common_name(a.dn)),
    "distinguishedName": lambda a, _v: text(a.dn),
    "objectSid": lambda a, _v: [sid_bytes(a.sid)],
    "objectGUID": lambda a, _v: [a.object_guid.bytes_le],
    "sAMAccountName": lambda a, _v: text(a.sam),
    "sAMAccountType": lambda _a, _v: number(805306368),
    "primaryGroupID": lambda _a, _v: number(513),
    "userPrincipalName": lambda a, _v: text(a.upn),
    "givenName": lambda a, _v: text(a.given_name),
    "sn": lambda a, _v: text(a.sn),
    "displayName": lambda a, _v: text(a.display_name),
    "mail": lambda a, _v: text(a.mail),
    "proxyAddresses": lambda a, _v: text(*a.proxy_addresses),
    "mailNickname": lambda a, _v: text(nickname(a)),
    "memberOf": lambda a, v: text(*v.groups_of(a.dn, a.member_of)),
    "userAccountControl": lambda a, _v: number(user_account_control(a)),
    "accountExpires": lambda a, _v: number(a.expires),
    "pwdLastSet": lambda a, _v: number(0 if a.must_change_password else a.pwd_last_set),
    "lockoutTime": lambda a, _v: _lockout_time(a),
    "badPwdCount": lambda a, _v: number(a.bad_pwd_count),
    "whenChanged": lambda a, _v: generalized_time(a.when_changed),
    "msExchRecipientTypeDetails": lambda a, _v: number(a.recipient_type_details),
    "msExchRecipientDisplayType": lambda a, _v: number(a.recipient_display_type),
    "msExchResourceMetaData": lambda a, _v: text(*a.resource_metadata),
    "msExchMailboxGuid": lambda a, _v: [] if a.mailbox_guid is None else [a.mailbox_guid.bytes_le],
    "msExchMasterAccountSid": _master_sid,
    "msExchMailboxSecurityDescriptor": _descriptor,
    "msExchHideFromAddressLists": _hidden_from_lists,
    # Set-Mailbox: where mail goes and who may send (Microsoft's schema reference for Exchange)
    "publicDelegates": lambda a, v: _names(v, *_flow(a, v).send_on_behalf),
    "altRecipient": lambda a, v: _names(v, _flow(a, v).forward_to),
    "deliverAndRedirect": lambda a, v: text("TRUE" if _flow(a, v).deliver_and_forward else ""),
    "msExchGenericForwardingAddress": _forwarding_address,
    "authOrig": lambda a, v: _names(v, *_flow(a, v).accepts_only),
    "msExchEnableModeration": lambda a, v: text("TRUE" if _flow(a, v).moderators else ""),
    "msExchModeratedByLink": lambda a, v: _names(v, *_flow(a, v).moderators),
    "msDS-User-Account-Control-Computed": lambda a, _v: number(computed_control(a)),
    "msDS-UserPasswordExpiryTimeComputed": lambda a, _v: number(password_expiry(a)),
    "msDS-PrincipalName": lambda a, v: text(v.organisation.logon_name(a)),
    "tokenGroups": _token_groups,
}
