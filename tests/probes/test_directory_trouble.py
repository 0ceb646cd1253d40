"""Searches that fail: one second try, in time, and never an answer that is half of one."""

from __future__ import annotations

import time

from pytest_flowscape.facts import Kind
from tests.probes.directory_sessions import EMAIL, JANE, NONE, ROOMS, UPN, Sessions, change, count, policy


def test_a_busy_server_is_asked_once_more_after_signing_in_again(session: Sessions) -> None:
    bound = session()
    assert bound.bind().trouble is None
    policy(session, ldap_trouble="busy")
    session.door.before = lambda: policy(session, ldap_trouble="")
    view = bound.gather(EMAIL, UPN, ROOMS, (), reads=NONE)
    assert view.trouble is None
    assert view.account is not None
    assert len(view.rooms[ROOMS[0]].by_proxy) == 1
    assert (count(session, "ldap.bind"), session.door.sign_ins) == (2, 2)


def test_a_server_that_stays_unavailable_is_given_up(session: Sessions) -> None:
    bound = session()
    bound.bind()
    policy(session, ldap_trouble="unavailable")
    session.door.before = lambda: policy(session, ldap_trouble="")  # the sign-in works, and a search or two
    assert bound.gather(EMAIL, UPN, ROOMS, (), reads=NONE).trouble is None
    policy(session, ldap_trouble="unavailable")
    again = bound.holders(ROOMS)
    assert [(h.trouble.kind, h.trouble.ldap_result) for h in again.values() if h.trouble] == [(Kind.SEARCH, 52)] * 3
    asked = bound._servers.searches
    assert bound.holders(ROOMS)[ROOMS[0]].trouble is not None
    assert bound._servers.searches == asked
    assert session.door.sign_ins == 2


def test_a_silent_server_ends_in_time_with_its_second_try(session: Sessions) -> None:
    bound = session(timeout=1.0)
    bound.bind()
    policy(session, ldap_trouble="silent")
    started = time.monotonic()
    view = bound.gather(EMAIL, UPN, ROOMS, (JANE,), reads=NONE)
    assert time.monotonic() - started < 2.5
    assert view.trouble is not None
    assert view.trouble.kind is Kind.SILENT
    assert view.users[JANE].trouble == view.trouble
    assert session.door.sign_ins == 2


def test_a_connection_that_breaks_is_made_again_once(session: Sessions) -> None:
    bound = session()
    bound.bind()
    session.directory.do("[factory.drop_all() for factory in ports._factories]")
    found = bound.holders(ROOMS)
    assert [len(h.by_proxy) for h in found.values()] == [1, 1, 1]
    session.directory.do("[factory.drop_all() for factory in ports._factories]")
    again = bound.holders(ROOMS)
    assert {h.trouble.kind for h in again.values() if h.trouble} == {Kind.RESET}
    assert session.door.sign_ins == 2


def test_a_revoked_password_stops_at_the_second_sign_in(session: Sessions) -> None:
    bound = session()
    bound.bind()
    change(session, "svc-flowscape", password="changed")
    session.directory.do("[factory.drop_all() for factory in ports._factories]")
    found = bound.holders(ROOMS)
    assert {h.trouble.kind for h in found.values() if h.trouble} == {Kind.BIND_REFUSED}
    assert session.door.stopped
    assert (session.door.sign_ins, count(session, "ldap.refused")) == (2, 1)


def test_a_base_that_is_elsewhere_is_told(session: Sessions) -> None:
    bound = session(base="DC=other,DC=test")
    bound.bind()
    view = bound.gather(EMAIL, UPN, ROOMS, (), reads=NONE)
    assert view.trouble is not None
    assert (view.trouble.kind, view.trouble.ldap_result) == (Kind.SEARCH, 10)
    assert count(session, "ldap.connections") == 1
