"""Domains of the simulated forest, and domains of other forests that it trusts.

An object lies in the domain that its distinguished name ends in. A domain of
another forest is never shown here: its accounts only sign in, as the accounts
behind linked mailboxes do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Domain:
    """One domain; ``trusted`` is True for one of another forest."""

    base_dn: str
    netbios: str
    dns: str
    sid: str
    trusted: bool = False

    def names(self, name: str) -> bool:
        """Whether this is the domain's NetBIOS or DNS name, in any case."""
        return name.casefold() in (self.netbios.casefold(), self.dns.casefold())

    def holds(self, dn: str) -> bool:
        """Whether a distinguished name ends in the domain's; so do those of the domains below it."""
        name, base = dn.casefold(), self.base_dn.casefold()
        return name == base or name.endswith(f",{base}")


def domain_of(dn: str, domains: Iterable[Domain]) -> Domain | None:
    """Return the domain in which an object lies: the deepest one whose name it ends in."""
    return max((one for one in domains if one.holds(dn)), key=lambda one: len(one.base_dn), default=None)
