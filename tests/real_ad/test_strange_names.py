"""Characters that mean something in a filter or a distinguished name: such names work, and inject nothing."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_flowscape.facts import DirectoryView, Grant
from pytest_flowscape.judging.catalogue import attributes_judged
from pytest_flowscape.site.model import Directory
from tests.real_ad import contents, views
from tests.real_ad.administrator import Administrator, full_access, mailbox_descriptor
from tests.real_ad.real_directory import EMAIL, USERNAME, RealDirectory

STRANGE = {
    'Doe, "Jane" (R&D) * \\ #1': "jane*doe@demo.test",
    "#Größe; <Süd> = +": "größe@demo.test",
    "L'Été (1er étage)": "o'brien(x)@demo.test",
    "Raum 100 % | ~ ! $ ^ `": "a|b&c!d~e=f%g@demo.test",
    "日本 𝄞 Łódź": "日本@demo.test",
    "back\\slash": "back\\slash@demo.test",
    "(objectClass=*)": "(objectclass=*)@demo.test",
}
INNOCENT = "janexdoe@demo.test"  # what jane*doe would find, were the asterisk a wildcard
DIENST, RAEUME = 'Dienst, Flow (Ü) * \\ "x"', "Räume, (alle) *"
ATLAS, LOFT = "atlas@demo.test", "loft@demo.test"
CUT_SHORT = f"{ATLAS}\0"  # for a C string, the address of a room
INJECTIONS = (
    "*",
    "*@demo.test",
    "atlas*",
    "atlas@demo.test)(mail=*",
    "atlas@demo.test))(|(objectClass=*",
    "x)(proxyAddresses=*",
    "\\2a",
    "\\2a@demo.test",
    "\\",
    ")",
    "(",
    "smtp:*",
    "&",
)


def escape(name: str) -> str:
    """Escape a name for a distinguished name (RFC 4514 2.4)."""
    text = "".join(f"\\{c}" if c in ',+"\\<>;=' else c for c in name)
    return f"\\{text}" if text.startswith("#") else text


def add_room(administrator: Administrator, number: int, name: str, address: str, descriptor: bytes) -> None:
    administrator.add(
        f"CN={escape(name)},{contents.ROOMS}",
        "user",
        sAMAccountName=f"strange-{number}",
        displayName=name,
        userAccountControl=contents.NORMAL | contents.DISABLED,
        mail=address,
        mailNickname=f"strange-{number}",
        proxyAddresses=[f"SMTP:{address}"],
        msExchMailboxSecurityDescriptor=descriptor,
    )


@dataclass
class Views:
    """What the directory answered the product."""

    rooms: DirectoryView
    injections: DirectoryView
    accounts: dict[str, DirectoryView]


@pytest.fixture(scope="module")
def answered(real_directory: RealDirectory) -> Views:
    """One turn at the directory: the strange rooms, and every address and user name that might inject."""
    with real_directory.turn(changing=True):
        administrator = real_directory.administrator
        granted = mailbox_descriptor(full_access(administrator.sid(contents.SERVICE)))
        for number, (name, address) in enumerate({**STRANGE, "Innocent": INNOCENT}.items()):
            add_room(administrator, number, name, address, granted)
        with views.session(directory_of(real_directory), USERNAME, real_directory.password) as session:

            def ask(*rooms: str, account: str = USERNAME) -> DirectoryView:
                return session.gather(EMAIL, account, rooms, (), reads=attributes_judged())

            return Views(
                ask(*STRANGE.values(), INNOCENT),
                ask(ATLAS, *INJECTIONS, CUT_SHORT, LOFT),
                {name: ask(ATLAS, account=name) for text in INJECTIONS for name in forms(text)},
            )


def directory_of(ad: RealDirectory) -> Directory:
    return Directory((ad.server(),), contents.BASE, ca_file=ad.ca)


def forms(text: str) -> tuple[str, ...]:
    """Return user names with a text in every place where they hold something."""
    return text, f"DEMO\\{text}", f"{text}@demo.test", f"svc-flowscape{text}"


@pytest.mark.parametrize("name", STRANGE)
def test_a_room_is_found_by_its_address_alone(answered: Views, name: str) -> None:
    address = STRANGE[name]
    (room,) = answered.rooms.rooms[address].by_proxy
    assert room.text("displayName") == name
    assert room.primary_addresses == (address,)
    assert answered.rooms.rights[address].grant is Grant.GRANTED


def test_an_asterisk_is_no_wildcard(answered: Views) -> None:
    (room,) = answered.rooms.rooms[INNOCENT].by_proxy
    assert room.text("displayName") == "Innocent"


@pytest.mark.parametrize("address", [*INJECTIONS, CUT_SHORT])
def test_an_address_injects_nothing(answered: Views, address: str) -> None:
    view = answered.injections
    assert view.trouble is None
    nobody = view.rooms[address]
    assert (nobody.by_proxy, nobody.by_mail, nobody.trouble) == ((), (), None)
    # the others of the same search are not disturbed
    assert [len(view.rooms[room].by_proxy) for room in (ATLAS, LOFT)] == [1, 1]


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_user_name_injects_nothing(answered: Views, text: str) -> None:
    for name in forms(text):
        view = answered.accounts[name]
        assert (view.account, view.trouble) == (None, None), name
        assert len(view.rooms[ATLAS].by_proxy) == 1


@pytest.mark.parametrize("form", ["DEMO\\svc (flow) & 'ü'", "svc.(flow)*'ü'@demo.test"])
def test_a_service_account_with_a_strange_name(changing_ad: RealDirectory, form: str) -> None:
    administrator = changing_ad.administrator
    dn = f"CN={escape(DIENST)},{contents.SERVICE_ACCOUNTS}"
    group = f"CN={escape(RAEUME)},{contents.GROUPS}"
    administrator.add(
        dn,
        "user",
        sAMAccountName="svc (flow) & 'ü'",
        userPrincipalName="svc.(flow)*'ü'@demo.test",
        givenName="Flow",
        sn="Dienst",
        mail="dienst@demo.test",
        proxyAddresses=["SMTP:dienst@demo.test"],
    )
    administrator.set_password(dn, changing_ad.password)
    administrator.set(dn, userAccountControl=contents.NORMAL | contents.NEVER_EXPIRES)
    administrator.add(group, "group", sAMAccountName="Räume", member=[dn])
    view = views.view(directory_of(changing_ad), form, changing_ad.password, email="dienst@demo.test", rooms=(ATLAS,))
    assert view.account is not None
    assert view.account.text("sn") == "Dienst"
    assert administrator.sid(group) in view.token_sids
    assert view.account_holders is not None
    assert [entry.dn for entry in view.account_holders.by_proxy] == [view.account.dn]
