"""Conditions of the directory: what it hides, when it is busy, which certificate it shows."""

from __future__ import annotations

from pytest_flowscape.simulator.conditions.fields import Condition, policy
from pytest_flowscape.simulator.runtime import Runtime


def _show(kind: str) -> Condition:
    def plant(runtime: Runtime, _target: str) -> None:
        runtime.ldap_contexts.kind = kind

    return plant


def _show_self_signed(runtime: Runtime, _target: str) -> None:
    """Let the controller show a certificate that it signed itself; dc.pem beside the site file is a copy to pin."""
    runtime.ldap_contexts.kind = "self-signed"
    (runtime.folder / "dc.pem").write_bytes(runtime.certificates.leaf("self-signed").cert_chain_pems[0].bytes())


DIRECTORY_CONDITIONS: dict[str, Condition] = {
    "hidden-exchange-attributes": policy(hide_exchange_attributes=True),
    "closed-exchange-information": policy(closed_exchange_information=True),
    "hidden-directory": policy(hidden_directory=True),
    "ldap-busy": policy(ldap_trouble="busy"),
    "ldap-unavailable": policy(ldap_trouble="unavailable"),
    "ldap-tls-name": _show("name"),
    "ldap-tls-expired": _show("expired"),
    "ldap-tls-unknown-ca": _show("unknown-ca"),
    "ldap-tls-self-signed": _show_self_signed,
}
