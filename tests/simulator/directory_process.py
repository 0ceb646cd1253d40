"""The LDAP side alone, in a process of its own whose organisation a test can change while it runs.

Run as a script it serves; ``DirectoryProcess`` and the fixtures are for import.
"""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # ldap3 2.9.1 imports what pyasn1 deprecates
    import ldap3

BASE = "DC=demo,DC=test"
UPN = "svc-flowscape@demo.test"
PASSWORD = "Correct-Horse-7"
ADMIN = "admin@demo.test"
ROOM = "atlas@demo.test"
ROOMS = {"atlas", "borea", "ceres"}


class DirectoryProcess:
    """A running directory; ``do`` evaluates code beside its model, ``connect`` connections that end with the test."""

    def __init__(self, folder: Path) -> None:
        self.ca = folder / "ca.pem"
        command = [sys.executable, "-W", "error", __file__, str(self.ca)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = self._read()
        self.open: list[ldap3.Connection] = []

    def _read(self) -> Any:
        assert self.process.stdout is not None
        guard = threading.Timer(30, self.process.kill)
        guard.start()
        try:
            return json.loads(self.process.stdout.readline())
        finally:
            guard.cancel()

    def do(self, code: str) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        answer = self._read()
        assert "error" not in answer, answer
        return answer["value"]

    def counters(self) -> dict[str, int]:
        return self.do("dict(organisation.counters)")

    def server(self, port: str = "ldaps") -> ldap3.Server:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(self.ca), valid_names=["localhost"])
        return ldap3.Server(
            "localhost", self.ports[port], use_ssl=port != "ldap", tls=tls, get_info=ldap3.NONE, connect_timeout=5
        )

    def connect(
        self,
        user: str | None = UPN,
        password: str | None = PASSWORD,
        *,
        port: str = "ldaps",
        bind: bool = True,
        **more: Any,
    ) -> ldap3.Connection:
        connection = ldap3.Connection(
            self.server(port), user, password, auto_referrals=False, receive_timeout=10, **more
        )
        self.open.append(connection)
        connection.open()
        if bind:
            assert connection.bind(), connection.result
        return connection

    def refusal(self, user: str, password: str, **more: Any) -> tuple[int, str]:
        connection = self.connect(user, password, bind=False, **more)
        assert not connection.bind()
        return connection.result["result"], connection.result["message"]

    def find(self, filter_text: str, *attributes: str, **more: Any) -> dict[str, dict[str, list[bytes]]]:
        """Search as ``more['as_user']`` (the service account), and return raw attributes by distinguished name."""
        connection = self.connect(more.pop("as_user", UPN), port=more.pop("port", "ldaps"))
        connection.search(more.pop("base", BASE), filter_text, attributes=list(attributes) or None, **more)
        assert connection.result["result"] == 0, connection.result
        return entries(connection)

    def names(self, filter_text: str, **more: Any) -> set[str]:
        """Return the sAMAccountNames that a filter finds, and the distinguished names of objects that have none."""
        found = self.find(filter_text, "sAMAccountName", **more)
        return {facts["sAMAccountName"][0].decode() if facts else dn for dn, facts in found.items()}

    def raw(self, *data: bytes, port: str = "ldaps", until_closed: bool = False, patience: float = 5) -> bytes:
        """Send bytes as they are, and return the first answer, or all until the server closes the connection."""
        found = more = b""
        with socket.create_connection(("localhost", self.ports[port]), 5) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            context = ssl.create_default_context(cafile=str(self.ca))
            with plain if port == "ldap" else context.wrap_socket(plain, server_hostname="localhost") as connection:
                connection.settimeout(patience)
                for piece in data:
                    connection.sendall(piece)
                while (more := connection.recv(65536)) and until_closed:
                    found += more
        return found + more

    def close(self) -> None:
        for connection in self.open:
            connection.strategy.close()
        self.open.clear()

    def end(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            assert self.process.wait(10) == 0
        finally:
            self.process.kill()
            self.process.stdout.close()


def ber(tag: int, *content: bytes | int | str) -> bytes:
    """Encode one BER element of parts: bytes as they are, text as UTF-8, small numbers as one octet."""
    body = b"".join(
        part if isinstance(part, bytes) else part.encode() if isinstance(part, str) else bytes((part,))
        for part in content
    )
    length = bytes((len(body),)) if len(body) < 128 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes((tag,)) + length + body


def entries(connection: ldap3.Connection) -> dict[str, dict[str, list[bytes]]]:
    """Return the entries of the last search; empty attributes, which ldap3 adds, are left out."""
    found = [answer for answer in connection.response or () if answer["type"] == "searchResEntry"]
    return {
        answer["dn"]: {name: values for name, values in answer["raw_attributes"].items() if values} for answer in found
    }


@pytest.fixture(scope="module")
def directory_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DirectoryProcess]:
    process = DirectoryProcess(tmp_path_factory.mktemp("directory"))
    yield process
    process.end()


@pytest.fixture
def directory(directory_process: DirectoryProcess) -> Iterator[DirectoryProcess]:
    directory_process.do("reset()")
    yield directory_process
    directory_process.close()
    assert directory_process.counters().get("ldap.simulator_errors", 0) == 0


def sample_organisation() -> Any:
    """Return an organisation with the service account, an administrator, a person, nested groups and three rooms."""
    from pytest_flowscape.simulator.model import DOMAIN_SID, AccessEntry, Account, Group, Mailbox, Organisation

    organisation = Organisation()

    def add(number: int, sam: str, unit: str, **facts: Any) -> Account:
        account = Account(
            sam=sam,
            upn=f"{sam}@demo.test",
            dn=f"CN={facts.pop('cn', sam)},OU={unit},{BASE}",
            sid=f"{DOMAIN_SID}-{number}",
            mail=f"{sam}@demo.test",
            proxy_addresses=[f"SMTP:{sam}@demo.test", f"smtp:{sam}.alias@demo.test"],
            **facts,
        )
        organisation.accounts[account.sid] = account
        return account

    service = add(
        1101, "svc-flowscape", "Services", given_name="Flow", sn="Scape", password=PASSWORD, password_never_expires=True
    )
    organisation.service_account = service.sid
    admin = add(1102, "admin", "Staff", password=PASSWORD)
    add(1103, "jane", "Staff", cn=r"Doe\, Jane (R&D)", given_name="Jané", sn="Döe", password=PASSWORD)
    room_facts = {
        "enabled": False,
        "must_change_password": True,
        "recipient_type_details": 16,
        "recipient_display_type": 7,
        "resource_metadata": ("ResourceType:Room",),
    }
    for number, name in enumerate(("atlas", "borea", "ceres"), 1201):
        room = add(number, name, "Rooms", display_name=f"Room {name.title()}", **room_facts)
        organisation.mailboxes[room.mail] = Mailbox(room.mail, room.sid)
    inner = Group("FS-Inner", f"CN=FS-Inner,OU=Groups,{BASE}", f"{DOMAIN_SID}-1301", [service.dn])
    outer = Group("FS-Outer", f"CN=FS-Outer,OU=Groups,{BASE}", f"{DOMAIN_SID}-1302", [inner.dn])
    admins = Group("Domain Admins", f"CN=Domain Admins,CN=Users,{BASE}", f"{DOMAIN_SID}-512", [admin.dn])
    organisation.groups = {group.sid: group for group in (inner, outer, admins)}
    organisation.mailboxes[ROOM].access = [
        AccessEntry(outer.sid, allow=False),
        AccessEntry(service.sid),
        AccessEntry(admin.sid, subfolders=False),
        AccessEntry(f"{DOMAIN_SID}-4000000001", in_descriptor=False),
    ]
    organisation.add = add  # type: ignore[attr-defined]
    return organisation


def serve(ca: Path) -> None:
    from twisted.internet import reactor, stdio
    from twisted.protocols.basic import LineReceiver

    from pytest_flowscape.simulator.certificates import Certificates, ServerContexts
    from pytest_flowscape.simulator.directory.server import DirectoryListener

    certificates = Certificates()
    ca.write_bytes(certificates.ca_pem)
    organisation = sample_organisation()
    ports = DirectoryListener(reactor, organisation, ServerContexts(certificates))

    def reset() -> None:
        organisation.__dict__.clear()
        organisation.__dict__.update(sample_organisation().__dict__)

    def account(sam: str) -> Any:
        return next(one for one in organisation.accounts.values() if one.sam == sam)

    names: dict[str, Any] = {"organisation": organisation, "reset": reset, "account": account, "ports": ports}

    def run(code: str) -> Any:
        try:
            return eval(code, names)
        except SyntaxError:
            exec(code, names)
            return None

    def write(answer: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(answer, default=repr) + "\n")
        sys.stdout.flush()

    class Orders(LineReceiver):
        delimiter = b"\n"

        def lineReceived(self, line: bytes) -> None:  # noqa: N802  Twisted's name
            try:
                answer = {"value": run(json.loads(line))}
            except Exception as error:  # noqa: BLE001  the test gets it
                answer = {"error": repr(error)}
            write(answer)

        def connectionLost(self, reason: object = None) -> None:  # noqa: N802  Twisted's name
            ports.stop()
            stop: Callable[[], None] = reactor.stop  # type: ignore[attr-defined]
            stop()

    stdio.StandardIO(Orders())
    found = {"ldaps": ports.ldaps_port, "ldap": ports.ldap_port, "gc": ports.gc_port}
    write(found)
    reactor.run()  # type: ignore[attr-defined]


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
