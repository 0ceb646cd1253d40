"""The real directory and the simulated one, with the same searches."""

from __future__ import annotations

from pytest_flowscape.facts import DirectoryView
from pytest_flowscape.probes.directory.search import Query, SearchFailed
from pytest_flowscape.site.model import Directory, DirectoryServer
from tests.acceptance import read_site
from tests.real_ad import contents, views
from tests.real_ad.comparing import Names, Plain, disagreements, plain_entry, plain_view
from tests.real_ad.contents import READER_UPN
from tests.real_ad.real_directory import USERNAME, RealDirectory
from tests.simulator.harness import Simulator

CONTROLLER = ("controller",)


class TwoDirectories:
    """The two directories, and the same searches in both."""

    def __init__(self, real: RealDirectory, simulator: Simulator) -> None:
        self.real, self.simulator = real, simulator
        simulator.plant("directory-reader")
        self.site = read_site(simulator.site)
        assert self.site.directory is not None
        simulated = self.site.directory
        catalog = DirectoryServer("localhost", simulator.ready["gc_port"], catalog=True)
        self.controllers = {"real": real.server(), "simulated": simulated.servers[0]}
        self.catalogs = {"real": real.server(3269), "simulated": catalog}
        self._authorities = {"real": real.ca, "simulated": simulated.ca_file}

    def directory(self, which: str, *kinds: str) -> Directory:
        """Return servers of one directory, ``controller`` or ``catalog`` each, as a site file names them."""
        servers = [(self.catalogs if kind == "catalog" else self.controllers)[which] for kind in kinds]
        return Directory(tuple(servers), contents.BASE, ca_file=self._authorities[which])

    def view(self, which: str, username: str = USERNAME, kinds: tuple[str, ...] = CONTROLLER) -> DirectoryView:
        return views.view(
            self.directory(which, *kinds),
            username,
            self.real.password,
            account=USERNAME,
            email=self.site.service_account.email,
            rooms=tuple(room.email for room in self.site.rooms),
            users=self.site.users.addresses,
            own=username != READER_UPN,
        )

    def names(self, which: str) -> Names:
        return Names.of(self.directory(which, *CONTROLLER), READER_UPN, self.real.password)

    def plain(self, which: str, username: str = USERNAME, kinds: tuple[str, ...] = CONTROLLER) -> Plain:
        return plain_view(self.view(which, username, kinds), self.names(which))

    def search(self, which: str, query: Query) -> Plain:
        """Return what one search finds by distinguished name, or the result with which it is refused."""
        names = self.names(which)
        try:
            with views.servers(self.directory(which, *CONTROLLER), USERNAME, self.real.password) as servers:
                entries = servers.search(query, catalog=False)
        except SearchFailed as failed:
            return {"refused": failed.trouble.ldap_result}
        return {entry.dn: plain_entry(entry, names) for entry in entries}

    def agree(self, username: str = USERNAME, kinds: tuple[str, ...] = CONTROLLER) -> None:
        """Assert that both answer the same, and that they answer something."""
        real = self.plain("real", username, kinds)
        assert real["account"]
        found = disagreements(real, self.plain("simulated", username, kinds))
        assert not found, "real != simulated\n" + "\n".join(found)
