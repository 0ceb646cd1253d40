"""A customer's own rules, tested beside the acceptance.

pytest --flowscape-config=site.ini --flowscape-add=examples/own_suite
"""

from __future__ import annotations

from pytest_flowscape.facts import Holders
from pytest_flowscape.requirement import Owner, Per, expect, requirement

# --- with what the site file says -----------------------------------------------------------------


def test_our_rooms_are_in_our_domain(site, room):
    """``room`` comes from the site file: the test runs once for each. ``site`` is the whole file."""
    domain = site.service_account.email.partition("@")[2]
    assert room.email.endswith(f"@{domain}")


# --- with what was measured anyway: no further request --------------------------------------------


@requirement(
    "ROOM-901",
    title="Has a display name",
    per=Per.ROOM,
    owner=Owner.EXCHANGE,
    consequence="Panels show the address in place of a name.",
    fix="Set-Mailbox -Identity '{target}' -DisplayName 'NAME'",
    link="https://learn.microsoft.com/en-us/powershell/module/exchange/set-mailbox",
    guide="Our naming rules, page 2",
)
def test_our_rooms_have_a_name(room_entry: Holders) -> None:
    """Every room MUST have a display name."""
    name = room_entry.by_proxy[0].text("displayName") if room_entry.by_proxy else ""
    expect(bool(name), expected="a display name", found="none")


# --- with a client of one's own: exchangelib ------------------------------------------------------


def test_the_service_account_gets_no_pile_of_mail(exchange_account):
    """``exchange_account`` is the service account's own mailbox."""
    assert exchange_account.inbox.unread_count < 1000


def test_full_access_opens_the_calendar(room, exchange_account_of):
    """As a delegate, which is what FullAccess gives."""
    calendar = exchange_account_of(room.email).calendar
    assert calendar.effective_rights.read
    assert calendar.effective_rights.create_contents


def test_we_may_act_as_the_user(user, exchange_account_of):
    """Impersonation; ``answers`` holds what the server sent, raw."""
    account = exchange_account_of(user, impersonate=True)
    assert account.calendar.name
    assert [answer.status for answer in account.answers] == [200] * len(account.answers)


# --- with a client of one's own: ldap3 ------------------------------------------------------------


def test_no_room_can_sign_in(site, room, directory_connection):
    """Room accounts stay disabled: flag 0x2 of userAccountControl."""
    done, _, found, _ = directory_connection.search(
        site.directory.base_dn, f"(proxyAddresses=smtp:{room.email})", attributes=["userAccountControl"]
    )
    assert done
    (entry,) = [each for each in found if each["type"] == "searchResEntry"]
    assert int(entry["raw_attributes"]["userAccountControl"][0]) & 0x2
