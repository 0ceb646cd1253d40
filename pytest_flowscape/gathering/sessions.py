"""The sessions of one process with Exchange and with the directory, made when they are first needed."""

from __future__ import annotations

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.judging.causes import unmeasured
from pytest_flowscape.probes.directory.session import DirectorySession
from pytest_flowscape.probes.directory.sign_in import DirectoryLogin
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.site.one_run import Run


def directory_user_gate(run: Run) -> Gate:
    """Return the gate of a separate directory user: a refusal of that one stops its own sign-ins in all processes."""
    return Gate(run.folder / "directory-user")


def directory_session(run: Run, gate: Gate) -> DirectorySession | None:
    """Make the session that the site file describes, not yet bound; None where it describes no directory."""
    directory = run.site.directory
    if directory is None:
        return None
    own = run.site.binds_as_service_account
    return DirectorySession(
        DirectoryLogin(
            directory,
            directory.username or run.site.service_account.username,
            run.password if own else run.directory_password,
            as_service_account=own,
            gate=gate if own else directory_user_gate(run),
            timeout=run.site.exchange.timeout,
        )
    )


def ews_session(run: Run, facts: SiteFacts, gate: Gate, *, connections: int) -> EwsSession:
    """Make a session of the service account with Exchange, not yet signed in."""
    return EwsSession(
        run.site.exchange,
        run.site.service_account.username,
        run.password,
        ways=facts.endpoint.ways if facts.endpoint else (),
        gate=gate,
        run_id=run.run_id,
        connections=connections,
        mailboxes=run.chunk_size,
        way=facts.sign_in.way if facts.sign_in else "",
    )


class Sessions:
    """Opens what the site's facts left open to the run. A closed side stays closed, with its cause."""

    def __init__(self, run: Run, site_facts: SiteFacts) -> None:
        self.run = run
        self.site_facts = site_facts
        self._gate = Gate(run.folder)
        self._ews: EwsSession | None = None

    def ews(self) -> EwsSession:
        """Return this process's session with Exchange. Raises NotMeasured where EWS is closed to the run."""
        facts = self.site_facts
        if facts.ews_closed:
            raise unmeasured(facts.ews_closed)
        if self._ews is None:
            self._ews = ews_session(self.run, facts, self._gate, connections=self.run.connections)
        return self._ews

    def directory(self) -> DirectorySession:
        """Return a new session with the directory, not yet bound. Raises NotMeasured where it is closed to the run."""
        closed = self.site_facts.directory_closed
        if closed:
            raise unmeasured(closed)
        session = directory_session(self.run, self._gate)
        if session is None:
            raise NotMeasured("the site file has no [directory] section")
        return session

    def close(self) -> None:
        """End the session with Exchange. One with the directory is ended by its user."""
        if self._ews:
            self._ews.close()
