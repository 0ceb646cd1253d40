"""Codes and statuses become kinds as the sources say; nothing that a server writes breaks the reading."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given, strategies as st

from pytest_flowscape.facts import Kind
from pytest_flowscape.probes.ews import codes
from pytest_flowscape.probes.ews.http_wire import HttpAnswer

EXPECTED = {
    "ErrorItemNotFound": Kind.NO_ACCESS,
    "ErrorFolderNotFound": Kind.NO_ACCESS,
    "ErrorAccessDenied": Kind.NO_ACCESS,
    "ErrorImpersonateUserDenied": Kind.IMPERSONATION_REFUSED,
    "ErrorImpersonationDenied": Kind.IMPERSONATION_REFUSED,
    "ErrorImpersonationFailed": Kind.IMPERSONATION_REFUSED,
    "ErrorNonExistentMailbox": Kind.NO_MAILBOX,
    "ErrorMissingEmailAddress": Kind.NO_MAILBOX,
    "ErrorCannotFindUser": Kind.NO_MAILBOX,
    "ErrorNonPrimarySmtpAddress": Kind.NOT_PRIMARY,
    "ErrorServerBusy": Kind.THROTTLED,
    "ErrorExceededConnectionCount": Kind.THROTTLED,
    "ErrorTooManyObjectsOpened": Kind.THROTTLED,
    "ErrorMailboxMoveInProgress": Kind.TRANSIENT,
    "ErrorMailboxFailover": Kind.TRANSIENT,
    "ErrorNoRespondingCASInDestinationSite": Kind.TRANSIENT,
    "ErrorInternalServerTransientError": Kind.TRANSIENT,
    "ErrorMailboxStoreUnavailable": Kind.TRANSIENT,
    "ErrorTimeoutExpired": Kind.TRANSIENT,
    "ErrorBatchProcessingStopped": Kind.NOT_ASKED,
    "ErrorWrongServerVersionDelegate": Kind.OTHER,
    "ErrorInternalServerError": Kind.OTHER,
    "": Kind.OTHER,
}


@pytest.mark.parametrize(("code", "kind"), EXPECTED.items(), ids=[code or "none" for code in EXPECTED])
def test_code(code: str, kind: Kind) -> None:
    trouble = codes.ews_trouble(code, "Words of the server.", {})
    assert trouble.kind is kind
    assert trouble.code == code
    assert trouble.message == "Words of the server."


@pytest.mark.parametrize(
    ("inner", "kind"),
    [
        ("ErrorServerBusy", Kind.THROTTLED),
        ("ErrorMailboxFailover", Kind.TRANSIENT),
        ("ErrorAccessDenied", Kind.OTHER),  # an inner refusal of the store is no answer about this folder
    ],
)
def test_inner_code(inner: str, kind: Kind) -> None:
    assert codes.kind_of("ErrorInternalServerError", {"InnerErrorResponseCode": inner}) is kind
    assert codes.kind_of("ErrorItemNotFound", {"InnerErrorResponseCode": inner}) is Kind.NO_ACCESS


def answer(status: int, *headers: tuple[str, str], body: bytes = b"") -> HttpAnswer:
    return HttpAnswer(status, headers, body)


def test_back_off() -> None:
    assert codes.ews_trouble("ErrorServerBusy", "", {"BackOffMilliseconds": "2500"}).back_off == 2.5
    after = answer(503, ("Retry-After", "7"))
    assert codes.http_trouble(after).back_off == 7
    assert codes.http_trouble(after).kind is Kind.THROTTLED
    assert codes.http_trouble(answer(503)).kind is Kind.UNAVAILABLE
    dated = codes.http_trouble(answer(503, ("Retry-After", formatdate(time.time() + 60, usegmt=True))))
    assert dated.back_off == pytest.approx(60, abs=3)
    assert codes.http_trouble(answer(429)).kind is Kind.THROTTLED


def test_handshake_token_is_not_kept() -> None:
    told = codes.http_trouble(
        answer(401, ("WWW-Authenticate", "NTLM TlRMTVNTUAACAAAA"), ("WWW-Authenticate", "Negotiate"))
    )
    assert told.challenges == ("NTLM (token)", "Negotiate")


def test_said_is_one_bounded_line() -> None:
    said = codes.ews_trouble("ErrorX", "a\r\nb\n" * 500, {}).said
    assert "\n" not in said
    assert len(said) <= 300


@given(
    st.integers(100, 999),
    st.lists(st.tuples(st.sampled_from(("Retry-After", "Location", "X")), st.text())),
    st.binary(),
)
def test_no_answer_breaks_it(status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    trouble = codes.http_trouble(HttpAnswer(status, tuple(headers), body))
    assert trouble.status == status
    assert trouble.said


@given(st.text(), st.text(), st.dictionaries(st.sampled_from(("BackOffMilliseconds", "Primary")), st.text()))
def test_no_error_breaks_it(code: str, message: str, values: dict[str, str]) -> None:
    assert codes.ews_trouble(code, message, values).said
