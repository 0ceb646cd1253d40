"""One real directory for a whole test run: created by the worker that asks first, used in turn, put back after changes.

Tests may run on any worker and in any order: a lock gives each its turn, and
all that the next one has to know lies in the folder that the workers share.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.facts import DirectoryView
from pytest_flowscape.probes.directory.session import DirectorySession
from pytest_flowscape.probes.directory.sign_in import DirectoryLogin
from pytest_flowscape.site.model import Directory, DirectoryServer
from tests.probes.directory_sessions import Door
from tests.real_ad import contents
from tests.real_ad.administrator import Administrator
from tests.real_ad.samba import DNS, DomainController

NONE: frozenset[str] = frozenset()
EMAIL = USERNAME = f"svc-flowscape@{DNS}"


class RealDirectory:
    """The directory as a test sees it, between ``ready`` and the end of its turn.

    ``password`` is that of the service account and of the reader.
    """

    def __init__(self, folder: Path, *, rooms: int, password: str) -> None:
        self.password = password
        self.controller = DomainController(folder.resolve() / "domain")
        self.door = Door()
        self._rooms = rooms
        self._turn = folder / "turn.lock"
        self._changed = folder / "changed"
        self._administrator: Administrator | None = None
        self._sessions: list[DirectorySession] = []

    # --- turns ---

    @contextlib.contextmanager
    def turn(self, *, changing: bool) -> Iterator[None]:
        """Keep the directory to this test, running and as it was created.

        It is put back before the next turn if ``changing``, also where this
        process is killed in between.
        """
        with self._lock():
            self._prepare()
            if changing:
                self._changed.touch()
            self.door = Door()
            try:
                yield
            finally:
                self._disconnect()

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        # a lock of the kernel: waiting processes are woken in turn, and dead ones hold nothing
        self._turn.parent.mkdir(parents=True, exist_ok=True)
        with self._turn.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _prepare(self) -> None:
        controller = self.controller
        if not controller.exists:
            self._create()
        if self._changed.exists():
            controller.stop()
            controller.forget_changes()
            self._changed.unlink()
        controller.start()
        # another worker's simulator has another password; what was noted goes back with the contents
        if self._noted_password.read_text(encoding="utf-8") != self.password:
            for dn in (contents.SERVICE, contents.READER):
                self.administrator.set_password(dn, self.password)
            self._noted_password.write_text(self.password, encoding="utf-8")

    def _create(self) -> None:
        self.controller.provision()
        self.controller.start()
        contents.add_exchange(self.administrator)
        contents.populate(self.administrator, self._rooms, self.password)
        self._disconnect()
        self.controller.stop()
        self._noted_password.write_text(self.password, encoding="utf-8")
        self.controller.snapshot()

    @property
    def _noted_password(self) -> Path:
        return self.controller.folder / "private" / "noted-password"

    def _disconnect(self) -> None:
        for session in self._sessions:
            session.close()
        self._sessions.clear()
        if self._administrator is not None:
            self._administrator.close()
            self._administrator = None

    def restart(self) -> None:
        """Put everything back at once, in the middle of a turn."""
        self._disconnect()
        self._changed.touch()
        self._prepare()

    def end(self) -> None:
        """Stop the server, if this process started it, as soon as nobody uses it."""
        with self._lock():
            self.controller.stop_own()

    # --- what a test does with it ---

    @property
    def address(self) -> str:
        """Return the server's loopback address; its certificate names it, and dc1.demo.test."""
        return self.controller.address

    @property
    def ca(self) -> Path:
        """Return the path of the certificate of the authority that vouches for the server."""
        return self.controller.ca

    @property
    def administrator(self) -> Administrator:
        """Return a connection as the domain's administrator."""
        if self._administrator is None:
            password = self.controller.administrator_password
            self._administrator = Administrator(self.address, self.ca, f"Administrator@{DNS}", password)
        return self._administrator

    def server(self, port: int = 636) -> DirectoryServer:
        """Return the server as a site file names it: 636, 389, 3268 or 3269."""
        return DirectoryServer(self.address, port, tls=port in (636, 3269))

    def session(
        self,
        *servers: DirectoryServer,
        username: str = USERNAME,
        password: str | None = None,
        own: bool = True,
        start_tls: bool = True,
        ca: Path | None = None,
        base: str = contents.BASE,
        timeout: float = 20.0,
    ) -> DirectorySession:
        """Return the product's session to the directory, not yet bound; it ends with the turn."""
        session = DirectorySession(
            DirectoryLogin(
                Directory(servers or (self.server(),), base, ca_file=ca or self.ca, start_tls=start_tls),
                username,
                Secret(self.password if password is None else password),
                as_service_account=own,
                gate=self.door,
                timeout=timeout,
            )
        )
        self._sessions.append(session)
        return session

    def as_reader(self) -> DirectorySession:
        """Return a session of the ordinary account that only reads."""
        return self.session(username=contents.READER_UPN, own=False)

    def view(
        self,
        session: DirectorySession | None = None,
        *,
        email: str = EMAIL,
        username: str = USERNAME,
        rooms: tuple[str, ...] = (),
        users: tuple[str, ...] = (),
        reads: frozenset[str] = NONE,
    ) -> DirectoryView:
        """Bind, and gather what the product gathers."""
        asking = session or self.session()
        bind = asking.bind()
        assert bind.trouble is None, bind
        return asking.gather(email, username, rooms, users, reads=reads)
