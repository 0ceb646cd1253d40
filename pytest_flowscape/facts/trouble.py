"""What sort of trouble an answer is, and everything that came with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Kind(str, Enum):
    """What sort of trouble an answer is; judged on status first, then on code."""

    UNRESOLVABLE = "name does not resolve"
    REFUSED = "connection refused"
    SILENT = "no answer in time"
    RESET = "connection broken"
    TLS_NAME = "certificate names another host"
    TLS_EXPIRED = "certificate out of date"
    TLS_UNKNOWN_ISSUER = "certificate issuer not trusted"
    TLS_OTHER = "TLS not possible"
    HTTP = "unexpected HTTP status"
    NOT_FOUND = "nothing at that address"
    LOGIN_PAGE = "a sign-in page answered"
    NO_PASSWORD_WAY = "no password sign-in offered"
    WAY_MISSING_HERE = "this machine lacks the offered way to sign in"
    SIGN_IN_REFUSED = "sign-in refused"
    LOST_SIGN_IN = "sign-in refused after it had succeeded"
    FORBIDDEN = "access blocked"
    UNAVAILABLE = "service unavailable"
    NO_ACCESS = "no access"
    IMPERSONATION_REFUSED = "impersonation refused"
    NO_MAILBOX = "no such mailbox"
    NOT_PRIMARY = "not the primary SMTP address"
    THROTTLED = "throttled"
    TRANSIENT = "temporarily not possible"
    NOT_ASKED = "not asked"
    MALFORMED = "answer not understood"
    STOPPED = "stopped after a refused sign-in"
    BIND_REFUSED = "directory sign-in refused"
    SEARCH = "directory search failed"
    OTHER = "unexpected answer"


@dataclass(frozen=True)
class Trouble:
    """Something other than the hoped-for answer, with everything that came with it.

    ``said`` is one line for people. ``seconds`` is how long it took.
    ``values`` are the EWS MessageXml values (for instance ``Primary``).
    ``back_off`` is in seconds (BackOffMilliseconds or Retry-After).
    ``sub_code`` is the hexadecimal ``data`` word of an LDAP bind answer.
    """

    kind: Kind
    said: str
    status: int | None = None
    challenges: tuple[str, ...] = ()
    location: str = ""
    content_type: str = ""
    fault_code: str = ""
    code: str = ""
    message: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    back_off: float | None = None
    ldap_result: int | None = None
    sub_code: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Closed:
    """Why a whole side cannot be asked: a key of ``causes.CAUSES``, and what was reported, empty for nothing."""

    cause: str
    detail: str = ""
