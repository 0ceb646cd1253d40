"""The sessions of one process with Exchange and with the directory, made when they are first needed."""

from __future__ import annotations

from pytest_flowscape.core.errors import NotMeasured
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.gathering.site import directory_session
from pytest_flowscape.judging.causes import unmeasured
from pytest_flowscape.probes.directory.session import DirectorySession
from pytest_flowscape.probes.ews.session import EwsSession
from pytest_flowscape.probes.gate import Gate
from pytest_flowscape.site.one_run import Run


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
            self._ews = EwsSession(
                self.run.site.exchange,
                self.run.site.service_account.username,
                self.run.password,
                ways=facts.endpoint.ways if facts.endpoint else (),
                gate=self._gate,
                run_id=self.run.run_id,
                connections=self.run.connections,
                mailboxes=self.run.chunk_size,
                way=facts.sign_in.way if facts.sign_in else "",
            )
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
        """End the session with Exchange; whoever got one with the directory ends it."""
        if self._ews:
            self._ews.close()
