"""A private CA and the certificates that the simulator shows: the right one, and wrong ones by name.

``ServerContexts`` hands Twisted the context of the moment, so that a fault can
change the certificate while listeners stay open.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

RIGHT = "right"
NAMES = ("localhost", "127.0.0.1", "::1", "mail.demo.test")
KINDS = (RIGHT, "name", "expired", "unknown-ca", "no-intermediate", "self-signed")


class Certificates:
    """All certificates of one simulator, each created at its first use; ``ca_pem`` is the CA to trust."""

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="Demo", organization_unit_name="Demo Root CA")
        self.ca_pem = self._ca.cert_pem.bytes()
        self._leaves: dict[str, trustme.LeafCert] = {}

    def leaf(self, kind: str) -> trustme.LeafCert:
        """Return the certificate of this kind, one of ``KINDS``. Raises KeyError for any other."""
        if kind not in self._leaves:
            self._leaves[kind] = self._issue(kind)
        return self._leaves[kind]

    def _issue(self, kind: str) -> trustme.LeafCert:
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        if kind == RIGHT:
            return self._ca.issue_cert(*NAMES, common_name="mail.demo.test")
        if kind == "name":
            return self._ca.issue_cert("other.demo.test", common_name="other.demo.test")
        if kind == "expired":
            before, after = now - timedelta(days=400), now - timedelta(days=3)
            return self._ca.issue_cert(*NAMES, not_before=before, not_after=after)
        if kind == "unknown-ca":
            return trustme.CA(organization_name="Elsewhere").issue_cert(*NAMES)
        if kind == "no-intermediate":
            return self._ca.create_child_ca().issue_cert(*NAMES)
        if kind == "self-signed":
            return _sign_itself(now)
        raise KeyError(kind)

    def context(self, kind: str) -> SSL.Context:
        """Return a server context for TLS 1.2 and later that shows this kind of certificate."""
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_options(SSL.OP_NO_TICKET)
        leaf = self.leaf(kind)
        if kind == "no-intermediate":
            leaf = trustme.LeafCert(leaf.private_key_pem.bytes(), leaf.cert_chain_pems[0].bytes(), [])
        leaf.configure_cert(context)
        return context

    def end_point_hash(self, kind: str) -> bytes:
        """Return the hash of ``tls-server-end-point`` channel binding (RFC 5929 section 4.1; all use SHA-256)."""
        certificate = x509.load_pem_x509_certificate(self.leaf(kind).cert_chain_pems[0].bytes())
        return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()


def _sign_itself(now: datetime) -> trustme.LeafCert:
    """Return a server certificate that is its own issuer, as a domain controller without a PKI has one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAMES[0])])
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=300))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAMES[0]), x509.DNSName(NAMES[-1])]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return trustme.LeafCert(secret, certificate, [])


@implementer(IOpenSSLServerConnectionCreator)
class ServerContexts:
    """The context factory of one listener; ``kind`` may be changed at any time and counts for new connections."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates
        self._contexts: dict[str, SSL.Context] = {}
        self.kind = RIGHT

    def getContext(self) -> SSL.Context:  # noqa: N802  Twisted's name
        """Return the context for the present kind of certificate."""
        if self.kind not in self._contexts:
            self._contexts[self.kind] = self._certificates.context(self.kind)
        return self._contexts[self.kind]

    def serverConnectionForTLS(self, protocol: object) -> SSL.Connection:  # noqa: ARG002, N802  Twisted's name
        """Return the TLS side of one new connection."""
        return SSL.Connection(self.getContext(), None)
