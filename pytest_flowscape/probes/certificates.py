"""Read certificates as presented: who, by whom, for which names, until when."""

from __future__ import annotations

import ssl
from datetime import datetime, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pytest_flowscape.facts import Certificate

_UNKNOWN = datetime(1970, 1, 1, tzinfo=timezone.utc)
_TOO_WEAK = (hashes.MD5, hashes.SHA1)


def presented_chain(sock: ssl.SSLSocket) -> tuple[bytes, ...]:
    """Return what the server sent, leaf first, as DER; only the leaf where the platform shows no more."""
    inner: Any = sock
    while inner is not None and not hasattr(inner, "get_unverified_chain"):  # a method of SSLSocket from Python 3.13
        inner = getattr(inner, "_sslobj", None)
    sent = [] if inner is None else inner.get_unverified_chain() or []
    chain = [one if isinstance(one, bytes) else ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in sent]
    leaf = sock.getpeercert(binary_form=True)
    return tuple(chain) or ((leaf,) if leaf else ())


def describe(der: bytes) -> Certificate:
    """Read one certificate; what cannot be read says so, the fingerprint always holds."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    sha256 = digest.finalize().hex()
    try:
        read = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=read.subject.rfc4514_string(),
            issuer=read.issuer.rfc4514_string(),
            names=_names(read),
            not_before=read.not_valid_before_utc,
            not_after=read.not_valid_after_utc,
            sha256=sha256,
            self_issued=read.subject == read.issuer,
        )
    except (ValueError, Warning):  # a warning of the library where warnings are errors
        return Certificate("not readable", "not readable", (), _UNKNOWN, _UNKNOWN, sha256)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = names.get_values_for_type(x509.DNSName)
    return (*hosts, *(str(address) for address in names.get_values_for_type(x509.IPAddress)))


def server_end_point(der: bytes) -> bytes:
    """Return the channel binding data ``tls-server-end-point`` of a certificate (RFC 5929 section 4.1).

    The hash is that of the certificate's signature; SHA-256 for MD5 and SHA-1,
    and where the signature names no hash.
    """
    algorithm: hashes.HashAlgorithm | None
    try:
        algorithm = x509.load_der_x509_certificate(der).signature_hash_algorithm
    except Exception:  # noqa: BLE001  unknown algorithms raise a type of the library's own; the rule below covers them
        algorithm = None
    if algorithm is None or isinstance(algorithm, _TOO_WEAK):
        algorithm = hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(der)
    return b"tls-server-end-point:" + digest.finalize()
