"""HOST-1 to HOST-3, both ways, from facts made by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pytest_flowscape.facts import AddressTried, Endpoint, Kind
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


@pytest.mark.parametrize(("begins", "ends", "says"), [(-400, -1, "ended on 2026-11-21"), (2, 300, "begins only on")])
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
    (note,) = passes(judging.test_ews_offers_password_sign_in, endpoint=Endpoint(URL, 401, ("Negotiate", "NTLM")))
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
    assert fails(judging.test_ews_offers_password_sign_in, endpoint=endpoint).cause == cause


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.LOGIN_PAGE, Kind.MALFORMED], ids=lambda kind: kind.name)
def test_an_answer_that_says_nothing_about_ews_is_not_measured(kind: Kind) -> None:
    not_measured(judging.test_ews_offers_password_sign_in, endpoint=Endpoint(URL, 503, trouble=trouble(kind)))
