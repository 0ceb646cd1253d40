"""The directory as one search sees it: who reads, from which port, what is hidden from them.

What a directory hides looks absent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from pytest_flowscape.simulator.directory.names import name_key
from pytest_flowscape.simulator.domains import Domain
from pytest_flowscape.simulator.model import DOMAIN_SID, Account, Mailbox, Organisation

ADMINISTRATORS = frozenset((f"{DOMAIN_SID}-512", f"{DOMAIN_SID}-519", "S-1-5-32-544"))
# what others' objects no longer show once "Pre-Windows 2000 Compatible Access" is empty: these are in no property set
# that Authenticated Users read by a user object's own permissions, or are computed from such
ACCOUNT_STATE = frozenset(
    (
        "useraccountcontrol",
        "accountexpires",
        "pwdlastset",
        "badpwdcount",
        "lockouttime",
        "whenchanged",
        "userworkstations",
        "tokengroups",
        "msds-user-account-control-computed",
        "msds-userpasswordexpirytimecomputed",
        "msds-resultantpso",
        "msds-principalname",
    )
)


def in_exchange_information(key: str) -> bool:
    """Whether an attribute (lower case) is in the property set Exchange-Information."""
    return key.startswith("msexch") or key == "mailnickname"


@dataclass(frozen=True)
class Reader:
    """What the account that searches may read, by the policy of this moment.

    ``hide_exchange``: neither Exchange-Information nor proxyAddresses, its own
    ones included, as Deny entries on every object make it; ``close_exchange``:
    not Exchange-Information of others, where nobody has the right;
    ``hide_state``: not the state of other accounts. Members of Domain Admins
    and the like read all; what one object hides (``Account.hidden``) only
    that object itself reads.
    """

    sid: str
    hide_exchange: bool = False
    close_exchange: bool = False
    hide_state: bool = False

    @classmethod
    def of(cls, organisation: Organisation, account: Account) -> Reader:
        """Return the reader that this account is."""
        policy = organisation.policy
        hides = (policy.hide_exchange_attributes, policy.closed_exchange_information, policy.hidden_directory)
        if not any(hides):
            return cls(account.sid)
        if not ADMINISTRATORS.isdisjoint(organisation.token(account)):
            return cls(account.sid)
        return cls(account.sid, *hides)

    def sees(self, key: str, *, of: str, hidden: Collection[str]) -> bool:
        """Whether the attribute ``key`` (lower case) of the object with SID ``of`` can be read."""
        if self.hide_exchange and (in_exchange_information(key) or key == "proxyaddresses"):
            return False
        if of == self.sid:
            return True
        if self.close_exchange and in_exchange_information(key):
            return False
        return key not in hidden and not (self.hide_state and key in ACCOUNT_STATE)


@dataclass
class View:
    """What one search looks at: ``domain`` is the controller's, ``catalog`` True for the global catalog's port.

    Nothing here outlives the search: faults change the organisation at any time.
    """

    organisation: Organisation
    reader: Reader
    domain: Domain
    catalog: bool = False

    @cached_property
    def root(self) -> tuple[str, ...]:
        """Return the key of the domain's own name."""
        return name_key(self.domain.base_dn)

    @cached_property
    def heads(self) -> list[Domain]:
        """Return the domains that are visible here: one at a domain controller, the forest's at a global catalog."""
        return [one for one in self.organisation.domains if not one.trusted] if self.catalog else [self.domain]

    def shows(self, dn: str) -> bool:
        """Whether an object lies in what is visible here."""
        return not self.organisation.more_domains or self.organisation.domain_of(dn) in self.heads

    @cached_property
    def mailboxes(self) -> dict[str, Mailbox]:
        """Return every mailbox by the SID of its owner."""
        return {mailbox.owner_sid: mailbox for mailbox in self.organisation.mailboxes.values()}

    @cached_property
    def memberships(self) -> dict[tuple[str, ...], list[str]]:
        """Return the distinguished names of the groups that list a member, by the member's key."""
        found = defaultdict(list)
        for group in self.organisation.groups.values():
            for member in group.members:
                found[name_key(member)].append(group.dn)
        return dict(found)

    def groups_of(self, name: str, also: list[str]) -> list[str]:
        """Return the groups of an object: those it names itself and those that list it, each once."""
        return list(dict.fromkeys((*also, *self.memberships.get(name_key(name), ()))))
