"""Hard sites as the directory shows them: forests, addresses, attributes that are hidden or half empty.

How forests are made is in ``forests``; here is what each site is called and what is in it.
"""

from __future__ import annotations

from pytest_flowscape.simulator.scenarios import Builder, Scenario, SiteFileChanges, forests, ready

FEW = 4  # rooms, where no number is asked for
# the requirements that only the directory can prove, and who vouches for them
VOUCHED = dict.fromkeys(
    ("ACCOUNT-2", "ACCOUNT-4", "ACCOUNT-6", "ROOM-1"), "A. Admin 2026-02-02: seen in the admin center"
)
NO_DIRECTORY: SiteFileChanges = {"directory": None, "attestations": VOUCHED}
READER = {"username": "reader@demo.test", "password": "file:{folder}/password.txt"}
HIDDEN_ROOM = "aurora@demo.test"
ONLINE_ROOM = "bergen@demo.test"
LATE_ROOM = "atlas@demo.test"
TAKEN_ROOM = "zuerich@demo.test"
OTHER_DOMAIN = "rooms.demo.example"
UPN = "svc4711@corp.example"


def _site(name: str, rooms: int | None, password: str) -> Scenario:
    scenario = ready.build(FEW if rooms is None else rooms, password)
    scenario.name = name
    return scenario


def _with(name: str, *conditions: str, site_file: SiteFileChanges | None = None) -> tuple[str, Builder]:
    """Return a site that differs from ``ready`` by these conditions and these lines of the site file alone."""

    def build(rooms: int | None, password: str) -> Scenario:
        scenario = _site(name, rooms, password)
        scenario.conditions = conditions
        scenario.site_file = site_file or {}
        return scenario

    return name, build


# --- addresses ----------------------------------------------------------------------------------


def _x500_and_sip(rooms: int | None, password: str) -> Scenario:
    """Add to the rooms much that is not an SMTP address, and to a person the rooms' addresses as SIP addresses."""
    scenario = _site("x500-and-sip", rooms, password)
    organisation = scenario.organisation
    person = organisation.accounts[organisation.mailboxes[scenario.users[0]].owner_sid]
    for number, address in enumerate(scenario.rooms):
        mailbox = organisation.mailboxes[address]
        owner = organisation.accounts[mailbox.owner_sid]
        alias = f"mixed-{address}"
        mailbox.aliases.append(alias)
        owner.proxy_addresses += [
            f"SIP:{address}",
            f"x400:C=SE;A= ;P=Demo;O=Exchange;S=Room{number};",
            f"eum:{address};phone-context=demo.demo.test",
            f"X500:/o=Old/ou=SMTP:{alias}/cn=room{number}",
            f"sMtP:{alias}",
        ]
        person.proxy_addresses += [f"sip:{address}", f"EUM:{address};phone-context=demo.demo.test"]
    return scenario


def _other_accepted_domain(rooms: int | None, password: str) -> Scenario:
    """Move every address to a domain that has nothing to do with the name of the directory's."""
    scenario = _site("other-accepted-domain", rooms, password)
    addresses = (*scenario.rooms, *scenario.users, scenario.email)
    new = {address: address.replace("@demo.test", f"@{OTHER_DOMAIN}") for address in addresses}
    for old, address in new.items():
        forests.readdress(scenario.organisation, old, address)
    scenario.rooms = tuple(new[room] for room in scenario.rooms)
    scenario.users = tuple(new[user] for user in scenario.users)
    scenario.email = new[scenario.email]
    return scenario


def _upn_unlike_mail(rooms: int | None, password: str) -> Scenario:
    """Set a UPN of the service account that resembles neither its address nor the directory's domain."""
    scenario = _site("upn-unlike-mail", rooms, password)
    service = scenario.organisation.accounts[scenario.organisation.service_account]
    service.upn = scenario.username = UPN
    return scenario


def _half_empty_types(rooms: int | None, password: str) -> Scenario:
    """Fill one type attribute only, let two disagree, and make one room's mailbox a linked one."""
    scenario = _site("half-empty-types", FEW if rooms is None else max(rooms, FEW), password)
    organisation = scenario.organisation
    organisation.more_domains.append(forests.ACCOUNTS)
    owners = [organisation.accounts[organisation.mailboxes[room].owner_sid] for room in scenario.rooms]
    owners[0].recipient_display_type = None
    owners[1].recipient_type_details = None
    owners[2].recipient_type_details, owners[2].master_sid = 2199023255552, f"{forests.ACCOUNTS.sid}-2222"
    owners[3].recipient_display_type = 1073741824
    return scenario


# --- several domains ----------------------------------------------------------------------------


def _child_domain(rooms: int | None, password: str) -> Scenario:
    """Put rooms and people into a child domain; the account stays in the first one, a global catalog knows them all."""
    scenario = _site("child-domain", rooms, password)
    forests.move_to_child(scenario.organisation, *scenario.rooms, *scenario.users)
    scenario.site_file = forests.servers("ldaps://localhost:{ldaps_port}", "gc://localhost:{gc_port}")
    return scenario


def _account_in_child_domain(rooms: int | None, password: str) -> Scenario:
    """Put the account into the child domain, whose controller is named last; its name exists in the first one, too."""
    scenario = _site("account-in-child-domain", rooms, password)
    organisation = scenario.organisation
    forests.move_to_child(organisation, scenario.email)
    forests.add_namesake(organisation, organisation.accounts[organisation.service_account].sam)
    scenario.username = f"{forests.CHILD.netbios}\\{organisation.accounts[organisation.service_account].sam}"
    scenario.site_file = forests.servers(
        "ldaps://localhost:{ldaps_port}", "gc://localhost:{gc_port}", "ldaps://localhost:{child_port}"
    )
    return scenario


def _child_domain_not_asked(rooms: int | None, password: str) -> Scenario:
    """Put rooms into a child domain, and name one domain controller of the first one only."""
    scenario = _site("child-domain-not-asked", rooms, password)
    forests.move_to_child(scenario.organisation, *scenario.rooms[1:])
    return scenario


def _address_taken_in_child_domain(rooms: int | None, password: str) -> Scenario:
    """Add an object of another domain that has a room's address too: only a global catalog shows it."""
    scenario = _site("address-taken-in-child-domain", FEW if rooms is None else max(rooms, FEW), password)
    forests.take_address_in_child(scenario.organisation, TAKEN_ROOM)
    scenario.site_file = forests.servers("ldaps://localhost:{ldaps_port}", "gc://localhost:{gc_port}")
    return scenario


def _lagging_catalog(rooms: int | None, password: str) -> Scenario:
    """Make one room new: its domain controller has it, the global catalog does not yet."""
    scenario = _site("lagging-catalog", rooms, password)
    organisation = scenario.organisation
    organisation.accounts[organisation.mailboxes[LATE_ROOM].owner_sid].in_global_catalog = False
    scenario.site_file = forests.servers("gc://localhost:{gc_port}", "ldaps://localhost:{ldaps_port}")
    return scenario


# --- a linked mailbox ---------------------------------------------------------------------------


def _linked_mailbox(name: str, *conditions: str, site_file: SiteFileChanges | None = None) -> tuple[str, Builder]:
    """Return a site whose service account is one of another forest."""

    def build(rooms: int | None, password: str) -> Scenario:
        scenario = _site(name, rooms, password)
        forests.link_service_account(scenario.organisation)
        scenario.username = f"{forests.ACCOUNTS.netbios}\\svc-flowscape"
        scenario.conditions = conditions
        scenario.site_file = site_file or {}
        return scenario

    return name, build


_BUILDERS: tuple[tuple[str, Builder], ...] = (
    _linked_mailbox("linked-mailbox"),
    _linked_mailbox("linked-mailbox-reader", "directory-reader", site_file={"directory": READER}),
    _linked_mailbox(
        "linked-mailbox-attested", site_file={"attestations": {id_: VOUCHED[id_] for id_ in ("ACCOUNT-2", "ACCOUNT-4")}}
    ),
    ("child-domain", _child_domain),
    ("account-in-child-domain", _account_in_child_domain),
    ("child-domain-not-asked", _child_domain_not_asked),
    ("address-taken-in-child-domain", _address_taken_in_child_domain),
    _with("catalog-alone", site_file=forests.servers("gc://localhost:{gc_port}")),
    ("lagging-catalog", _lagging_catalog),
    ("other-accepted-domain", _other_accepted_domain),
    ("x500-and-sip", _x500_and_sip),
    ("upn-unlike-mail", _upn_unlike_mail),
    _with("hidden-room", f"hidden-from-address-list:{HIDDEN_ROOM}"),
    _with("online-room", f"online:{ONLINE_ROOM}"),
    ("half-empty-types", _half_empty_types),
    _with("pinned-controller", "ldap-tls-self-signed", site_file={"directory": {"ca_file": "{folder}/dc.pem"}}),
    _with("controller-not-pinned", "ldap-tls-self-signed"),
    _with("no-ldaps", site_file=NO_DIRECTORY),
    _with("no-ldaps-not-attested", site_file={"directory": None}),
    _with("no-ldaps-hidden-room", f"hidden-from-address-list:{HIDDEN_ROOM}", site_file=NO_DIRECTORY),
    _with("hardened-directory", "hidden-directory"),
    _with("hardened-directory-reader", "hidden-directory", "directory-reader", site_file={"directory": READER}),
    _with("hidden-exchange-attributes", "hidden-exchange-attributes"),
)
SITES: dict[str, Builder] = dict(_BUILDERS)
