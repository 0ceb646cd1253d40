"""exchangelib accounts on the simulator: endpoint, sign-in, version and trusted authority are set, nothing is guessed.

exchangelib keeps one Protocol for each endpoint and user name, whatever the way
of sign-in is, and its adapter is a class attribute of the whole process. So a
test that uses these must be followed by ``forget``, which the fixture in this
package's conftest.py does.
"""

from __future__ import annotations

from typing import Any

from exchangelib import (
    BASIC,
    DELEGATE,
    IMPERSONATION,
    NTLM,
    UTC,
    Account,
    Configuration,
    Credentials,
    ExtendedProperty,
    FailFast,
)
from exchangelib.protocol import BaseProtocol, Protocol, close_connections
from exchangelib.version import Build, Version
from requests.adapters import HTTPAdapter

from tests.simulator.ews_client import EMAIL, USER
from tests.simulator.harness import Simulator

WAYS = {"basic": BASIC, "ntlm": NTLM}
BUILD = Build(15, 2, 1748, 10)
_STANDARD_ADAPTER = BaseProtocol.HTTP_ADAPTER_CLS


class ObjectId(ExtendedProperty):
    """PidLidGlobalObjectId, which a meeting and every message about it have."""

    distinguished_property_set_id = "Meeting"
    property_id = 3
    property_type = "Binary"


def _adapter(authority: str) -> type[HTTPAdapter]:
    class TrustingAdapter(HTTPAdapter):
        """Trusts one authority, and goes through no proxy."""

        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            super().cert_verify(conn, url, authority, cert)

        def send(self, request: Any, *args: Any, **named: Any) -> Any:
            return super().send(request, *args, **{**named, "proxies": {}})

    return TrustingAdapter


def configuration(simulator: Simulator, way: str = "basic", password: str | None = None) -> Configuration:
    """Return the service account's configuration: ``way`` is basic or ntlm; one connection, no retry."""
    BaseProtocol.HTTP_ADAPTER_CLS = _adapter(str(simulator.ca))
    return Configuration(
        service_endpoint=f"https://localhost:{simulator.ews_port}/EWS/Exchange.asmx",
        credentials=Credentials(USER, simulator.password if password is None else password),
        auth_type=WAYS[way],
        version=Version(BUILD, api_version="Exchange2016"),
        retry_policy=FailFast(),
        max_connections=1,
    )


def protocol(simulator: Simulator, way: str = "basic") -> Protocol:
    """Return the protocol alone, for what concerns no mailbox."""
    return Protocol(config=configuration(simulator, way))


def account(simulator: Simulator, way: str = "basic", impersonate: str = "", address: str = EMAIL) -> Account:
    """Return an account: of the mailbox ``address`` as a delegate (its own by default), or of ``impersonate``."""
    return Account(
        impersonate or address,
        config=configuration(simulator, way),
        access_type=IMPERSONATION if impersonate else DELEGATE,
        autodiscover=False,
        default_timezone=UTC,
        locale="en_US",
    )


def forget() -> None:
    """Close every connection and forget every cached protocol and the trusted authority."""
    close_connections()
    BaseProtocol.HTTP_ADAPTER_CLS = _STANDARD_ADAPTER
