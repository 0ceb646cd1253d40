"""Hard sites as the directory shows them: forests, addresses, attributes that are hidden or half empty.

How forests are built is in ``forests``; here is what each site is called and what is in it.
"""

from __future__ import annotations

from functools import partial

from pytest_flowscape.simulator.scenarios import Builder, Scenario, SiteFileChanges, forests
from pytest_flowscape.simulator.scenarios.variant import ROOMS, servers, variant

# the requirements that only the directory can prove, and who vouches for them
VOUCHED = dict.fromkeys(
    ("ACCOUNT-2", "ACCOUNT-4", "ACCOUNT-6", "ROOM-1"), "A. Admin 2026-02-02: seen in the admin center"
)
NO_DIRECTORY: SiteFileChanges = {"directory": None, "attestations": VOUCHED}
READER: SiteFileChanges = {
    "directory": {"username": "reader@demo.test", "password": "file:{folder}/password.txt"},
}
CONTROLLER, CATALOG, CHILD_CONTROLLER = (
    "ldaps://localhost:{ldaps_port}",
    "gc://localhost:{gc_port}",
    "ldaps://localhost:{child_port}",
)
HIDDEN_ROOM = "aurora@demo.test"
ONLINE_ROOM = "bergen@demo.test"
LATE_ROOM = "atlas@demo.test"
TAKEN_ROOM = "zuerich@demo.test"
OTHER_DOMAIN = "rooms.demo.example"
UPN = "svc4711@corp.example"


# --- addresses ----------------------------------------------------------------------------------


def _x500_and_sip(scenario: Scenario) -> None:
    """Add to the rooms much that is not an SMTP address, and to a person the rooms' addresses as SIP addresses."""
    organisation = scenario.organisation
    person = organisation.owner(scenario.users[0])
    for number, address in enumerate(scenario.rooms):
        alias = f"mixed-{address}"
        organisation.mailboxes[address].aliases.append(alias)
        organisation.owner(address).proxy_addresses += [
            f"SIP:{address}",
            f"x400:C=SE;A= ;P=Demo;O=Exchange;S=Room{number};",
            f"eum:{address};phone-context=demo.demo.test",
            f"X500:/o=Old/ou=SMTP:{alias}/cn=room{number}",
            f"sMtP:{alias}",
        ]
        person.proxy_addresses += [f"sip:{address}", f"EUM:{address};phone-context=demo.demo.test"]


def _other_accepted_domain(scenario: Scenario) -> None:
    """Move every address to a domain that has nothing to do with the name of the directory's."""
    addresses = (*scenario.rooms, *scenario.users, scenario.email)
    new = {address: address.replace("@demo.test", f"@{OTHER_DOMAIN}") for address in addresses}
    for old, address in new.items():
        scenario.organisation.rename(old, address, alias=False)
    scenario.rooms = tuple(new[room] for room in scenario.rooms)
    scenario.users = tuple(new[user] for user in scenario.users)
    scenario.email = new[scenario.email]


def _upn_unlike_mail(scenario: Scenario) -> None:
    """Set a UPN of the service account that resembles neither its address nor the directory's domain."""
    service = scenario.organisation.accounts[scenario.organisation.service_account]
    service.upn = scenario.username = UPN


def _half_empty_types(scenario: Scenario) -> None:
    """Fill one type attribute only, let two disagree, and make one room's mailbox a linked one."""
    organisation = scenario.organisation
    organisation.more_domains.append(forests.ACCOUNTS)
    owners = [organisation.owner(room) for room in scenario.rooms]
    owners[0].recipient_display_type = None
    owners[1].recipient_type_details = None
    owners[2].recipient_type_details, owners[2].master_sid = 2199023255552, f"{forests.ACCOUNTS.sid}-2222"
    owners[3].recipient_display_type = 1073741824


# --- several domains ----------------------------------------------------------------------------


def _child_domain(scenario: Scenario) -> None:
    """Put rooms and people into a child domain; the account stays in the first one, a global catalog knows them all."""
    forests.move_to_child(scenario.organisation, *scenario.rooms, *scenario.users)


def _account_in_child_domain(scenario: Scenario) -> None:
    """Put the account into the child domain, whose controller is named last; its name exists in the first one, too."""
    organisation = scenario.organisation
    forests.move_to_child(organisation, scenario.email)
    sam = organisation.accounts[organisation.service_account].sam
    forests.add_namesake(organisation, sam)
    scenario.username = f"{forests.CHILD.netbios}\\{sam}"


def _child_domain_not_asked(scenario: Scenario) -> None:
    """Put rooms into a child domain, and name one domain controller of the first one only."""
    forests.move_to_child(scenario.organisation, *scenario.rooms[1:])


def _address_taken_in_child_domain(scenario: Scenario) -> None:
    """Add an object of another domain that has a room's address too: only a global catalog shows it."""
    forests.take_address_in_child(scenario.organisation, TAKEN_ROOM)


def _lagging_catalog(scenario: Scenario) -> None:
    """Make one room new: its domain controller has it, the global catalog does not yet."""
    scenario.organisation.owner(LATE_ROOM).in_global_catalog = False


# --- a linked mailbox ---------------------------------------------------------------------------


def _link_mailbox(scenario: Scenario) -> None:
    """Make the service account one of another forest."""
    forests.link_service_account(scenario.organisation)
    scenario.username = f"{forests.ACCOUNTS.netbios}\\svc-flowscape"


_linked = partial(variant, change=_link_mailbox)
SITES: dict[str, Builder] = dict(
    (
        _linked("linked-mailbox"),
        _linked("linked-mailbox-reader", "directory-reader", site_file=READER),
        _linked(
            "linked-mailbox-attested",
            site_file={"attestations": {id_: VOUCHED[id_] for id_ in ("ACCOUNT-2", "ACCOUNT-4")}},
        ),
        variant("child-domain", change=_child_domain, site_file=servers(CONTROLLER, CATALOG)),
        variant(
            "account-in-child-domain",
            change=_account_in_child_domain,
            site_file=servers(CONTROLLER, CATALOG, CHILD_CONTROLLER),
        ),
        variant("child-domain-not-asked", change=_child_domain_not_asked),
        variant(
            "address-taken-in-child-domain",
            change=_address_taken_in_child_domain,
            site_file=servers(CONTROLLER, CATALOG),
            min_rooms=ROOMS,
        ),
        variant("catalog-alone", site_file=servers(CATALOG)),
        variant("lagging-catalog", change=_lagging_catalog, site_file=servers(CATALOG, CONTROLLER)),
        variant("other-accepted-domain", change=_other_accepted_domain),
        variant("x500-and-sip", change=_x500_and_sip),
        variant("upn-unlike-mail", change=_upn_unlike_mail),
        variant("hidden-room", f"hidden-from-address-list:{HIDDEN_ROOM}"),
        variant("online-room", f"online:{ONLINE_ROOM}"),
        variant("half-empty-types", change=_half_empty_types, min_rooms=ROOMS),
        variant("pinned-controller", "ldap-tls-self-signed", site_file={"directory": {"ca_file": "{folder}/dc.pem"}}),
        variant("controller-not-pinned", "ldap-tls-self-signed"),
        variant("no-ldaps", site_file=NO_DIRECTORY),
        variant("no-ldaps-not-attested", site_file={"directory": None}),
        variant("no-ldaps-hidden-room", f"hidden-from-address-list:{HIDDEN_ROOM}", site_file=NO_DIRECTORY),
        variant("hardened-directory", "hidden-directory"),
        variant("hardened-directory-reader", "hidden-directory", "directory-reader", site_file=READER),
        variant("hidden-exchange-attributes", "hidden-exchange-attributes"),
    )
)
