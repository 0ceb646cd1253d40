"""The simulated directory answers as the real one does: the product's own searches of both, attribute by attribute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pytest_flowscape.judging.catalogue import attributes_judged
from pytest_flowscape.probes.directory.search import Query
from pytest_flowscape.probes.directory.view import (
    account_attributes,
    holder_attributes,
    identity_filters,
    mail_filter,
    proxy_filter,
)
from tests.real_ad import contents
from tests.real_ad.account_defects import attributes, demand_change, expire_password, in_days, lock_out
from tests.real_ad.administrator import filetime
from tests.real_ad.comparing import disagreements
from tests.real_ad.contents import BASE, DISABLED, NEVER_EXPIRES, NORMAL, READER_UPN, SERVICE, SMART_CARD
from tests.real_ad.real_directory import USERNAME, RealDirectory
from tests.real_ad.two_directories import TwoDirectories
from tests.simulator.harness import Simulator


@pytest.fixture
def both(real_ad: RealDirectory, simulator: Simulator) -> TwoDirectories:
    return TwoDirectories(real_ad, simulator)


@pytest.fixture
def changing(changing_ad: RealDirectory, simulator: Simulator) -> TwoDirectories:
    return TwoDirectories(changing_ad, simulator)


@pytest.mark.parametrize("username", [USERNAME, "DEMO\\svc-flowscape", "SVC-Flowscape@Demo.Test", READER_UPN])
def test_a_healthy_site(both: TwoDirectories, username: str) -> None:
    both.agree(username)


@pytest.mark.parametrize("kinds", [("controller", "catalog"), ("catalog", "controller")], ids="+".join)
def test_a_catalog_beside_a_controller(both: TwoDirectories, kinds: tuple[str, ...]) -> None:
    both.agree(READER_UPN, kinds)


def test_a_catalog_alone(both: TwoDirectories) -> None:
    """Samba's catalog holds everything; Windows' lacks these (AD schema pages, "In Global Catalog: False")."""
    real, simulated = (both.plain(which, kinds=("catalog",)) for which in ("real", "simulated"))
    assert {line.partition(":")[0] for line in disagreements(real, simulated)} == {
        "/lockout_threshold",
        "/account/badpwdcount",
        "/account/accountexpires",
        "/account/pwdlastset",
        "/account/msds-user-account-control-computed",
        "/account/msds-userpasswordexpirytimecomputed",
    }


ANYTHING = "(objectClass=*)"
ROOMS = "OU=Rooms,DC=demo,DC=test"
ROOM = "CN=Atlas,OU=Rooms,DC=demo,DC=test"
# tokenGroups not: Samba gives them in any search, Windows in a search of one object alone (MS-ADTS 3.1.1.4.5.19)
FEW = ("mail", "objectClass", "proxyAddresses", "objectSid")
QUERIES = {
    "by sAMAccountName": Query(BASE, identity_filters("DEMO\\svc-flowscape", BASE)[0], FEW),
    "by sAMAccountName in capitals": Query(BASE, identity_filters("SVC-FLOWSCAPE", BASE)[0], FEW),
    "by user principal name": Query(BASE, identity_filters("SVC-flowscape@demo.test", BASE)[0], FEW),
    "nobody's name": Query(BASE, identity_filters("nobody@demo.test", BASE)[0], FEW),
    "by addresses, in capitals": Query(BASE, proxy_filter(["ATLAS@DEMO.test", "anna.lind@demo.test"]), FEW),
    "by another address of a room": Query(BASE, proxy_filter(["room-aurora@demo.test"]), FEW),
    "by addresses of which one is nobody's": Query(BASE, proxy_filter(["nobody@demo.test", "loft@demo.test"]), FEW),
    "by mail": Query(BASE, mail_filter(["Atlas@demo.test", "nobody@demo.test", "svc-flowscape@demo.test"]), FEW),
    "a part of the domain": Query(
        "OU=Rooms,DC=demo,DC=test", proxy_filter(["atlas@demo.test", "anna.lind@demo.test"]), FEW
    ),
    "who shows an address": Query(ROOMS, "(proxyAddresses=*)", ("proxyAddresses",)),
    "who shows a nickname": Query("OU=People,DC=demo,DC=test", "(mailNickname=*)", ("mailNickname",)),
    "one object": Query(ROOM, ANYTHING, holder_attributes(attributes_judged()), whole=False),
    "one object, named otherwise": Query("cn=ATLAS, ou=rooms, dc=demo, dc=test", ANYTHING, FEW, whole=False),
    "the service account whole": Query(SERVICE, ANYTHING, account_attributes(attributes_judged()), whole=False),
    "the domain's policy": Query(BASE, ANYTHING, ("lockoutThreshold", "objectClass"), whole=False),
    "attributes that nobody knows": Query(ROOM, ANYTHING, ("mail", "noSuchAttribute"), whole=False),
    "an object that is not there": Query(f"CN=Nobody,{BASE}", ANYTHING, FEW, whole=False),
    "a unit that is not there": Query(f"OU=Nowhere,{BASE}", proxy_filter(["atlas@demo.test"]), FEW),
    "another domain": Query("CN=Atlas,DC=other,DC=test", ANYTHING, FEW, whole=False),
    "another domain's subtree": Query("DC=other,DC=test", proxy_filter(["atlas@demo.test"]), FEW),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_search_of_the_product(both: TwoDirectories, name: str) -> None:
    real = both.search("real", QUERIES[name])
    assert real or name == "nobody's name"
    assert disagreements(real, both.search("simulated", QUERIES[name])) == []


def nearly_lock(real: RealDirectory) -> None:
    for _ in range(contents.LOCKOUT_THRESHOLD - 1):
        assert real.session(password="not the password", own=False).bind().trouble is not None


def make_mail_user(real: RealDirectory) -> None:
    real.administrator.set(
        SERVICE,
        msExchRecipientTypeDetails=128,
        msExchRecipientDisplayType=6,
        msExchMailboxGuid=None,
        msExchMailboxSecurityDescriptor=None,
    )


@dataclass(frozen=True)
class State:
    """A state of the service account: the simulator's name for it, and how it happens in the real directory."""

    simulated: str
    real: Callable[[RealDirectory], object]


STATES = (
    State("ACCOUNT-1", attributes(sn=None)),
    State("ACCOUNT-2", attributes(userAccountControl=NORMAL | NEVER_EXPIRES | DISABLED)),
    State("ACCOUNT-3", make_mail_user),
    State("ACCOUNT-4", attributes(userAccountControl=NORMAL)),
    State("ACCOUNT-6", attributes(mail="flowscape.old@demo.test")),
    State("almost-locked", nearly_lock),
    State("locked", lock_out),
    State("expired", attributes(accountExpires=filetime(in_days(-2)))),
    State("expires-soon", attributes(accountExpires=filetime(in_days(30)))),
    State("must-change", demand_change),
    State("password-expired", expire_password),
    State("smart-card", attributes(userAccountControl=NORMAL | NEVER_EXPIRES | SMART_CARD)),
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.simulated)
def test_an_account_in_every_state(changing: TwoDirectories, state: State) -> None:
    state.real(changing.real)
    changing.simulator.plant(state.simulated)
    changing.agree(READER_UPN)
