"""One trust rule for the endpoint, EWS and LDAP: the operating system's store plus the site's ``ca_file``."""

from __future__ import annotations

import os
import ssl
import sys
from functools import lru_cache
from pathlib import Path

import truststore
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from pytest_flowscape.facts import Kind, Trouble

# OpenSSL's X509_V_ERR_*, Windows' CERT_E_* (as truststore passes them on) and macOS' errSec*
_NAME = {62, 64, 0x800B010F, -67602}
_DATES = {9, 10, 0x800B0101, 0x800B0102, -67818, -67819}
_ISSUER = {2, 18, 19, 20, 21, 27, 0x800B0109, 0x800B010A, -25318, -67843, -67712}

_SYSTEM_VERIFIES: bool = sys.platform in ("win32", "darwin")


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a client context that trusts the system's store and ``ca_file`` (PEM), TLS 1.2 at least, name checked.

    Ask for one for each connection: where the system itself verifies (Windows,
    macOS) a truststore context does one handshake at a time. Raises OSError
    (ssl.SSLError included) if ``ca_file`` cannot be used.
    """
    own = anchors(ca_file) if ca_file is not None else ""
    if _SYSTEM_VERIFIES:
        return _verifying(own)
    return _loaded(own, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=8)
def _loaded(own: str, _file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Return the context that truststore fills with OpenSSL's store for a connection, for all connections.

    To read some hundred certificates takes longer than the rest of a
    connection. Where they lie may be said by the environment.
    """
    to_nobody = ssl.MemoryBIO()
    return _verifying(own).wrap_bio(to_nobody, to_nobody, server_hostname="localhost").context


def _verifying(own: str) -> ssl.SSLContext:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = True
    context.verify_mode = ssl.CERT_REQUIRED
    if own:
        context.load_verify_locations(cadata=own)
    return context


def anchors(ca_file: Path) -> str:
    """Return the self-issued certificates of a PEM file, or all of them where none is.

    A file that also holds intermediates would let a server pass that does not
    send them; the product, which has only the root, would then fail. Raises
    OSError if the file holds no certificate.
    """
    try:
        found = x509.load_pem_x509_certificates(ca_file.read_bytes())
    except ValueError as error:
        raise OSError(f"{ca_file}: no certificate that can be read ({type(error).__name__})") from None
    chosen = [certificate for certificate in found if certificate.subject == certificate.issuer] or found
    return "".join(c.public_bytes(serialization.Encoding.PEM).decode("ascii") for c in chosen)


def blind_context() -> ssl.SSLContext:
    """Return a context that verifies nothing, to look at a certificate that is not trusted; nothing is sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def verification_trouble(error: ssl.SSLCertVerificationError, seconds: float = 0.0) -> Trouble:
    """Return what a refused certificate was refused for, by the verifier's own code."""
    code = int(getattr(error, "verify_code", 0) or 0)
    message = str(getattr(error, "verify_message", "") or "certificate not accepted")
    return Trouble(_verification_kind(code, message), message, code=str(code), seconds=seconds)


def _verification_kind(code: int, message: str) -> Kind:
    unsigned = code & 0xFFFFFFFF if code < -100000 else code  # Windows codes may come signed
    for codes, kind in ((_NAME, Kind.TLS_NAME), (_DATES, Kind.TLS_EXPIRED), (_ISSUER, Kind.TLS_UNKNOWN_ISSUER)):
        if code in codes or unsigned in codes:
            return kind
    if "match" in message.lower() and "name" in message.lower():  # Python's own check of the name has no code
        return Kind.TLS_NAME
    return Kind.TLS_OTHER
