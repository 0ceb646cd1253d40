"""A raw EWS client for tests of the simulator: http.client, pyspnego, and XML as text."""

from __future__ import annotations

import base64
import hashlib
import http.client
import ssl
from dataclasses import dataclass, field
from types import TracebackType

import spnego
import spnego.channel_bindings
from lxml import etree

from tests.simulator.harness import Simulator

NS = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "e": "http://schemas.microsoft.com/exchange/services/2006/errors",
}
USER = r"DEMO\svc-flowscape"
EMAIL = "svc-flowscape@demo.test"
FIVE = ("msgfolderroot", "inbox", "calendar", "sentitems", "deleteditems")


@dataclass
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    root: etree._Element | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.body.startswith(b"<?xml"):
            self.root = etree.fromstring(self.body)

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def ways(self) -> list[str]:
        return [value.split()[0] for value in self.header("WWW-Authenticate")]

    def all(self, path: str) -> list[etree._Element]:
        assert self.root is not None, self.body
        return self.root.findall(path, NS)

    def text(self, path: str) -> str:
        assert self.root is not None, self.body
        return self.root.findtext(path, "", NS)

    @property
    def codes(self) -> list[str]:
        return [e.text or "" for e in self.all(".//m:ResponseCode")]

    @property
    def fault(self) -> str:
        return self.text(".//s:Fault/detail/e:ResponseCode")

    def values(self, name: str) -> list[str]:
        return [e.text or "" for e in self.all(".//t:Value") if e.get("Name") == name]

    @property
    def folder_ids(self) -> list[str]:
        return [e.get("Id", "") for e in self.all(".//t:FolderId")]

    def rights(self) -> list[set[str]]:
        found = self.all(".//t:EffectiveRights")
        return [{etree.QName(r).localname for r in e if r.text == "true"} for e in found]


class Client:
    """One TLS connection; ``sign_in`` is an NTLM or Negotiate handshake, ``basic`` a header for each request."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.connection = self._connect()

    def _connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self._simulator.ca))
        return http.client.HTTPSConnection("localhost", self._simulator.ews_port, timeout=10, context=context)

    def __enter__(self) -> Client:  # noqa: PYI034  Self is younger than Python 3.10
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def post(self, body: bytes = b"", path: str = "/EWS/Exchange.asmx", **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request("POST", path, body, {"Content-Type": "text/xml; charset=utf-8", **named})
        answer = self.connection.getresponse()
        return Reply(answer.status, answer.getheaders(), answer.read())

    def basic(self, body: bytes, user: str = USER, password: str | None = None) -> Reply:
        secret = self._simulator.password if password is None else password
        token = base64.b64encode(f"{user}:{secret}".encode()).decode()
        return self.post(body, Authorization=f"Basic {token}")

    def sign_in(
        self, way: str, body: bytes = b"", user: str = USER, password: str | None = None, *, bind: bool = False
    ) -> Reply:
        """Go through the whole handshake, and return the answer to its last message, which carries the body."""
        bindings = None
        if bind:
            if self.connection.sock is None:
                self.connection.connect()
            certificate = self.connection.sock.getpeercert(binary_form=True)
            data = b"tls-server-end-point:" + hashlib.sha256(certificate).digest()
            bindings = spnego.channel_bindings.GssChannelBindings(application_data=data)
        secret = self._simulator.password if password is None else password
        options = spnego.NegotiateOptions.use_ntlm | (
            spnego.NegotiateOptions.use_negotiate if way == "Negotiate" else spnego.NegotiateOptions.none
        )
        context = spnego.client(
            user, secret, "localhost", "http", protocol=way.lower(), options=options, channel_bindings=bindings
        )
        first = self.post(Authorization=f"{way} {base64.b64encode(context.step() or b'').decode()}")
        assert first.status == 401
        (challenge,) = first.header("WWW-Authenticate")
        assert challenge.startswith(f"{way} ")
        token = context.step(base64.b64decode(challenge.partition(" ")[2]))
        return self.post(body, Authorization=f"{way} {base64.b64encode(token or b'').decode()}")


def distinguished(name: str, address: str = "") -> str:
    mailbox = f"<t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>" if address else ""
    return f'<t:DistinguishedFolderId Id="{name}">{mailbox}</t:DistinguishedFolderId>'


def envelope(content: str, impersonate: str = "", kind: str = "PrimarySmtpAddress") -> bytes:
    header = '<t:RequestServerVersion Version="Exchange2016"/>'
    if impersonate:
        identity = f"<t:{kind}>{impersonate}</t:{kind}>"
        header += f"<t:ExchangeImpersonation><t:ConnectingSID>{identity}</t:ConnectingSID></t:ExchangeImpersonation>"
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items() if prefix != "e")
    text = f"<s:Envelope {names}><s:Header>{header}</s:Header><s:Body>{content}</s:Body></s:Envelope>"
    return text.encode()


def get_folder(
    *ids: str,
    impersonate: str = "",
    kind: str = "PrimarySmtpAddress",
    properties: tuple[str, ...] = (),
    shape: str = "IdOnly",
) -> bytes:
    uris = "".join(f'<t:FieldURI FieldURI="folder:{name}"/>' for name in properties)
    added = f"<t:AdditionalProperties>{uris}</t:AdditionalProperties>" if uris else ""
    shaped = f"<m:FolderShape><t:BaseShape>{shape}</t:BaseShape>{added}</m:FolderShape>"
    body = f"<m:GetFolder>{shaped}<m:FolderIds>{''.join(ids)}</m:FolderIds></m:GetFolder>"
    return envelope(body, impersonate, kind)


def five(address: str) -> tuple[str, ...]:
    return tuple(distinguished(name, address) for name in FIVE)


def sync(address: str, impersonate: str = "", state: str = "", most: int = 1, *, parent: bool = False) -> bytes:
    uri = '<t:AdditionalProperties><t:FieldURI FieldURI="item:ParentFolderId"/></t:AdditionalProperties>'
    body = (
        f"<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>{uri if parent else ''}</m:ItemShape>"
        f"<m:SyncFolderId>{distinguished('calendar', address)}</m:SyncFolderId>"
        f"{f'<m:SyncState>{state}</m:SyncState>' if state else ''}"
        f"<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>"
    )
    return envelope(body, impersonate)


def resolve(entry: str, *, full: bool = True) -> bytes:
    flag = "true" if full else "false"
    return envelope(
        f'<m:ResolveNames ReturnFullContactData="{flag}" SearchScope="ActiveDirectory">'
        f"<m:UnresolvedEntry>{entry}</m:UnresolvedEntry></m:ResolveNames>"
    )
