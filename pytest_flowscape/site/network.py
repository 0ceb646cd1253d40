"""Host names, ports, LDAP servers, proxies: the values of a site file that say where packets may go."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from pytest_flowscape.site.addresses import parse_domain
from pytest_flowscape.site.model import DirectoryServer
from pytest_flowscape.site.values import MAX_ECHO, Wrong, quote

AUTH_METHODS = ("auto", "negotiate", "ntlm", "basic")
RDN = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*)\s*=\s*(\S.*)")
PLAIN_PORTS = (389, 3268)  # a domain controller starts without TLS there
TLS_PORTS = (636, 3269)  # TLS from the first byte
DOMAIN_PORTS = (389, 636)  # one domain, with all its attributes
CATALOG_PORTS = (3268, 3269)  # the whole forest, with some attributes


def _host(text: str, example: str) -> str:
    try:
        host = parse_domain(text)
        return str(ipaddress.IPv4Address(host)) if host.replace(".", "").isdigit() else host
    except ValueError:
        pass
    what = f"The host name {quote(text)} is malformed." if text else "The host name is missing."
    raise Wrong(what, f"Write the name alone, e.g. {example}.")


def _port(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,5}", text) and 1 <= int(text) <= 65535:
        return int(text)
    raise Wrong(f"The port {quote(text)} is not a number from 1 to 65535.", "Write host:port, or leave out :port.")


def host_and_port(text: str) -> tuple[str, int]:
    """Return the host name and port of the Exchange endpoint; the port is 443 where none is written."""
    scheme, slashes, rest = text.partition("://")
    bare = (rest if slashes else text).partition("/")[0].rpartition("@")[2][:MAX_ECHO]
    if slashes:
        raise Wrong(f"The host name begins with {quote(scheme + '://')}.", f"Write only {bare or 'mail.customer.com'}.")
    if "/" in text:
        raise Wrong("The host name has a path.", f"Write only {bare or 'mail.customer.com'}.")
    host, colon, port = text.partition(":")
    return _host(host, "mail.customer.com"), _port(port) if colon else 443


def front_end(text: str) -> str:
    """Return the name of one server behind the hostname, with or without its domain."""
    _host(text, "EX01")
    return text.strip()


def auth(text: str) -> str:
    """Return the sign-in method in lower case."""
    if text.lower() in AUTH_METHODS:
        return text.lower()
    raise Wrong(f"{quote(text)} is not a sign-in method.", "Write auto, negotiate, ntlm or basic.")


def proxy(text: str) -> str:
    """Return ``system``, a proxy's URL, or an empty text for ``none``.

    No message repeats the value: it may hold a password.
    """
    if text.lower() in ("none", "system"):
        return "" if text.lower() == "none" else "system"
    remedy = "Write none, system or http://proxy.customer.com:8080."
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise Wrong("The proxy URL is malformed.", remedy) from None
    if "@" in url.netloc:
        raise Wrong(
            "The proxy URL has a user name or password.", "Write it without: the proxy is used without signing in."
        )
    if url.scheme not in ("http", "https") or not url.hostname:
        raise Wrong("The proxy is not an http or https URL.", remedy)
    if url.path not in ("", "/") or url.query or url.fragment:
        raise Wrong("The proxy URL has a path.", remedy)
    return f"{url.scheme}://{_host(url.hostname, 'proxy.customer.com')}" + (f":{port}" if port else "")


def directory_server(text: str) -> DirectoryServer:
    """Return the server of ``ldaps://host[:port]`` (636), ``gc://...`` (3269, over TLS) or ``ldap://...`` (389)."""
    scheme, slashes, rest = text.partition("://")
    if not slashes:
        raise Wrong(
            f"The server {quote(text)} is not an LDAP URL.", f"Write ldaps://{text.partition('/')[0][:MAX_ECHO]}."
        )
    catalog = scheme.lower() == "gc"
    tls = catalog or scheme.lower() == "ldaps"
    if not tls and scheme.lower() != "ldap":
        raise Wrong(f"The server URL begins with {quote(scheme + '://')}.", "Write ldaps://dc01.customer.com.")
    rest = rest.removesuffix("/")
    if "/" in rest or "?" in rest:
        raise Wrong("The server URL has a path.", "Write ldaps://dc01.customer.com, and the path as base_dn.")
    if "@" in rest:
        raise Wrong("The server URL has a user name.", "Write it as username and password in [directory].")
    host, colon, port_text = rest.partition(":")
    name = _host(host, "ldaps://dc01.customer.com")
    port = _port(port_text) if colon else (3269 if catalog else 636 if tls else 389)
    if catalog and port in DOMAIN_PORTS:
        raise Wrong(f"Port {port} is for a domain controller, not for a global catalog.", f"Write gc://{name}.")
    if tls and port in PLAIN_PORTS:
        raise Wrong(f"Port {port} does not begin with TLS.", f"Write ldaps://{name}:{636 if port == 389 else 3269}.")
    if not tls and port in TLS_PORTS:
        raise Wrong(f"Port {port} begins with TLS.", f"Write ldaps://{name}:{port}.")
    return DirectoryServer(name, port, tls, catalog and port not in CATALOG_PORTS)


def base_dn(text: str) -> str:
    """Return a distinguished name (RFC 4514) that ends in ``DC=``, without spaces after commas."""
    remedy = "Write it as DC=customer,DC=com."
    parts = re.split(r"(?<!\\),", text)
    if len(parts) == 1 and "=" not in text:
        remedy = "Write DC=" + ",DC=".join(text.split(".")) + "." if re.fullmatch(r"[\w.-]{1,60}", text) else remedy
    names = [RDN.fullmatch(part) for part in parts]
    if not all(names):
        raise Wrong(f"The base_dn {quote(text)} is not a distinguished name.", remedy)
    last = names[-1]
    if last is None or last[1].upper() != "DC":
        raise Wrong(f"The base_dn {quote(text)} does not end in the domain.", remedy)
    return ",".join(f"{name[1]}={name[2]}" for name in names if name)
