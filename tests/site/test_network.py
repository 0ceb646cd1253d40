"""Host names, directory servers and the base of searches in a site file, taken and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.site.model import DirectoryServer
from tests.site.config_samples import DIRECTORY, GOOD, line_of, load, mistakes, only


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("mail.customer.com", "mail.customer.com", 443),
        ("localhost:8443", "localhost", 8443),
        ("EXCH_01:1", "exch_01", 1),
        ("10.0.0.1:65535", "10.0.0.1", 65535),
        ("post.b\u00fcro.de", "post.xn--bro-hoa.de", 443),
    ],
)
def test_hostname(tmp_path: Path, text: str, host: str, port: int) -> None:
    exchange = load(tmp_path, GOOD.replace("mail.customer.com", text)).exchange
    assert (exchange.hostname, exchange.port) == (host, port)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("https://mail.customer.com", "Write only mail.customer.com."),
        ("https://mail.customer.com:443/EWS/Exchange.asmx", "Write only mail.customer.com:443."),
        ("mail.customer.com/EWS", "Write only mail.customer.com."),
        ("https://", "Write only mail.customer.com."),
        ("mail.customer.com:", "Write host:port, or leave out :port."),
        ("mail.customer.com:0", "Write host:port, or leave out :port."),
        ("mail.customer.com:65536", "Write host:port, or leave out :port."),
        ("mail.customer.com:https", "Write host:port, or leave out :port."),
        ("mail.customer.com:\u0664\u0664", "Write host:port, or leave out :port."),
        ("mail customer.com", "Write the name alone, e.g. mail.customer.com."),
        ("mail..customer.com", "Write the name alone, e.g. mail.customer.com."),
        ("-mail.customer.com", "Write the name alone, e.g. mail.customer.com."),
        (":443", "Write the name alone, e.g. mail.customer.com."),
        ("10.0.0.256", "Write the name alone, e.g. mail.customer.com."),
        ("[::1]:443", "Write the name alone, e.g. mail.customer.com."),
        (f"{'a' * 64}.customer.com", "Write the name alone, e.g. mail.customer.com."),
        (f"{'a.' * 130}com", "Write the name alone, e.g. mail.customer.com."),
    ],
)
def test_bad_hostname(tmp_path: Path, text: str, instead: str) -> None:
    mistake = only(tmp_path, GOOD.replace("mail.customer.com", text))
    assert (mistake.line, mistake.instead) == (4, instead)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("ldaps://DC01.customer.com", DirectoryServer("dc01.customer.com", 636)),
        ("LDAPS://dc01.customer.com:3269/", DirectoryServer("dc01.customer.com", 3269)),
        ("ldaps://localhost:40123", DirectoryServer("localhost", 40123)),
        ("gc://dc01.customer.com", DirectoryServer("dc01.customer.com", 3269)),
        ("GC://dc01.customer.com:4636/", DirectoryServer("dc01.customer.com", 4636, catalog=True)),
    ],
)
def test_directory_server(tmp_path: Path, url: str, server: DirectoryServer) -> None:
    directory = load(tmp_path, GOOD + DIRECTORY.replace("ldaps://dc01.customer.com", url)).directory
    assert directory
    assert directory.servers == (server,)


@pytest.mark.parametrize(
    ("url", "instead"),
    [
        ("dc01.customer.com", "Write ldaps://dc01.customer.com."),
        ("http://dc01.customer.com", "Write ldaps://dc01.customer.com."),
        ("ldap://dc01.customer.com", "Write ldaps://dc01.customer.com, or add `start_tls = yes`."),
        ("ldap://dc01.customer.com:3268", "Write ldaps://dc01.customer.com, or add `start_tls = yes`."),
        ("ldaps://dc01.customer.com:389", "Write ldaps://dc01.customer.com:636."),
        ("ldaps://dc01.customer.com:3268", "Write ldaps://dc01.customer.com:3269."),
        ("ldap://dc01.customer.com:636", "Write ldaps://dc01.customer.com:636."),
        ("gc://dc01.customer.com:636", "Write gc://dc01.customer.com."),
        ("gc://dc01.customer.com:389", "Write gc://dc01.customer.com."),
        ("gc://dc01.customer.com:3268", "Write ldaps://dc01.customer.com:3269."),
        ("gc://dc01.customer.com\n  ldaps://dc01.customer.com:3269", "Remove one of the two."),
        ("ldaps://dc01.customer.com/DC=customer", "Write ldaps://dc01.customer.com, and the path as base_dn."),
        ("ldaps://svc:pw@dc01.customer.com", "Write it as username and password in [directory]."),
        ("ldaps://dc01.customer.com:x", "Write host:port, or leave out :port."),
        ("ldaps://", "Write the name alone, e.g. ldaps://dc01.customer.com."),
        ("ldaps://dc01.customer.com\n  ldaps://DC01.customer.com:636", "Remove one of the two."),
    ],
)
def test_bad_directory_server(tmp_path: Path, url: str, instead: str) -> None:
    text = GOOD + DIRECTORY.replace("ldaps://dc01.customer.com", url)
    mistake = only(tmp_path, text)
    assert (mistake.line, mistake.instead) == (line_of(text, "servers") + url.count("\n"), instead)


def test_a_global_catalog_is_known_by_its_port_or_by_its_scheme() -> None:
    catalogs = [
        DirectoryServer("dc", 3269),
        DirectoryServer("dc", 3268, tls=False),
        DirectoryServer("dc", 9, catalog=True),
    ]
    assert all(server.is_global_catalog for server in catalogs)
    assert not DirectoryServer("dc", 636).is_global_catalog
    assert [str(server) for server in catalogs] == ["ldaps://dc:3269", "ldap://dc:3268", "gc://dc:9"]


def test_start_tls(tmp_path: Path) -> None:
    text = GOOD + DIRECTORY + "start_tls = yes\n"
    directory = load(tmp_path, text.replace("ldaps://", "ldap://")).directory
    assert directory
    assert directory.start_tls
    assert directory.servers == (DirectoryServer("dc01.customer.com", 389, tls=False),)
    assert only(tmp_path, text).line == line_of(text, "start_tls")
    found = mistakes(tmp_path, text.replace("yes", "perhaps"))
    assert [mistake.line for mistake in found] == [line_of(text, "start_tls")]


@pytest.mark.parametrize("dn", ["DC=customer,DC=com", "dc=test", r"OU=A\, B,DC=x,DC=y", "OU=R\u00e4ume,DC=x"])
def test_base_dn(tmp_path: Path, dn: str) -> None:
    directory = load(tmp_path, GOOD + DIRECTORY.replace("DC=customer,DC=com", dn)).directory
    assert directory
    assert directory.base_dn == dn


@pytest.mark.parametrize(
    ("dn", "instead"),
    [
        ("customer.com", "Write DC=customer,DC=com."),
        ("OU=Rooms", "Write it as DC=customer,DC=com."),
        ("DC=customer,,DC=com", "Write it as DC=customer,DC=com."),
        ("DC=customer,com", "Write it as DC=customer,DC=com."),
        ("DC=,DC=com", "Write it as DC=customer,DC=com."),
        ("DC=customer,DC=com,", "Write it as DC=customer,DC=com."),
    ],
)
def test_bad_base_dn(tmp_path: Path, dn: str, instead: str) -> None:
    assert only(tmp_path, GOOD + DIRECTORY.replace("DC=customer,DC=com", dn)).instead == instead


@pytest.mark.parametrize("key", ["servers", "base_dn"])
def test_directory_needs(tmp_path: Path, key: str) -> None:
    text = GOOD + "\n".join(line for line in DIRECTORY.splitlines() if not line.startswith(key))
    assert only(tmp_path, text).line == line_of(text, "[directory]")
