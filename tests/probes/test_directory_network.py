"""Directory servers that misbehave: certificates, TLS, answers that are none; no password where TLS is not."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import Bind, Kind
from pytest_flowscape.probes.directory.session import DirectorySession
from pytest_flowscape.probes.directory.tls_channel import open_channel
from pytest_flowscape.probes.network import Deadline
from pytest_flowscape.site.model import DirectoryServer
from tests.probes.directory_sessions import Door, login
from tests.probes.tls_server import Server, closed_port, server_context

USER = "svc@demo.test"
PASSWORD = "Marker-Passw0rd-3"


class Operation(bytes):
    """The protocolOp of an answer; the message around it takes the id of the request."""


STARTED = Operation(b"\x78\x07\x0a\x01\x00\x04\x00\x04\x00")  # ExtendedResponse, success
NOT_STARTED = Operation(b"\x78\x07\x0a\x01\x34\x04\x00\x04\x00")  # ExtendedResponse, unavailable
BOUND = Operation(b"\x61\x07\x0a\x01\x00\x04\x00\x04\x00")  # BindResponse, success
ENTRY = Operation(b"\x64\x07\x04\x03O=x\x30\x00")  # SearchResultEntry


class Sessions:
    def __init__(self, anchor: Path) -> None:
        self.anchor = anchor
        self.door = Door()
        self.open: list[DirectorySession] = []

    def __call__(self, *servers: DirectoryServer, timeout: float = 5.0, ca: Path | None = None) -> DirectorySession:
        made = DirectorySession(
            login(*servers, ca=ca or self.anchor, username=USER, password=PASSWORD, gate=self.door, timeout=timeout)
        )
        self.open.append(made)
        return made

    def bind(self, *servers: DirectoryServer, **more: Any) -> Bind:
        return self(*servers, **more).bind()

    def kind(self, *servers: DirectoryServer, **more: Any) -> Kind:
        bind = self.bind(*servers, **more)
        assert bind.trouble is not None
        return bind.trouble.kind


@pytest.fixture
def sessions(anchor: Path) -> Iterator[Sessions]:
    made = Sessions(anchor)
    yield made
    for one in made.open:
        one.close()


def ldaps(server: Server) -> DirectoryServer:
    return DirectoryServer("localhost", server.port)


def ldap(server: Server) -> DirectoryServer:
    return DirectoryServer("localhost", server.port, tls=False)


class Talk:
    """Sends the answers one by one, each after one message, then closes; ``heard`` is all that came."""

    def __init__(self, *answers: bytes, hold: bool = False) -> None:
        self.answers = answers
        self.hold = hold
        self.heard = b""

    def __call__(self, sock: socket.socket) -> None:
        for answer in self.answers:
            message = sock.recv(65536)
            self.heard += message
            if isinstance(answer, Operation):
                # 30, length of the message, then 02, length and value of its id
                at = 2 + (message[1] & 0x7F if message[1] & 0x80 else 0)
                answer = message[at : at + 2 + message[at + 1]] + answer  # noqa: PLW2901
                answer = bytes((0x30, len(answer))) + answer  # noqa: PLW2901
            sock.sendall(answer)
        with contextlib.suppress(OSError):
            while self.hold and (more := sock.recv(65536)):
                self.heard += more


# --- what is in the way ---------------------------------------------------------------------


def test_refused_and_unresolvable(sessions: Sessions) -> None:
    assert sessions.kind(DirectoryServer("localhost", closed_port())) is Kind.REFUSED
    assert sessions.kind(DirectoryServer("no-such-host.invalid", 636)) is Kind.UNRESOLVABLE
    assert sessions.door.sign_ins == 0


@pytest.mark.parametrize(
    ("names", "expired", "kind"),
    [(("dc02.demo.test",), False, Kind.TLS_NAME), ((), True, Kind.TLS_EXPIRED)],
    ids=["name", "expired"],
)
def test_certificates(
    sessions: Sessions, authority: trustme.CA, names: tuple[str, ...], kind: Kind, *, expired: bool
) -> None:
    talk = Talk(hold=True)
    with Server(talk, server_context(authority, *names, expired=expired)) as server:
        assert sessions.kind(ldaps(server)) is kind
    assert not talk.heard
    assert sessions.door.sign_ins == 0


def test_an_unknown_issuer(sessions: Sessions) -> None:
    with Server(Talk(hold=True), server_context(trustme.CA())) as server:
        assert sessions.kind(ldaps(server)) is Kind.TLS_UNKNOWN_ISSUER


def test_a_certificate_file_that_is_none(sessions: Sessions, authority: trustme.CA, tmp_path: Path) -> None:
    with Server(Talk(hold=True), server_context(authority)) as server:
        bind = sessions.bind(ldaps(server), ca=tmp_path / "missing.pem")
    assert bind.trouble is not None
    assert bind.trouble.kind is Kind.TLS_OTHER
    assert "missing.pem" in bind.trouble.said


def test_a_server_that_speaks_no_tls(sessions: Sessions) -> None:
    with Server(Talk(b"220 hello\r\n")) as server:
        assert sessions.kind(ldaps(server)) is Kind.TLS_OTHER


@pytest.mark.parametrize("tls", [True, False], ids=["ldaps", "starttls"])
def test_silence_ends_in_time(sessions: Sessions, *, tls: bool) -> None:
    talk = Talk(hold=True)
    with Server(talk) as server:
        started = time.monotonic()
        assert sessions.kind(DirectoryServer("localhost", server.port, tls=tls), timeout=0.5) is Kind.SILENT
    assert time.monotonic() - started < 1.5
    assert PASSWORD.encode() not in talk.heard


def test_the_first_server_that_can_be_reached_decides(sessions: Sessions, authority: trustme.CA) -> None:
    """A silent server gets its share of the time only, and is named in a note."""
    with Server(Talk(hold=True)) as silent, Server(Talk(BOUND, hold=True), server_context(authority)) as server:
        dead = DirectoryServer("localhost", closed_port())
        bind = sessions.bind(dead, ldaps(silent), ldaps(server), ldaps(silent), timeout=2.0)
        assert bind.trouble is None
        assert bind.server == str(ldaps(server))
        assert [note.partition(" could")[0] for note in bind.notes] == [str(dead), str(ldaps(silent))]
        assert silent.connections == 1
    assert sessions.door.sign_ins == 1


def test_a_silent_address_leaves_time_for_the_next(
    sessions: Sessions, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(Talk(hold=True)) as silent, Server(Talk(BOUND, hold=True), server_context(authority)) as server:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", one.port)) for one in (silent, server)]
        monkeypatch.setattr("pytest_flowscape.probes.network.socket.getaddrinfo", lambda *_, **__: found)
        assert sessions.bind(ldaps(server), timeout=4.0).trouble is None
        assert silent.connections == 1


# --- StartTLS -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answers",
    [(NOT_STARTED,), (b"",), (STARTED,), (STARTED, b"no TLS here"), (b"\x30\x03\x02\x01\x01",), (b"HTTP/1.1 400\r\n",)],
    ids=["unavailable", "closed", "closed-after", "no-tls-after", "half-a-message", "http"],
)
def test_a_failed_start_of_tls_gets_no_password(sessions: Sessions, answers: tuple[bytes, ...]) -> None:
    talk = Talk(*answers)
    with Server(talk) as server:
        assert sessions.kind(ldap(server)) is Kind.TLS_OTHER
        assert server.connections == 2  # a server that cannot be reached is tried a second time
    assert talk.heard.startswith(b"\x30")
    assert PASSWORD.encode() not in talk.heard
    assert sessions.door.sign_ins == 0


class Upgrade(Talk):
    """Starts TLS when asked and goes on over it; ``clear`` is what came before."""

    def __init__(self, authority: trustme.CA, *answers: bytes) -> None:
        super().__init__(*answers)
        self.context = server_context(authority)
        self.clear = b""

    def __call__(self, sock: socket.socket) -> None:
        started = Talk(STARTED)
        started(sock)
        self.clear = started.heard
        with self.context.wrap_socket(sock, server_side=True) as secured:
            super().__call__(secured)


def test_the_password_goes_after_the_start_of_tls(sessions: Sessions, authority: trustme.CA) -> None:
    talk = Upgrade(authority, BOUND)
    with Server(talk) as server:
        bind = sessions.bind(ldap(server))
        assert bind.trouble is None
        assert bind.certificate is not None
    assert b"1.3.6.1.4.1.1466.20037" in talk.clear
    assert PASSWORD.encode() not in talk.clear
    assert PASSWORD.encode() in talk.heard


# --- answers to a bind --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", Kind.RESET),
        (b"\x30\x0c\x02\x01\x01\x61", Kind.RESET),
        (Operation(b"\x61\x00"), Kind.MALFORMED),
        (b"\x30\x0e\x02\x03\x7f\xff\xff" + BOUND, Kind.RESET),  # the answer to another message
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Kind.RESET),
    ],
    ids=["closed", "cut-off", "empty", "another-message", "http"],
)
def test_an_answer_that_is_none(sessions: Sessions, authority: trustme.CA, answer: bytes, kind: Kind) -> None:
    talk = Talk(answer)
    with Server(talk, server_context(authority)) as server:
        bind = sessions.bind(ldaps(server))
        assert server.connections == 1
    assert PASSWORD.encode() in talk.heard  # it was shown, once, over TLS
    assert bind.trouble is not None
    assert bind.trouble.kind is kind
    assert PASSWORD not in repr(bind)
    # it may have been judged, and nobody told how: no other sign-in of this run may follow
    assert sessions.door.stopped


def test_a_closed_connection_is_not_made_again_by_the_library(sessions: Sessions, authority: trustme.CA) -> None:
    """ldap3 would connect again by itself, without TLS."""
    talk = Talk(hold=True)
    with Server(talk, server_context(authority)) as server, socket.socket() as unconnected:
        channel = open_channel(ldaps(server), sessions.anchor, Deadline(5))
        channel._connection.strategy.close()
        channel._connection.socket = unconnected  # so that nothing but the library itself can notice
        trouble = channel.bind("svc@demo.test", Secret(PASSWORD), Deadline(5))
        assert trouble is not None
        assert trouble.kind is Kind.RESET
        assert server.connections == 1
    assert not talk.heard


def test_a_server_that_closes_before_the_bind(sessions: Sessions, authority: trustme.CA) -> None:
    with Server(Talk(), server_context(authority)) as server:
        sessions.door.before = lambda: server.ending.wait(0.1)
        assert sessions.kind(ldaps(server)) is Kind.RESET
        assert server.connections == 1


def test_a_search_that_is_cut_off_gives_nothing(sessions: Sessions, authority: trustme.CA) -> None:
    with Server(Talk(BOUND, ENTRY), server_context(authority)) as server:
        bound = sessions(ldaps(server))
        assert bound.bind().trouble is None
        found = bound.holders(["atlas@demo.test"])["atlas@demo.test"]
        assert found.trouble is not None
        assert (found.by_proxy, found.by_mail) == ((), ())


def test_an_interrupted_bind_leaves_no_password(
    sessions: Sessions, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C deep inside the library: no frame of ours shows the password afterwards."""
    with Server(Talk(hold=True), server_context(authority)) as server:
        bound = sessions(ldaps(server))

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("ldap3.strategy.sync.SyncStrategy.receiving", interrupt)
        with pytest.raises(KeyboardInterrupt) as caught:
            bound.bind()
    shown = []
    trace = caught.value.__traceback__
    while trace is not None:
        shown.append(repr(trace.tb_frame.f_locals))
        trace = trace.tb_next
    assert len(shown) > 1
    assert not [text for text in shown if PASSWORD in text]
