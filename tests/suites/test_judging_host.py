"""HOST-1 to HOST-3, both ways, from facts made by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pytest_flowscape.facts import AddressTried, Endpoint, FrontEndLook, Kind
from pytest_flowscape.site.model import Exchange, Site
from suites import test_host as judging
from tests.suites import made
from tests.suites.made import NOW, fails, not_measured, passes, trouble

pytestmark = pytest.mark.usefixtures("fixed_clock")
URL = "https://mail.customer.com/EWS/Exchange.asmx"


def test_a_reachable_host_passes_without_a_note() -> None:
    assert passes(judging.test_hostname_accepts_connections, host=made.host()) == []


def test_a_dead_further_address_is_a_note() -> None:
    dead = AddressTried("2001:db8::1", "IPv6", trouble(Kind.SILENT, "no answer in 30 s"))
    host = made.host(addresses=(*made.host().addresses, dead))
    (note,) = passes(judging.test_hostname_accepts_connections, host=host)
    assert "2001:db8::1" in note


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (Kind.UNRESOLVABLE, "host-unresolvable"),
        (Kind.REFUSED, "host-refused"),
        (Kind.SILENT, "host-silent"),
        (Kind.RESET, "host-no-tls"),
        (Kind.TLS_OTHER, "host-no-tls"),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else value,
)
def test_an_unreachable_host_fails_with_its_cause(kind: Kind, cause: str) -> None:
    dead = trouble(kind, "as the network said")
    failed = fails(judging.test_hostname_accepts_connections, host=made.host(trouble=dead, certificate=None))
    assert failed.cause == cause
    assert "as the network said" in failed.found


def test_a_host_of_which_nothing_was_tried_is_not_measured() -> None:
    not_measured(judging.test_hostname_accepts_connections, host=made.host(addresses=(), certificate=None))


def test_a_trusted_certificate_passes_and_tells_its_end_and_who_trusts_it() -> None:
    (note,) = passes(judging.test_certificate_is_trusted, host=made.host())
    assert "2027-08-14" in note
    assert "operating system" in note


def test_trust_by_a_file_says_that_the_product_needs_it_too() -> None:
    (note,) = passes(judging.test_certificate_is_trusted, host=made.host(trusted_by="ca_file"))
    assert "ca_file" in note
    assert "Flowscape" in note


@pytest.mark.parametrize(("days", "warned"), [(29, True), (30, False)])
def test_a_certificate_that_ends_soon_is_warned_of(days: int, warned: bool) -> None:
    soon = made.certificate(not_after=NOW + timedelta(days=days))
    notes = passes(judging.test_certificate_is_trusted, host=made.host(certificate=soon))
    assert (len(notes) == 2) is warned


def test_a_certificate_of_another_host_fails_and_names_whose_it_is() -> None:
    other = made.certificate(names=("old.customer.com",))
    host = made.host(certificate=other, certificate_trouble=trouble(Kind.TLS_NAME))
    failed = fails(judging.test_certificate_is_trusted, host=host)
    assert failed.cause == "tls-name"
    assert "old.customer.com" in failed.found


@pytest.mark.parametrize(("begins", "ends", "says"), [(-400, -1, "expired on 2026-11-21"), (2, 300, "valid only from")])
def test_a_certificate_out_of_date_fails_and_says_which_end(begins: int, ends: int, says: str) -> None:
    old = made.certificate(not_before=NOW + timedelta(days=begins), not_after=NOW + timedelta(days=ends))
    host = made.host(certificate=old, certificate_trouble=trouble(Kind.TLS_EXPIRED))
    failed = fails(judging.test_certificate_is_trusted, host=host)
    assert failed.cause == "tls-expired"
    assert says in failed.found


def test_a_leaf_sent_alone_names_the_missing_intermediate() -> None:
    leaf = made.certificate()
    host = made.host(certificate=leaf, chain=(leaf,), certificate_trouble=trouble(Kind.TLS_UNKNOWN_ISSUER))
    failed = fails(judging.test_certificate_is_trusted, host=host)
    assert failed.cause == "tls-missing-intermediate"
    assert "intermediate" in failed.found
    assert "CN=Issuing CA" in failed.found


@pytest.mark.parametrize("self_signed", [True, False])
def test_an_unknown_issuer_is_no_missing_intermediate_when_more_was_sent(self_signed: bool) -> None:
    leaf = made.certificate(self_issued=self_signed)
    chain = (leaf,) if self_signed else (leaf, made.certificate(subject="CN=Issuing CA"))
    host = made.host(certificate=leaf, chain=chain, certificate_trouble=trouble(Kind.TLS_UNKNOWN_ISSUER))
    failed = fails(judging.test_certificate_is_trusted, host=host)
    assert failed.cause == "tls-unknown-issuer"
    assert "ca_file" in failed.fix


def test_a_certificate_nobody_saw_is_not_measured() -> None:
    not_measured(judging.test_certificate_is_trusted, host=made.host(certificate=None))


def test_ews_with_a_password_way_passes_and_names_the_ways() -> None:
    (note,) = passes(
        judging.test_ews_offers_password_sign_in, site=made.site(), endpoint=Endpoint(URL, 401, ("Negotiate", "NTLM"))
    )
    assert "Negotiate, NTLM" in note


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (Kind.NOT_FOUND, "ews-not-found"),
        (Kind.FORBIDDEN, "ews-forbidden"),
        (Kind.NO_PASSWORD_WAY, "ews-no-password-way"),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else value,
)
def test_ews_that_is_not_there_or_takes_no_password_fails(kind: Kind, cause: str) -> None:
    endpoint = Endpoint(URL, 401, ("Bearer",), trouble=trouble(kind))
    assert fails(judging.test_ews_offers_password_sign_in, site=made.site(), endpoint=endpoint).cause == cause


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.LOGIN_PAGE, Kind.MALFORMED], ids=lambda kind: kind.name)
def test_an_answer_that_says_nothing_about_ews_is_not_measured(kind: Kind) -> None:
    not_measured(
        judging.test_ews_offers_password_sign_in, site=made.site(), endpoint=Endpoint(URL, 503, trouble=trouble(kind))
    )


WAYS = ("Negotiate", "NTLM")
DOWN = trouble(Kind.UNAVAILABLE, "the service is unavailable (HTTP 503)")


def behind(*looks: FrontEndLook, ways: tuple[str, ...] = WAYS) -> dict[str, object]:
    return {"site": made.site(), "endpoint": Endpoint(URL, 401, ways, looks=looks)}


def test_one_front_end_needs_no_word() -> None:
    (note,) = passes(judging.test_ews_offers_password_sign_in, **behind(*[FrontEndLook("EX01", WAYS)] * 10))
    assert "EX01" not in note


def test_several_front_ends_are_named() -> None:
    given = behind(FrontEndLook("EX02", WAYS), FrontEndLook("EX01", WAYS))
    assert "on 2 connections: EX01, EX02" in passes(judging.test_ews_offers_password_sign_in, **given)[1]


@pytest.mark.parametrize("name", ["EX03", ""], ids=["named", "nameless"])
def test_a_front_end_that_stays_bad_fails_and_is_named(name: str) -> None:
    good = FrontEndLook("EX01", WAYS)
    given = behind(good, FrontEndLook(name, trouble=DOWN), good, FrontEndLook(name, trouble=DOWN, again=True))
    failed = fails(judging.test_ews_offers_password_sign_in, **given)
    assert failed.cause == "front-end-bad"
    assert (name or "an unnamed front end") + ": the service is unavailable" in failed.found
    assert "Correct answers: EX01" in failed.found
    assert "balancer" in failed.fix


def test_a_front_end_that_was_bad_once_and_not_met_again_is_not_measured() -> None:
    given = behind(
        FrontEndLook("EX01", WAYS), FrontEndLook("EX03", trouble=DOWN), FrontEndLook("EX01", WAYS, again=True)
    )
    assert "EX03" in not_measured(judging.test_ews_offers_password_sign_in, **given).reason


def test_a_front_end_that_came_back_is_a_note() -> None:
    down = FrontEndLook("EX03", trouble=DOWN)
    given = behind(FrontEndLook("EX01", WAYS), down, FrontEndLook("EX03", WAYS, again=True))
    notes = passes(judging.test_ews_offers_password_sign_in, **given)
    assert any(note.startswith("EX03: the service is unavailable") for note in notes)


def test_front_ends_that_offer_different_ways_are_a_note() -> None:
    given = behind(FrontEndLook("EX01", WAYS), FrontEndLook("EX02", ("NTLM",)), ways=("NTLM",))
    notes = passes(judging.test_ews_offers_password_sign_in, **given)
    assert any("EX01 offers Negotiate, NTLM; EX02 offers NTLM" in note for note in notes)


def test_front_ends_without_a_way_in_common_fail() -> None:
    given = behind(FrontEndLook("EX01", WAYS), FrontEndLook("EX02", ("Basic",)), ways=())
    failed = fails(judging.test_ews_offers_password_sign_in, **given)
    assert (failed.cause, "EX02 offers Basic" in failed.found) == ("front-end-bad", True)


def test_expected_front_ends_that_were_not_seen_are_named() -> None:
    site: Site = made.site(exchange=Exchange("mail.customer.com", front_ends=("EX01", "EX02")))
    endpoint = Endpoint(URL, 401, WAYS, looks=(FrontEndLook("ex01.customer.com", WAYS),))
    (_, note) = passes(judging.test_ews_offers_password_sign_in, site=site, endpoint=endpoint)
    assert note.startswith("Not seen on 1 connections, so not tested: EX02.")
