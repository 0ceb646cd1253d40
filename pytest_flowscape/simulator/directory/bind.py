"""The bind operation: simple binds by name and password, as a domain controller takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pytest_flowscape.simulator.directory import results
from pytest_flowscape.simulator.directory.names import normalised
from pytest_flowscape.simulator.directory.results import Result, bind_refused
from pytest_flowscape.simulator.model import Account, Organisation
from pytest_flowscape.simulator.sign_in import check_password, find_account

VERSIONS = (2, 3)


@dataclass(frozen=True)
class Signed:
    """How a bind ended, and who the connection is now ("" for nobody)."""

    result: Result = field(default_factory=Result)
    sid: str = ""


def sign_in(organisation: Organisation, request: Any, *, secure: bool) -> Signed:
    """Answer a bind; ``secure`` tells whether TLS is in effect.

    No password is an anonymous success, with or without a name (RFC 4513 5.1.1,
    5.1.2): a client that takes it for a sign-in is wrong. A password without
    TLS is refused before it is looked at, and counted.
    """
    counters = organisation.counters
    counters["ldap.bind"] += 1
    if request.version not in VERSIONS:
        return Signed(Result(results.PROTOCOL_ERROR, "unknown protocol version\0"))
    if request.sasl:
        return Signed(results.NO_SUCH_MECHANISM)
    if not request.auth:
        return Signed()
    if not secure:
        counters["ldap.cleartext_bind"] += 1
        return Signed(results.CLEAR_TEXT_BIND)
    account = signer(organisation, request.dn.decode("utf-8", "replace"))
    refusal = check_password(organisation, account, request.auth.decode("utf-8", "replace"))
    if refusal or account is None:
        counters["ldap.refused"] += 1
        return Signed(bind_refused(refusal))
    counters["ldap.sign_ins"] += 1
    return Signed(sid=account.sid)


def signer(organisation: Organisation, name: str) -> Account | None:
    r"""Find who signs in by distinguished name, UPN, sam@domain or DOMAIN\sam (MS-ADTS 5.1.1.1.1).

    A bare sAMAccountName is nobody, as on a domain controller.
    """
    if "=" in name:
        try:
            wanted = normalised(name)
        except ValueError:
            return None
        return next((a for a in organisation.accounts.values() if normalised(a.dn) == wanted), None)
    found = find_account(organisation, name)
    user, separator, domain = name.rpartition("@")
    suffixes = {known.dns.casefold() for known in organisation.domains}
    if found is not None or not separator or domain.casefold() not in suffixes:
        return found
    return find_account(organisation, f"{domain}\\{user}")
