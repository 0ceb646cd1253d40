"""LDAP result codes (RFC 4511 appendix A) with the diagnostic texts of Active Directory.

A domain controller ends its texts with a NUL byte; so do these.
"""

from __future__ import annotations

from dataclasses import dataclass

from ldaptor.protocols.pureber import BEREnumerated, BEROctetString, BERSequence
from ldaptor.protocols.pureldap import LDAPReferral, LDAPSearchResultDone

SUCCESS = 0
OPERATIONS_ERROR = 1
PROTOCOL_ERROR = 2
SIZE_LIMIT_EXCEEDED = 4
AUTH_METHOD_NOT_SUPPORTED = 7
STRONGER_AUTH_REQUIRED = 8
REFERRAL = 10
UNAVAILABLE_CRITICAL_EXTENSION = 12
INAPPROPRIATE_MATCHING = 18
NO_SUCH_OBJECT = 32
INVALID_DN_SYNTAX = 34
INVALID_CREDENTIALS = 49
BUSY = 51
UNAVAILABLE = 52
UNWILLING_TO_PERFORM = 53
OTHER = 80

TROUBLES = {"busy": BUSY, "unavailable": UNAVAILABLE}  # Policy.ldap_trouble


@dataclass(frozen=True)
class Result:
    """How an operation ended: code, diagnostic text, nearest name that exists, where to go instead.

    ``controls`` go with the answer; ``value`` is the answer of an extended operation.
    """

    code: int = SUCCESS
    text: str = ""
    matched: str = ""
    referral: str = ""
    controls: list[tuple[str, None, bytes]] | None = None
    value: str | None = None


class RefusalError(Exception):
    """An operation that ends with something other than success, before any entry is sent."""

    def __init__(self, code: int, text: str = "", *, matched: str = "", referral: str = "") -> None:
        super().__init__(text)
        self.result = Result(code, text, matched, referral)


def _ldap_error(number: str, place: str, comment: str, data: str = "0") -> str:
    return f"{number}: LdapErr: DSID-{place}, comment: {comment}, data {data}, v4563\0"


def bind_refusal(sub_code: str) -> Result:
    """Refuse a sign-in; ``sub_code`` is the cause as hexadecimal Windows error (52e, 775, ...)."""
    return Result(
        INVALID_CREDENTIALS, _ldap_error("80090308", "0C090439", "AcceptSecurityContext error", data=sub_code)
    )


CLEAR_TEXT_BIND = Result(
    STRONGER_AUTH_REQUIRED,
    _ldap_error(
        "00002028",
        "0C090259",
        r"The server requires binds to turn on integrity checking if SSL\TLS are not already active on the connection",
    ),
)
NO_SUCH_MECHANISM = Result(
    AUTH_METHOD_NOT_SUPPORTED, _ldap_error("00002027", "0C090461", "The server does not support this mechanism")
)
NOT_BOUND = Result(
    OPERATIONS_ERROR,
    _ldap_error(
        "000004DC",
        "0C090A5C",
        "In order to perform this operation a successful bind must be completed on the connection.",
    ),
)
UNKNOWN_EXTENSION = Result(PROTOCOL_ERROR, _ldap_error("0000203D", "0C090E7D", "Unknown extended request OID"))
TLS_ALREADY = Result(OPERATIONS_ERROR, _ldap_error("00000000", "0C0910E8", "TLS or SSL already in effect"))
READ_ONLY = Result(UNWILLING_TO_PERFORM, "0000209A: SvcErr: DSID-031A1262, problem 5003 (WILL_NOT_PERFORM), data 0\n\0")


def trouble(name: str) -> Result | None:
    """Return the answer to everything that ``Policy.ldap_trouble`` asks for; None where it is empty."""
    code = TROUBLES.get(name)
    return None if code is None else Result(code, f"0000{code:04X}: LdapErr: DSID-0C090FB4, comment: {name}, data 0\0")


def bad_control(comment: str = "Error processing control") -> RefusalError:
    """Refuse a critical control that is unknown, or a paging cookie that this connection never sent."""
    return RefusalError(UNAVAILABLE_CRITICAL_EXTENSION, _ldap_error("00000057", "0C090A61", comment))


def bad_matching(attribute: str) -> RefusalError:
    """Refuse a filter on a constructed attribute, or with an unknown rule (MS-ADTS 3.1.1.3.1.3.1)."""
    return RefusalError(
        INAPPROPRIATE_MATCHING, _ldap_error("00002104", "0C090E60", f"The filter cannot match {attribute}")
    )


def no_object(nearest: str) -> RefusalError:
    """Refuse a search base that does not exist."""
    text = f"0000208D: NameErr: DSID-03100245, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'{nearest}'\n\0"
    return RefusalError(NO_SUCH_OBJECT, text, matched=nearest)


def bad_name() -> RefusalError:
    """Refuse a search base that is not a distinguished name."""
    text = "0000208F: NameErr: DSID-03100233, problem 2006 (BAD_NAME), data 8350, best match of:\n\t''\n\0"
    return RefusalError(INVALID_DN_SYNTAX, text)


def elsewhere(url: str) -> RefusalError:
    """Refer a search base of another domain to that domain."""
    host = url.removeprefix("ldap://").partition("/")[0]
    text = f"0000202B: RefErr: DSID-03100781, data 0, 1 access points\n\tref 1: '{host}'\n\0"
    return RefusalError(REFERRAL, text, referral=url)


class ReferredSearchDone(LDAPSearchResultDone):  # type: ignore[misc]  # ldaptor has no types
    """A SearchResultDone with a referral, which ldaptor cannot encode."""

    def toWire(self) -> bytes:  # noqa: N802 - ldaptor's name
        """Encode code, matched name, text and one URL (RFC 4511 4.1.9, 4.1.10)."""
        parts = [
            BEREnumerated(self.resultCode),
            BEROctetString(self.matchedDN),
            BEROctetString(self.errorMessage),
            LDAPReferral([BEROctetString(self.referral)]),
        ]
        return bytes(BERSequence(parts, tag=self.tag).toWire())
