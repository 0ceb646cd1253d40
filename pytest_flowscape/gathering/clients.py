"""Clients for a customer's own tests, made when a test first asks: exchangelib accounts, one ldap3 connection.

One ``Clients`` lives in each process that runs tests. Both kinds use what the
run has: its EWS session with this process's share of the connections, and its
gate for sign-ins. A side that is closed to the run is closed to them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.gathering.sessions import Sessions
from pytest_flowscape.probes.directory.session import DirectorySession

if TYPE_CHECKING:  # exchangelib takes a second to import: only where a test asks for it
    from pytest_flowscape.booking.client.account import FlowscapeAccount


class Clients:
    """Makes the clients of one process; it and they are for one thread."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._directory: DirectorySession | None = None
        self._connection: Any = None
        self._closed: NotMeasured | None = None

    def exchange_account(self, address: str = "", *, impersonate: bool = False) -> FlowscapeAccount:
        """Make an exchangelib account for a mailbox, the service account's own by default; nothing is sent yet.

        Raises NotMeasured where EWS is closed to the run.
        """
        session = self._sessions.ews()
        from pytest_flowscape.booking.client.account import AccountSettings, make_account  # noqa: PLC0415  see above

        site, signed_in = self._sessions.run.site, self._sessions.site_facts.sign_in
        version = signed_in.server_version if signed_in else ""
        return make_account(
            session,
            AccountSettings(site.exchange, site.service_account.username, session.way, version),
            address or site.service_account.email,
            impersonate=impersonate,
        )

    def directory_connection(self) -> Any:
        """Return this process's ldap3 connection, signed in at the first call and never again.

        Raises NotMeasured where the directory is closed to the run, where the
        sign-in failed, and where the connection has ended since.
        """
        if self._closed is not None:
            raise NotMeasured(self._closed.reason, cause=self._closed.cause, because=self._closed.because)
        if self._directory is None:
            self._directory = self._sessions.directory()
            # until it has ended: whatever interrupts it, there is no second one
            self._closed = NotMeasured("this process's one sign-in to the directory was interrupted")
            trouble = self._directory.bind().trouble
            if trouble is not None:
                self._closed = NotMeasured(f"the directory was not signed in to: {trouble.said}")
                raise self._closed
            self._closed = None
            self._connection = self._directory.lend()
        if self._connection.closed:
            self._closed = NotMeasured("this process's connection to the directory has ended, and it signs in once")
            raise self._closed
        return self._connection

    def close(self) -> None:
        """End the directory connection; the EWS session is the run's, which ends it."""
        if self._directory is not None:
            self._directory.close()
