"""One LDAP connection: messages in, answers out, who is signed in, StartTLS."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ldaptor.protocols import pureldap
from twisted.internet import protocol
from twisted.python.failure import Failure

from pytest_flowscape.simulator.answer_holds import hold_for
from pytest_flowscape.simulator.directory import results
from pytest_flowscape.simulator.directory.bind import bind
from pytest_flowscape.simulator.directory.filter_text import filter_text
from pytest_flowscape.simulator.directory.messages import DamagedError, FoundEntry, decode, encode, message_length
from pytest_flowscape.simulator.directory.paging import OpenSearches, read_controls
from pytest_flowscape.simulator.directory.results import RefusalError, Result
from pytest_flowscape.simulator.directory.root_dse import START_TLS, WHO_AM_I
from pytest_flowscape.simulator.directory.search import Answer, is_root_dse, read_root_dse, run_search
from pytest_flowscape.simulator.directory.view import Reader, View
from pytest_flowscape.simulator.model import Account, Organisation

NOTICE_OF_DISCONNECTION = "1.3.6.1.4.1.1466.20036"  # RFC 4511 4.4.1
STARTING_TLS = "ldap.starttls"
SILENT = "silent"  # Policy.ldap_trouble: never an answer
ANSWERS = {
    pureldap.LDAPBindRequest: pureldap.LDAPBindResponse,
    pureldap.LDAPSearchRequest: pureldap.LDAPSearchResultDone,
    pureldap.LDAPAddRequest: pureldap.LDAPAddResponse,
    pureldap.LDAPModifyRequest: pureldap.LDAPModifyResponse,
    pureldap.LDAPDelRequest: pureldap.LDAPDelResponse,
    pureldap.LDAPModifyDNRequest: pureldap.LDAPModifyDNResponse,
    pureldap.LDAPCompareRequest: pureldap.LDAPCompareResponse,
}


@dataclass(frozen=True)
class Endpoint:
    """One port of a domain controller: its domain's distinguished name, and whether it is the global catalog's.

    ``tls`` False is LDAP with StartTLS; ``contexts`` is Twisted's context factory.
    """

    organisation: Organisation
    contexts: Any
    domain: str
    tls: bool = True
    catalog: bool = False


class DirectoryProtocol(protocol.Protocol):
    """Speaks LDAP on one connection; ``gone`` is called when it is lost."""

    def __init__(self, endpoint: Endpoint, number: int, gone: Callable[[DirectoryProtocol], None]) -> None:
        self._organisation = endpoint.organisation
        self._endpoint = endpoint
        self._number = number
        self._gone = gone
        self._secure = endpoint.tls
        self._buffer = b""
        self._signed_in = ""  # a SID
        self._open_searches = OpenSearches()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:  # noqa: ARG002, N802  Twisted's name
        """Forget what was received, and call ``gone``."""
        self._buffer = b""
        self._gone(self)

    def abort(self) -> None:
        """Break the connection off."""
        self._tcp.abortConnection()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  Twisted's name
        """Handle every complete message; anything else ends the connection."""
        self._buffer += data
        try:
            while size := message_length(self._buffer):
                message, self._buffer = self._buffer[:size], self._buffer[size:]
                self._handle(decode(message))
        except DamagedError:
            self._buffer = b""
            self._disconnect("the message could not be decoded")

    def _disconnect(self, why: str) -> None:
        notice = pureldap.LDAPExtendedResponse(
            resultCode=results.PROTOCOL_ERROR, errorMessage=why, responseName=NOTICE_OF_DISCONNECTION
        )
        self._send(encode(notice, 0))
        self._tcp.loseConnection()

    @property
    def _tcp(self) -> Any:  # Twisted types a transport as less than a TCP or TLS one is
        return self.transport

    def _send(self, data: bytes) -> None:
        self._tcp.write(data)

    def _handle(self, message: Any) -> None:
        request = message.value
        if isinstance(request, pureldap.LDAPUnbindRequest):
            self._tcp.loseConnection()
            return
        # an abandoned search is over before the request to abandon it is read
        if isinstance(request, pureldap.LDAPAbandonRequest) or self._organisation.policy.ldap_trouble == SILENT:
            return
        entry = self._log(type(request).__name__.removeprefix("LDAP").removesuffix("Request").lower())
        hold = hold_for(self._organisation.policy.answer_holds, str(entry["operation"]))
        if hold is not None:
            hold.keep(lambda: None)  # nobody ever lets it go: what waits for it is a run that is interrupted
            return
        try:
            result = results.trouble(self._organisation.policy.ldap_trouble) or self._answer(message, entry)
        except RefusalError as refusal:
            result = refusal.result
        except DamagedError:
            raise
        except Exception:  # noqa: BLE001  a defect of the simulator must not look like an answer of a directory
            traceback.print_exc(file=sys.stderr)
            self._organisation.counters["ldap.simulator_errors"] += 1
            result = Result(results.OTHER, "defect of the simulator")
        entry["status"] = result.code
        self._send(encode(_response(request, result), message.id, result.controls))
        if entry["operation"] == STARTING_TLS and result.code == results.SUCCESS:
            self._upgrade()

    def _log(self, operation: str) -> dict[str, object]:
        account = self._account()
        entry: dict[str, object] = {
            "time": time.time(),
            "operation": f"ldap.{operation}",
            "mailboxes": [],
            "impersonated": "",
            "connection": f"ldap-{self._number}",
            "status": results.SUCCESS,
            "user": self._organisation.logon_name(account) if account else "",
        }
        self._organisation.log.append(entry)
        return entry

    def _account(self) -> Account | None:
        return self._organisation.accounts.get(self._signed_in)

    def _answer(self, message: Any, entry: dict[str, object]) -> Result:
        request = message.value
        if isinstance(request, pureldap.LDAPBindRequest):
            return self._bind(request, entry)
        if isinstance(request, pureldap.LDAPSearchRequest):
            return self._search(message, entry)
        if isinstance(request, pureldap.LDAPExtendedRequest):
            return self._extended_operation(request, entry)
        return results.READ_ONLY

    def _bind(self, request: Any, entry: dict[str, object]) -> Result:
        outcome = bind(self._organisation, request, secure=self._secure)
        self._signed_in = outcome.sid  # a refused bind leaves nobody signed in (RFC 4513 4)
        account = self._account()
        if account is not None:
            entry["user"] = self._organisation.logon_name(account)
        return outcome.result

    def _search(self, message: Any, entry: dict[str, object]) -> Result:
        request, counters = message.value, self._organisation.counters
        counters["ldap.search"] += 1
        controls = read_controls(message.controls)
        attributes = [name.decode("utf-8", "replace") for name in request.attributes]
        entry.update(base=request.baseObject.decode("utf-8", "replace"), scope=request.scope, attributes=attributes)
        entry.update(page_size=controls.page_size, entries=0, filter=filter_text(request.filter))
        account = self._account()
        domain = self._organisation.domain_of(self._endpoint.domain)
        if is_root_dse(request):
            answer = read_root_dse(self._organisation, domain, request)
        elif account is None:
            return results.NOT_BOUND
        else:
            reader = Reader.of(self._organisation, account)
            view = View(self._organisation, reader, domain, self._endpoint.catalog)
            answer = run_search(request, controls, view, self._open_searches)
        counters["ldap.entries"] += len(answer.entries)
        entry["entries"] = len(answer.entries)
        self._send(_search_results(answer, message.id))
        return answer.result

    def _extended_operation(self, request: Any, entry: dict[str, object]) -> Result:
        name = request.requestName.decode("ascii", "replace")
        if name == WHO_AM_I:
            account = self._account()
            return Result(value=f"u:{self._organisation.logon_name(account)}" if account else "")
        if name != START_TLS:
            return results.UNKNOWN_EXTENSION
        if self._secure:
            return results.TLS_ALREADY
        if self._buffer:  # whatever came behind it in clear text must not be taken for what TLS protects
            raise DamagedError("data behind StartTLS")
        self._organisation.counters["ldap.starttls"] += 1
        entry["operation"] = STARTING_TLS
        return Result()

    def _upgrade(self) -> None:
        self._secure = True
        self._tcp.startTLS(self._endpoint.contexts)


def _search_results(answer: Answer, number: int) -> bytes:
    parts = [encode(FoundEntry(name, attributes), number) for name, attributes in answer.entries]
    parts += [
        encode(pureldap.LDAPSearchResultReference([pureldap.LDAPString(url)]), number) for url in answer.references
    ]
    return b"".join(parts)


def _response(request: Any, result: Result) -> Any:
    """Return ldaptor's answer to this kind of request."""
    facts = {"resultCode": result.code, "matchedDN": result.matched, "errorMessage": result.text}
    if isinstance(request, pureldap.LDAPExtendedRequest):
        good = result.code == results.SUCCESS
        return pureldap.LDAPExtendedResponse(
            **facts, responseName=request.requestName if good else None, response=result.value if good else None
        )
    if result.referral:
        return results.ReferredSearchDone(**facts, referral=result.referral)
    return ANSWERS[type(request)](**facts)
