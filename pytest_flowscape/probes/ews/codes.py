"""What an EWS code or an HTTP status means: status first, then code; what is unknown stays known by its code.

Sources: the Microsoft pages "ResponseCode", "EWS throttling in Exchange",
"Handling delegation-related errors in EWS" and "Impersonation and EWS in
Exchange"; ErrorCannotFindUser and faults with HTTP 200 were measured on
another server that speaks EWS.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from pytest_flowscape.facts import Kind, Trouble

if TYPE_CHECKING:
    from pytest_flowscape.probes.ews.http_wire import HttpAnswer

NO_ERROR = "NoError"
BATCH_STOPPED = "ErrorBatchProcessingStopped"
NO_RESULTS = "ErrorNameResolutionNoResults"
MULTIPLE_RESULTS = "ErrorNameResolutionMultipleResults"

UNAUTHORIZED = 401
_MAX = 300

_KINDS: dict[Kind, tuple[str, ...]] = {
    Kind.NO_ACCESS: ("ErrorItemNotFound", "ErrorFolderNotFound", "ErrorAccessDenied"),
    Kind.IMPERSONATION_REFUSED: (
        "ErrorImpersonateUserDenied",
        "ErrorImpersonationDenied",
        "ErrorImpersonationFailed",
    ),
    Kind.NO_MAILBOX: (
        "ErrorNonExistentMailbox",
        "ErrorMissingEmailAddress",
        "ErrorCannotFindUser",
        "ErrorNameResolutionNoMailbox",
        "ErrorInvalidUserPrincipalName",
        "ErrorInvalidUserSid",
    ),
    Kind.NOT_PRIMARY: ("ErrorNonPrimarySmtpAddress",),
    Kind.THROTTLED: ("ErrorServerBusy", "ErrorExceededConnectionCount", "ErrorTooManyObjectsOpened"),
    Kind.TRANSIENT: (
        "ErrorMailboxMoveInProgress",
        "ErrorMailboxFailover",
        "ErrorNoRespondingCASInDestinationSite",
        "ErrorInternalServerTransientError",
        "ErrorMailboxStoreUnavailable",
        "ErrorTimeoutExpired",
        "ErrorADUnavailable",
        "ErrorADOperation",
        "ErrorConnectionFailed",
        "ErrorInsufficientResources",
        "ErrorNotEnoughMemory",
        "ErrorProxyRequestProcessingFailed",
    ),
    Kind.NOT_ASKED: (BATCH_STOPPED,),
}
_BY_CODE = {code: kind for kind, names in _KINDS.items() for code in names}

_BY_STATUS = {
    302: (Kind.LOGIN_PAGE, "the server leads to another page (HTTP 302)"),
    303: (Kind.LOGIN_PAGE, "the server leads to another page (HTTP 303)"),
    307: (Kind.LOGIN_PAGE, "the server leads to another page (HTTP 307)"),
    401: (Kind.SIGN_IN_REFUSED, "the server refuses the sign-in (HTTP 401)"),
    403: (Kind.FORBIDDEN, "the server blocks the access (HTTP 403)"),
    404: (Kind.NOT_FOUND, "there is nothing at that address (HTTP 404)"),
    429: (Kind.THROTTLED, "the server asks to come back later (HTTP 429)"),
    440: (Kind.LOGIN_PAGE, "a sign-in page says that its session has ended (HTTP 440)"),
    502: (Kind.UNAVAILABLE, "a gateway cannot reach the server (HTTP 502)"),
    503: (Kind.UNAVAILABLE, "the service is unavailable (HTTP 503)"),
    504: (Kind.UNAVAILABLE, "a gateway got no answer from the server (HTTP 504)"),
}


def kind_of(code: str, values: Mapping[str, str]) -> Kind:
    """Classify a ResponseCode or fault code; an inner error (MessageXml) stands for ErrorInternalServerError."""
    inner = values.get("InnerErrorResponseCode", "")
    if code == "ErrorInternalServerError" and _BY_CODE.get(inner) in {Kind.THROTTLED, Kind.TRANSIENT}:
        return _BY_CODE[inner]
    return _BY_CODE.get(code, Kind.OTHER)


def ews_trouble(
    code: str,
    message: str,
    values: Mapping[str, str],
    *,
    answer: HttpAnswer | None = None,
    fault_code: str = "",
) -> Trouble:
    """Make the Trouble of an EWS error, in a ResponseMessage (no ``fault_code``) or in a SOAP fault."""
    said = f"{code or fault_code}: {message}" if message else code or fault_code
    return Trouble(
        kind_of(code, values),
        one_line(said) or "an error without a code",
        status=answer.status if answer else None,
        content_type=answer.header("Content-Type") if answer else "",
        fault_code=fault_code,
        code=code,
        message=message,
        values=dict(values),
        back_off=_back_off(values, answer),
        seconds=answer.seconds if answer else 0.0,
    )


def http_trouble(answer: HttpAnswer) -> Trouble:
    """Classify an answer that is not SOAP by its status, then by being a page for people."""
    kind, said = _BY_STATUS.get(answer.status, (Kind.HTTP, f"the server answers HTTP {answer.status}"))
    if answer.status not in _BY_STATUS and answer.status < 300:
        kind, said = Kind.MALFORMED, f"the answer (HTTP {answer.status}) is not SOAP"
        if is_page(answer):
            kind, said = Kind.LOGIN_PAGE, f"a page for people answers instead of EWS (HTTP {answer.status})"
    back_off = _back_off({}, answer)
    if kind is Kind.UNAVAILABLE and back_off is not None:
        kind = Kind.THROTTLED
    return Trouble(
        kind,
        said,
        status=answer.status,
        challenges=tuple(_without_token(value) for value in answer.challenges),
        location=answer.header("Location"),
        content_type=answer.header("Content-Type"),
        back_off=back_off,
        seconds=answer.seconds,
    )


def is_page(answer: HttpAnswer) -> bool:
    """Whether the body is HTML."""
    start = answer.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "html" in answer.header("Content-Type").lower() or start.startswith((b"<!doctype html", b"<html"))


def one_line(text: str) -> str:
    """Return text as one line of at most 300 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX else f"{line[: _MAX - 3]}..."


def _without_token(challenge: str) -> str:
    """Keep what a challenge says but a handshake token, which names hosts and domains of the site."""
    scheme, _, rest = challenge.partition(" ")
    return f"{scheme} (token)" if scheme.lower() in {"negotiate", "ntlm"} and rest.strip() else challenge


def _back_off(values: Mapping[str, str], answer: HttpAnswer | None) -> float | None:
    """Return how long to wait, in seconds: BackOffMilliseconds, else Retry-After (seconds or a date)."""
    milliseconds = _number(values.get("BackOffMilliseconds", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    after = answer.header("Retry-After").strip() if answer else ""
    seconds = _number(after)
    if seconds is not None or not after:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _number(text: str) -> float | None:
    """Read a plain decimal number, None for anything else a server may send."""
    digits = text.strip()
    return float(digits) if digits.isascii() and digits.isdigit() else None
