"""Reach a directory server over TLS and sign in to it, once; again only where nobody has judged the password.

The password is shown inside the run's gate, to one server, and after a refusal
never again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import Bind, Kind, Trouble
from pytest_flowscape.facts.policy import FIRST_SHARE, HOST_AGAIN, LDAP_BUSY, LDAP_PAUSE
from pytest_flowscape.probes.directory.ldap_results import INVALID_CREDENTIALS
from pytest_flowscape.probes.directory.search import NOBODY, Channel
from pytest_flowscape.probes.directory.tls_channel import open_channel
from pytest_flowscape.probes.gate import Gate, SignInStopped
from pytest_flowscape.probes.network import Deadline, HandshakeFailed, trouble_of
from pytest_flowscape.site.model import Directory, DirectoryServer

# Sub-codes of a refusal that ends every sign-in of the run: name or password is wrong, or the account cannot be
# used. So does a refusal that names no cause. 530, 531 and 569 hold for one domain controller alone.
STOPPING = frozenset(("525", "52e", "775", "533", "532", "701", "773", ""))
LOST = (Kind.SILENT, Kind.RESET, Kind.MALFORMED)


@dataclass(frozen=True)
class DirectoryLogin:
    """Whom a session signs in as, and where.

    ``timeout`` in seconds bounds reaching a server (all servers together), the
    bind, and each search with its second try. ``as_service_account`` is False
    for a separate directory user, whose refusal stops nothing but this.
    """

    directory: Directory
    username: str
    password: Secret
    as_service_account: bool
    gate: Gate
    timeout: float


class DirectorySignIn:
    """Signs in to servers; ``second_try_taken`` once the session has used its one second try. For one thread."""

    def __init__(self, login: DirectoryLogin) -> None:
        self.second_try_taken = False
        self.notes: tuple[str, ...] = ()
        self._login = login

    def take_second_try(self) -> bool:
        """Use the session's one second try; False if it was used before."""
        free, self.second_try_taken = not self.second_try_taken, True
        return free

    def note(self, line: str) -> None:
        """Keep a line about a server, for the report."""
        if line not in self.notes:
            self.notes = (*self.notes, line)

    def enter(
        self, servers: Sequence[DirectoryServer], deadline: Deadline, *, first: bool = False
    ) -> tuple[Bind, Channel | None]:
        """Sign in to the first of these that can be reached; None where that failed.

        Reaching them ends by the deadline, and so does the bind, which has the whole timeout where it is the ``first``.
        """
        login = self._login
        bind = Bind(str(servers[0]) if servers else "", login.username, login.as_service_account)
        if not login.username or not login.password.reveal():
            return replace(bind, trouble=Trouble(Kind.OTHER, NOBODY), tried=False), None
        channel, unreached = self._reach_twice(servers, deadline)
        if channel is None:
            return replace(bind, trouble=unreached), None
        bind = replace(bind, server=str(channel.server), certificate=channel.certificate)
        seconds = login.timeout if first else max(deadline.left(), 0.1)
        try:
            trouble = self._bind(channel, Deadline(seconds))
        except SignInStopped as stopped:
            channel.close()
            return replace(bind, trouble=Trouble(Kind.STOPPED, stopped.reason), tried=False), None
        except BaseException:
            channel.close()
            raise
        if trouble is not None and trouble.ldap_result in LDAP_BUSY and self.take_second_try():
            time.sleep(min(LDAP_PAUSE, deadline.left() / 10))  # nobody has judged the password
            return self.enter([*servers[1:], *servers[:1]], Deadline(seconds), first=first)
        return replace(bind, trouble=trouble), None if trouble else channel

    def _bind(self, channel: Channel, deadline: Deadline) -> Trouble | None:
        """Show the password, while holding the gate; stop the run's sign-ins where it may count as a wrong one."""
        login = self._login
        with login.gate.new_sign_in():
            try:
                trouble = channel.bind(login.username, login.password, deadline)
            except KeyboardInterrupt:  # the password may have been judged, and nobody listened
                login.gate.stop(f"the directory sign-in of {login.username} was interrupted")
                raise
            if trouble is None:
                return None
            if trouble.ldap_result == INVALID_CREDENTIALS and trouble.sub_code in STOPPING:
                who = "the service account" if login.as_service_account else "its own user"
                login.gate.stop(f"the directory refused {who} ({trouble.sub_code or 'no cause told'})")
            elif login.as_service_account and trouble.kind in LOST:
                # the password may have been judged, and nobody said how
                login.gate.stop("the answer to the directory sign-in of the service account was lost")
        return trouble

    def _reach_twice(
        self, servers: Sequence[DirectoryServer], whole: Deadline
    ) -> tuple[Channel | None, Trouble | None]:
        """Reach the first that can be reached; a second time all of them where none could for now."""
        channel, trouble = self._reach(servers, whole.part(FIRST_SHARE))
        if channel is None and trouble is not None and trouble.kind in HOST_AGAIN:
            time.sleep(min(LDAP_PAUSE, whole.left() / 10))
            return self._reach(servers, whole)
        return channel, trouble

    def _reach(self, servers: Sequence[DirectoryServer], whole: Deadline) -> tuple[Channel | None, Trouble | None]:
        first: Trouble | None = None
        for at, server in enumerate(servers):
            started = time.monotonic()
            try:
                return self._open(server, whole.part(1 / (len(servers) - at))), None
            except OSError as error:
                trouble = trouble_of(error, time.monotonic() - started)
                first = first or trouble
                self.note(f"{server} could not be used: {trouble.said}")
        return None, first or Trouble(Kind.OTHER, "no directory server is configured")

    def _open(self, server: DirectoryServer, deadline: Deadline) -> Channel:
        if not server.tls and not self._login.directory.start_tls:
            raise HandshakeFailed("neither LDAPS nor StartTLS is configured, and no password goes without TLS")
        return open_channel(server, self._login.directory.ca_file, deadline)
