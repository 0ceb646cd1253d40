"""The bind operation: simple binds by name and password, as a domain controller takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pytest_flowscape.simulator.directory import results
from pytest_flowscape.simulator.directory.names import name_key
from pytest_flowscape.simulator.directory.results import Result, bind_refusal
from pytest_flowscape.simulator.model import Account, Organisation
from pytest_flowscape.simulator.sign_in import check_password, find_account

VERSIONS = (2, 3)


@dataclass(frozen=True)
class BindOutcome:
    """How a bind ended, and who the connection is now ("" for nobody)."""

    result: Result = field(default_factory=Result)
    sid: str = ""


def bind(organisation: Organisation, request: Any, *, secure: bool) -> BindOutcome:
    """Answer a bind; ``secure`` is True where TLS is in effect.

    No password is an anonymous success, with or without a name (RFC 4513 5.1.1,
    5.1.2): a client that takes it for a sign-in is wrong. A password without
    TLS is refused before it is looked at, and counted.
    """
    counters = organisation.counters
    counters["ldap.bind"] += 1
    if request.version not in VERSIONS:
        return BindOutcome(Result(results.PROTOCOL_ERROR, "unknown protocol version\0"))
    if request.sasl:
        return BindOutcome(results.NO_SUCH_MECHANISM)
    if not request.auth:
        return BindOutcome()
    if not secure:
        counters["ldap.cleartext_bind"] += 1
        return BindOutcome(results.CLEAR_TEXT_BIND)
    account = find_signer(organisation, request.dn.decode("utf-8", "replace"))
    refusal = check_password(organisation, account, request.auth.decode("utf-8", "replace"))
    if refusal or account is None:
        counters["ldap.refused"] += 1
        return BindOutcome(bind_refusal(refusal))
    counters["ldap.sign_ins"] += 1
    return BindOutcome(sid=account.sid)


def find_signer(organisation: Organisation, name: str) -> Account | None:
    r"""Find who signs in by distinguished name, UPN, sam@domain or DOMAIN\sam (MS-ADTS 5.1.1.1.1).

    A bare sAMAccountName is unknown, as on a domain controller.
    """
    if "=" in name:
        try:
            key = name_key(name)
        except ValueError:
            return None
        return next((a for a in organisation.accounts.values() if name_key(a.dn) == key), None)
    found = find_account(organisation, name)
    user, separator, domain = name.rpartition("@")
    suffixes = {one.dns.casefold() for one in organisation.domains}
    if found is not None or not separator or domain.casefold() not in suffixes:
        return found
    return find_account(organisation, f"{domain}\\{user}")
