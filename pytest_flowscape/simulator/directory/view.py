"""The directory as one search sees it: who reads, from which port, what is hidden from them.

What a directory hides looks absent, and nothing says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from pytest_flowscape.simulator.directory.names import normalised
from pytest_flowscape.simulator.model import DOMAIN_SID, Account, Mailbox, Organisation

ADMINISTRATORS = frozenset((f"{DOMAIN_SID}-512", f"{DOMAIN_SID}-519", "S-1-5-32-544"))
# what a hardened directory takes from Authenticated Users
ACCOUNT_STATE = frozenset(
    (
        "useraccountcontrol",
        "accountexpires",
        "pwdlastset",
        "msds-user-account-control-computed",
        "msds-userpasswordexpirytimecomputed",
        "msds-resultantpso",
    )
)


def belongs_to_exchange(key: str) -> bool:
    """Tell whether reading this attribute (lower case) takes the right to Exchange's property sets."""
    return key.startswith("msexch") or key in ("mailnickname", "proxyaddresses")


@dataclass(frozen=True)
class Reader:
    """What the account that searches may read, by the policy of this moment.

    ``hide_exchange``: not Exchange's attributes, its own ones included;
    ``hide_state``: not the state of other accounts. Members of Domain Admins
    and the like read both; what one object hides (``Account.hidden``) only
    that object itself reads.
    """

    sid: str
    hide_exchange: bool = False
    hide_state: bool = False

    @classmethod
    def of(cls, organisation: Organisation, account: Account) -> Reader:
        """Judge what this account reads."""
        policy = organisation.policy
        if not (policy.hide_exchange_attributes or policy.hidden_directory):
            return cls(account.sid)
        if not ADMINISTRATORS.isdisjoint(organisation.token(account)):
            return cls(account.sid)
        return cls(account.sid, policy.hide_exchange_attributes, policy.hidden_directory)

    def sees(self, key: str, *, of: str, hidden: Collection[str]) -> bool:
        """Tell whether the attribute ``key`` (lower case) of the object with SID ``of`` can be read."""
        if self.hide_exchange and belongs_to_exchange(key):
            return False
        if of == self.sid:
            return True
        return key not in hidden and not (self.hide_state and key in ACCOUNT_STATE)


@dataclass
class View:
    """What one search looks at; ``catalog`` is the global catalog's port.

    Nothing here outlives the search: faults change the organisation at any time.
    """

    organisation: Organisation
    reader: Reader
    catalog: bool = False

    @cached_property
    def root(self) -> tuple[str, ...]:
        """The domain's own name, normalised."""
        return normalised(self.organisation.base_dn)

    @cached_property
    def mailboxes(self) -> dict[str, Mailbox]:
        """Every mailbox by the SID of its owner."""
        return {mailbox.owner_sid: mailbox for mailbox in self.organisation.mailboxes.values()}

    @cached_property
    def memberships(self) -> dict[tuple[str, ...], list[str]]:
        """The distinguished names of the groups that list a name as member."""
        found = defaultdict(list)
        for group in self.organisation.groups.values():
            for member in group.members:
                found[normalised(member)].append(group.dn)
        return dict(found)

    def groups_of(self, name: str, also: list[str]) -> list[str]:
        """Give the groups of an object: those it names itself and those that list it, each once."""
        return list(dict.fromkeys((*also, *self.memberships.get(normalised(name), ()))))
