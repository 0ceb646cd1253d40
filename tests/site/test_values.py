"""Each kind of value of a site file, taken and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.site.addresses import canonical, parse_address
from pytest_flowscape.site.model import DirectoryServer, Users
from tests.site.config_samples import DIRECTORY, GOOD, line_of, load, mistakes, only, with_line


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
    "line",
    [
        "max_connections = 0",
        "max_connections = 9",
        "max_connections = four",
        "max_connections = 4.0",
        "max_connections = -1",
        "max_connections = " + "1" * 5000,
        "max_connections = \u0664",
        "timeout = 0",
        "timeout = 0.9",
        "timeout = 300.1",
        "timeout = 30s",
        "timeout = 30 # seconds",
        "timeout = nan",
        "timeout = inf",
        "timeout = 1e2",
        "auth = kerberos",
        "user_agent = Fl\u00f6wscape",
        "user_agent = a\tb",
        "proxy = proxy.customer.com:8080",
        "proxy = http://user:hunter2@proxy.customer.com",
        "proxy = http://user:hun#ter2@proxy.customer.com",
        "proxy = http://[proxy",
        "proxy = http://proxy.customer.com:99999",
        "proxy = http://proxy.customer.com/path",
        "proxy = socks5://proxy.customer.com",
        "ca_file =",
        "front_ends = https://ex01",
        "front_ends = EX01, EX02",
        "front_ends =",
    ],
)
def test_bad_exchange_values(tmp_path: Path, line: str) -> None:
    mistake = only(tmp_path, with_line("exchange", line))
    assert mistake.line == 4
    assert mistake.what.startswith(f"`{line.split(maxsplit=1)[0]}`")
    assert "hun" not in str(mistake)
    assert mistake.instead.startswith("Write ")
    assert len(str(mistake)) < 400


@pytest.mark.parametrize("line", ["timeout = 300", "timeout = 1", "timeout = 1.25", "auth = Auto", "proxy = SYSTEM"])
def test_good_exchange_values(tmp_path: Path, line: str) -> None:
    load(tmp_path, with_line("exchange", line))


def test_a_comment_behind_a_value_is_explained(tmp_path: Path) -> None:
    assert "comment after a value" in only(tmp_path, with_line("exchange", "timeout = 30 ; seconds")).what


@pytest.mark.parametrize(
    "name",
    [
        r"CUSTOMER\svc",
        "svc@customer.com",
        "svc@corp",
        r"corp.local\svc flow",
        "j\u00f6rg@b\u00fcro.de",
        r"A_B\svc.flow$",
    ],
)
def test_username(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, GOOD.replace(r"CUSTOMER\svc-flowscape", name)).service_account.username == name


@pytest.mark.parametrize(
    "name",
    [
        "svc",
        "CUSTOMER/svc",
        r"CUSTOMER\\svc",
        "CUSTOMER\\",
        r"\svc",
        r".\svc",
        r"C\svc@x.com",
        "@x.com",
        "svc@",
        "a b@x.com",
        '"C\\svc"',
    ],
)
def test_bad_username(tmp_path: Path, name: str) -> None:
    assert only(tmp_path, GOOD.replace(r"CUSTOMER\svc-flowscape", name)).line == 6


@pytest.mark.parametrize(
    "text",
    [
        "atlas",
        "atlas@customer",
        "atlas@@customer.com",
        "at las@customer.com",
        ".atlas@customer.com",
        "at..las@customer.com",
        "@customer.com",
        "atlas@",
        "atlas@customer.com.",
        "atlas@-customer.com",
        "atlas@10.0.0.1",
        "\u00e4tlas@customer.com",
        "Atlas <atlas@customer.com>",
        "mailto:atlas@customer.com",
        "atlas@customer.com, borneo@customer.com",
        "atlas@customer.com # the big one",
        f"{'a' * 65}@customer.com",
        "atlas@xn--\u00fc.de",
        "at\u200blas@customer.com",
    ],
)
def test_bad_address(tmp_path: Path, text: str) -> None:
    mistake = only(tmp_path, GOOD.replace("    atlas@customer.com", f"    {text}"))
    assert mistake.line == line_of(GOOD, "atlas")
    assert mistake.what.startswith("`addresses`: ")


def test_several_addresses_on_a_line_are_told_apart(tmp_path: Path) -> None:
    text = GOOD.replace("= jane@customer.com", "= jane@customer.com; joe@customer.com")
    assert only(tmp_path, text).instead == "Write one address per line, indented."


def test_canonical_addresses() -> None:
    assert canonical("  Atlas@B\u00dcRO.de ") == "atlas@xn--bro-hoa.de" == parse_address("ATLAS@xn--BRO-hoa.de")
    assert canonical("a@\uff22\u00fcro.de") == "a@xn--bro-hoa.de"  # a full-width B
    assert canonical(" No Address ") == "no address"


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


def test_a_global_catalog_is_told_by_its_port_or_by_its_scheme() -> None:
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


BOOKING = """[booking]
rooms = atlas@customer.com
window = 20:00-06:00
approved_by = A. Admin
"""


@pytest.mark.parametrize(
    ("old", "new", "offset"),
    [
        ("atlas@", "unknown@", 1),
        ("20:00-06:00", "20-06", 2),
        ("20:00-06:00", "24:00-06:00", 2),
        ("20:00-06:00", "20:00-20:00", 2),
        ("= A. Admin", "=", 3),
        ("= A. Admin", "= A. Admin\nanswer_timeout = 0", 4),
    ],
)
def test_bad_booking(tmp_path: Path, old: str, new: str, offset: int) -> None:
    load(tmp_path, GOOD + BOOKING)
    text = GOOD + BOOKING.replace(old, new)
    assert only(tmp_path, text).line == line_of(text, "[booking]") + offset


@pytest.mark.parametrize("key", ["rooms", "window", "approved_by"])
def test_booking_needs(tmp_path: Path, key: str) -> None:
    text = GOOD + "\n".join(line for line in BOOKING.splitlines() if not line.startswith(key))
    assert only(tmp_path, text).line == line_of(text, "[booking]")


def test_no_users_by_decision(tmp_path: Path) -> None:
    site = load(
        tmp_path, GOOD.replace("addresses = jane@customer.com", "none = A. Admin 2026-11-20: none\n  joined: yet")
    )
    assert site.users.addresses == ()
    assert (site.users.none_by, str(site.users.none_on), site.users.none_reason) == (
        "A. Admin",
        "2026-11-20",
        "none joined: yet",
    )


@pytest.mark.parametrize(
    ("users", "offset", "what"),
    [
        ("none = A. Admin 2026-11-20: x\naddresses = jane@customer.com", 1, "both"),
        ("", 0, "neither"),
        ("out_of_scope = canary@customer.com", 0, "neither"),
        ("none = nobody", 1, "missing"),
        ("none = A. Admin 2026-02-30: x", 1, "not in the calendar"),
        ("addresses =\n jane@customer.com\n JANE@customer.com", 3, "appears twice, first in line 14"),
        ("addresses =\n svc-flowscape@customer.com", 2, "is the service account"),
        ("addresses =\n atlas@customer.com", 2, "is a room"),
        ("addresses = jane@customer.com\nout_of_scope = Jane@customer.com", 2, "is a user"),
        ("addresses = jane@customer.com\nout_of_scope = atlas@customer.com", 2, "is a room"),
        ("addresses = jane@customer.com\nout_of_scope = svc-flowscape@customer.com", 2, "is the service account"),
    ],
)
def test_bad_users(tmp_path: Path, users: str, offset: int, what: str) -> None:
    text = GOOD.replace("addresses = jane@customer.com", users)
    mistake = only(tmp_path, text)
    expected = line_of(text, "[users]") + offset
    assert mistake.line == expected
    assert what.replace("line 14", f"line {expected - 1}") in mistake.what


def test_out_of_scope_is_normalised(tmp_path: Path) -> None:
    site = load(tmp_path, GOOD + "out_of_scope = Canary@Customer.com")
    assert site.users == Users(("jane@customer.com",), out_of_scope="canary@customer.com")
