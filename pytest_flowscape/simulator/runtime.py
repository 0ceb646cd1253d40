"""The running simulator: organisation, listeners and certificates together, as faults and control see them."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import Any

from pytest_flowscape.simulator.answer_holds import AnswerQueue
from pytest_flowscape.simulator.certificates import RIGHT, Certificates, ServerContexts
from pytest_flowscape.simulator.directory.server import DirectoryListener
from pytest_flowscape.simulator.ews.authentication import Authenticator
from pytest_flowscape.simulator.ews.limits import Limits
from pytest_flowscape.simulator.ews.listener import EwsFactory, EwsListener
from pytest_flowscape.simulator.ews.schema import SchemaCheck
from pytest_flowscape.simulator.ews.server import EwsResource
from pytest_flowscape.simulator.ews.soap import SoapService
from pytest_flowscape.simulator.model import Account, Mailbox, Organisation
from pytest_flowscape.simulator.scenarios import Scenario
from pytest_flowscape.simulator.web import quiet_site


class Runtime:
    """One simulated site, started by ``start``; ``reset`` brings it back to its scenario."""

    def __init__(self, scenario: Scenario, folder: Path, schema_folder: Path | None) -> None:
        self.scenario = scenario
        self.organisation: Organisation = scenario.organisation
        self.folder = folder
        self.certificates = Certificates()
        self.ews_contexts = ServerContexts(self.certificates)
        self.ldap_contexts = ServerContexts(self.certificates)
        self.schema = SchemaCheck(schema_folder)
        self.answer_queue = AnswerQueue()
        self._pristine = copy.deepcopy(scenario.organisation)

    def start(self, reactor: Any) -> None:
        """Open every listener. Raises an error of Twisted where that is impossible."""
        self.limits = Limits(self.organisation, reactor)
        self.authenticator = Authenticator(self.organisation, self.folder / "ntlm-hashes")
        self.authenticator.end_point_hash = self.certificates.end_point_hash(RIGHT)
        soap = SoapService(self.organisation, self.limits, self.schema)
        self.post = soap.post
        site = quiet_site(EwsResource(reactor, self.organisation, self.authenticator, soap, self.answer_queue))
        self._factory = EwsFactory(self.organisation, self.ews_contexts, site)
        self.ews = EwsListener(reactor, self._factory)
        self.ews.open()
        self.directory = DirectoryListener(reactor, self.organisation, self.ldap_contexts)

    def show_certificate(self, kind: str) -> None:
        """Show this kind of certificate at the EWS endpoint from the next connection on."""
        self.ews_contexts.kind = kind
        self.authenticator.end_point_hash = self.certificates.end_point_hash(kind)

    def reset(self) -> None:
        """Go back to the scenario as it was built: model, certificates, listener, counters, log; drop connections."""
        fresh = copy.deepcopy(self._pristine)
        revision = self.organisation.revision + 1
        for field in dataclasses.fields(fresh):
            setattr(self.organisation, field.name, getattr(fresh, field.name))
        self.organisation.revision = revision
        self.ldap_contexts.kind = RIGHT
        self.show_certificate(RIGHT)
        self.limits.clear()
        self.answer_queue.clear()
        self._factory.drop_all()
        self.ews.open()

    # --- what faults use ---------------------------------------------------------------------

    @property
    def ports(self) -> dict[str, int]:
        """Return the ports of all servers, by the names of the ready line; 0 for one that the site does not have."""
        ports = {name: getattr(self.directory, name) for name in ("ldaps_port", "ldap_port", "gc_port", "child_port")}
        return {"ews_port": self.ews.port, **ports}

    @property
    def service(self) -> Account:
        """Return the service account's object."""
        return self.organisation.accounts[self.organisation.service_account]

    @property
    def own_mailbox(self) -> Mailbox:
        """Return the service account's mailbox. Raises StopIteration where it has none."""
        sid = self.service.sid
        return next(mailbox for mailbox in self.organisation.mailboxes.values() if mailbox.owner_sid == sid)

    def mailbox(self, address: str) -> Mailbox:
        """Return the mailbox with this primary address. Raises KeyError, its text for people."""
        try:
            return self.organisation.mailboxes[address.lower()]
        except KeyError:
            raise KeyError(f"there is no mailbox {address}") from None

    def owner(self, address: str) -> Account:
        """Return the account that owns the mailbox with this primary address. Raises KeyError likewise."""
        return self.organisation.owner(self.mailbox(address).primary)
