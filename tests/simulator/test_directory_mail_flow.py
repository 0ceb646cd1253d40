"""What the simulated directory shows of a room whose mail reaches people, and of one whose mail does not."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from tests.simulator.directory_process import entries, ldap3
from tests.simulator.ews_client import EMAIL
from tests.simulator.ews_meetings import ROOM
from tests.simulator.harness import Simulator

pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")  # called by ldap3
PERSON = b"CN=Anna Lind,OU=People,DC=demo,DC=test"
ATTRIBUTES = (
    "publicDelegates",
    "altRecipient",
    "deliverAndRedirect",
    "msExchGenericForwardingAddress",
    "authOrig",
    "msExchEnableModeration",
    "msExchModeratedByLink",
)


@pytest.fixture
def connection(simulator: Simulator) -> Iterator[ldap3.Connection]:
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(simulator.ca), valid_names=["localhost"])
    server = ldap3.Server("localhost", simulator.ready["ldaps_port"], use_ssl=True, tls=tls, get_info=ldap3.NONE)
    connection = ldap3.Connection(server, EMAIL, simulator.password, auto_bind=True, receive_timeout=10)
    yield connection
    connection.unbind()


def shown(connection: ldap3.Connection, chosen: str) -> dict[str, list[bytes]]:
    connection.search("DC=demo,DC=test", chosen, attributes=list(ATTRIBUTES))
    (found,) = entries(connection).values()
    return found


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", {}),
        ("delegate-approval", {}),
        ("delegates", {"publicDelegates": [PERSON]}),
        ("forwarding", {"altRecipient": [PERSON], "deliverAndRedirect": [b"TRUE"]}),
        ("redirected", {"altRecipient": [PERSON]}),
        (
            "forwarding-elsewhere",
            {"msExchGenericForwardingAddress": [b"smtp:elsewhere@example.test"], "deliverAndRedirect": [b"TRUE"]},
        ),
        ("restricted", {"authOrig": [PERSON]}),
        ("moderated", {"msExchEnableModeration": [b"TRUE"], "msExchModeratedByLink": [PERSON]}),
    ],
)
def test_where_mail_goes(
    simulator: Simulator, connection: ldap3.Connection, condition: str, expected: dict[str, list[bytes]]
) -> None:
    if condition:
        simulator.plant(f"{condition}:{ROOM}")
    assert shown(connection, f"(proxyAddresses=smtp:{ROOM})") == expected
    assert shown(connection, "(proxyAddresses=smtp:aurora@demo.test)") == {}


def test_who_forwards_to_somebody_is_found_by_that_name(simulator: Simulator, connection: ldap3.Connection) -> None:
    simulator.plant(f"forwarding:{ROOM}")
    assert shown(connection, f"(altRecipient={PERSON.decode().upper()})")["altRecipient"] == [PERSON]
