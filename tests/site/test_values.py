"""Each kind of value of a site file, taken and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.site.addresses import canonical, parse_address
from pytest_flowscape.site.model import Users
from tests.site.config_samples import GOOD, line_of, load, only, with_line


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


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("expected = five", "'five' is not a number. Write a whole number, e.g. expected = 5."),
        ("expected = 5.5", "'5.5' is not a whole number. Write a whole number, e.g. expected = 5."),
        ("expected = 0", "'0' is not between 1 and 100000. Write 1 to 100000."),
    ],
)
def test_numbers_are_explained(tmp_path: Path, line: str, message: str) -> None:
    assert str(only(tmp_path, with_line("rooms", line))).endswith(f": `expected`: {message}")


def test_a_comment_after_a_value_is_explained(tmp_path: Path) -> None:
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
