"""load_site: a good file gives a Site, a bad one every mistake at once."""

from __future__ import annotations

import socket
from datetime import date, time
from pathlib import Path

import pytest

from pytest_flowscape.core.errors import SiteFileError
from pytest_flowscape.site.model import (
    Attestation,
    Booking,
    Directory,
    DirectoryServer,
    Exchange,
    PasswordSource,
    Room,
    ServiceAccount,
    Users,
    Waiver,
)
from tests.acceptance import read_site
from tests.site.config_samples import EIGHT, EIGHT_MESSAGES, GOOD, line_of, load, mistakes, only, with_line, write

FULL = r"""# everything
[site]
customer = Customer Ltd. # 1 of 2; really
name = Head Office
contact = A. Admin = admin@customer.com: call first
[exchange]
Hostname = Mail.Customer.COM:8443
ca_file = ca.pem
auth = NTLM
max_connections = 8
timeout = 2.5
user_agent = Flowscape/3
proxy = http://proxy.customer.com:8080
front_ends =
    EX01
    ex02.customer.com
[service_account]
username = svc-flowscape@customer.com
email = SVC-Flowscape@customer.com
password = file:secrets/password.txt

[directory]
servers = ldaps://dc01.customer.com
    # the global catalog
    ldaps://dc02.customer.com:3269

    ldap://dc03.customer.com
base_dn = OU=Rooms and more, DC=customer, DC=com
ca_file = ca.pem
start_tls = yes
username = CUSTOMER\reader
password = env:READER_PASSWORD
[rooms]
addresses =
    Atlas@Customer.com
  ; an old one

    borneo@b\u00fcro.de
expected = 2
[users]
addresses =
    jane@customer.com
out_of_scope = canary@customer.com
[booking]
rooms =
    atlas@customer.com
window = 20:00-06:00
approved_by = A. Admin
answer_timeout = 60
[handover]
password_by = one-time link
[waivers]
PERMISSION-1 ATLAS@customer.com = A. Admin until 2020-01-31: ticket #42: see = there
host-2 = A. Admin until 2027-01-31: new certificate
    is ordered
[attestations]
ACCOUNT-1 = B. Admin 2026-11-20: seen in the console
ROOM-1 atlas@customer.com = B. Admin 2026-11-20: seen
""".replace(r"\u00fc", "\u00fc")


def full_folder(folder: Path) -> Path:
    (folder / "secrets").mkdir()
    write(folder / "secrets", "irrelevant\n", "password.txt")
    write(folder, "x\n-----BEGIN CERTIFICATE-----\n", "ca.pem")
    return folder


def test_every_section_arrives(tmp_path: Path) -> None:
    site = load(full_folder(tmp_path), FULL)
    assert site.customer == "Customer Ltd. # 1 of 2; really"
    assert site.contact == "A. Admin = admin@customer.com: call first"
    assert site.slug == "head-office"
    assert site.exchange == Exchange(
        "mail.customer.com",
        8443,
        tmp_path / "ca.pem",
        "ntlm",
        8,
        2.5,
        "Flowscape/3",
        "http://proxy.customer.com:8080",
        ("EX01", "ex02.customer.com"),
    )
    assert site.service_account == ServiceAccount(
        "svc-flowscape@customer.com", "svc-flowscape@customer.com", PasswordSource("file", "secrets/password.txt")
    )
    assert site.directory == Directory(
        (
            DirectoryServer("dc01.customer.com", 636),
            DirectoryServer("dc02.customer.com", 3269),
            DirectoryServer("dc03.customer.com", 389, tls=False),
        ),
        "OU=Rooms and more,DC=customer,DC=com",
        tmp_path / "ca.pem",
        True,
        r"CUSTOMER\reader",
        PasswordSource("env", "READER_PASSWORD"),
    )
    assert site.rooms == (Room("atlas@customer.com"), Room("borneo@xn--bro-hoa.de"))
    assert site.expected_rooms == 2
    assert site.users == Users(("jane@customer.com",), out_of_scope="canary@customer.com")
    assert site.booking == Booking(("atlas@customer.com",), (time(20), time(6)), "A. Admin", 60.0)
    assert site.password_by == "one-time link"
    first = line_of(FULL, "PERMISSION-1")
    assert site.waivers == (
        Waiver(
            "PERMISSION-1",
            "atlas@customer.com",
            "A. Admin",
            date(2020, 1, 31),
            "ticket #42: see = there",
            first,
        ),
        Waiver("HOST-2", "site", "A. Admin", date(2027, 1, 31), "new certificate is ordered", first + 1),
    )
    assert site.attestations == (
        Attestation("ACCOUNT-1", "", "B. Admin", date(2026, 11, 20), "seen in the console", first + 4),
        Attestation("ROOM-1", "atlas@customer.com", "B. Admin", date(2026, 11, 20), "seen", first + 5),
    )


def test_defaults(tmp_path: Path) -> None:
    site = load(tmp_path, GOOD.replace("[site]\ncustomer = Customer Ltd.\n", ""))
    assert site.customer == "customer.com"
    assert (site.name, site.slug, site.directory, site.expected_rooms) == ("site", "site", None, None)
    assert site.exchange == Exchange("mail.customer.com")
    assert site.booking == Booking()


def test_site_is_the_same_in_every_encoding_and_line_end(tmp_path: Path) -> None:
    text = GOOD.replace("Ltd.", "\u00c4rzte")
    site = load(tmp_path, text)
    assert site.customer == "Customer \u00c4rzte"
    assert load(tmp_path, "\ufeff" + text) == site
    assert load(tmp_path, text.replace("\n", "\r\n")) == site
    assert load(tmp_path, text.replace("\n", "\r")) == site
    assert load(tmp_path, text.rstrip()) == site


def test_eight_mistakes_give_eight_messages_with_line_and_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("network contact")

    monkeypatch.setattr(socket, "socket", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    found = mistakes(tmp_path, EIGHT)
    path = tmp_path / "site.ini"
    assert [str(mistake) for mistake in found] == [f"{path}:{line}" for line in EIGHT_MESSAGES.strip().splitlines()]
    with pytest.raises(SiteFileError) as caught:
        read_site(path)
    assert str(caught.value) == "\n".join(map(str, found))


def test_mistakes_come_in_the_order_of_the_lines_and_the_room_list_last(tmp_path: Path) -> None:
    rooms = write(tmp_path, "email\nnobody\n", "rooms.csv")
    text = GOOD.replace("addresses =\n    atlas@customer.com\n    borneo@customer.com", "file = rooms.csv")
    found = mistakes(tmp_path, text.replace("jane@", "jane at ").replace("mail.cust", "mail/cust"))
    assert [(mistake.path.name, mistake.line) for mistake in found] == [
        ("site.ini", 4),
        ("site.ini", 12),
        ("rooms.csv", 2),
    ]
    assert found[2].path == rooms


@pytest.mark.parametrize("section", ["exchange", "service_account", "rooms", "users"])
def test_missing_section(tmp_path: Path, section: str) -> None:
    mistake = only(tmp_path, without_section(section))
    assert (mistake.line, mistake.what) == (1, f"The section [{section}] is missing.")


def without_section(section: str) -> str:
    parts = GOOD.split("[")
    return "[".join(part for part in parts if not part.startswith(f"{section}]"))


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("exchange", "hostname"),
        ("service_account", "username"),
        ("service_account", "email"),
        ("service_account", "password"),
    ],
)
def test_missing_key_names_the_section_line(tmp_path: Path, section: str, key: str) -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(f"{key} =")]
    mistake = only(tmp_path, "\n".join(lines))
    assert (mistake.line, mistake.what) == (line_of(GOOD, f"[{section}]"), f"[{section}] has no `{key}`.")


def test_unreadable_files(tmp_path: Path) -> None:
    for path, what in ((tmp_path / "none.ini", "does not exist"), (tmp_path, "cannot be read")):
        with pytest.raises(SiteFileError) as caught:
            read_site(path)
        assert what in str(caught.value)
        assert [mistake.line for mistake in caught.value.mistakes] == [1]


@pytest.mark.parametrize(
    ("raw", "line", "what"),
    [
        (GOOD.encode("utf-16"), 1, "UTF-16"),
        (GOOD.encode("utf-16-be"), 1, "U+0000"),
        (GOOD.replace("Ltd.", "\u00c4rzte").encode("cp1252"), 2, "byte 0xC4"),
        (GOOD.replace("Ltd.", "\x1b[1m").encode(), 2, "U+001B"),
        (GOOD.replace("Ltd.", "\u2028").encode(), 2, "U+2028"),
        (b"#" * (4 * 1024 * 1024 + 1), 1, "larger than 4 MiB"),
    ],
)
def test_what_is_not_utf8_text_is_one_mistake(tmp_path: Path, raw: bytes, line: int, what: str) -> None:
    path = tmp_path / "site.ini"
    path.write_bytes(raw)
    with pytest.raises(SiteFileError) as caught:
        read_site(path)
    (mistake,) = caught.value.mistakes
    assert mistake.line == line
    assert what in mistake.what
    assert mistake.instead


def test_missing_files_are_mistakes(tmp_path: Path) -> None:
    text = GOOD.replace("= prompt", "= file:gone.txt")
    text = with_line("exchange", "ca_file = gone.pem", text)
    text = text.replace("addresses =\n    atlas@customer.com\n    borneo@customer.com", "file = gone.csv")
    found = mistakes(tmp_path, text)
    assert [mistake.line for mistake in found] == [line_of(text, k) for k in ("ca_file", "password", "file")]
    assert all("does not exist" in mistake.what and "gone" in mistake.what for mistake in found)


def test_ca_file_must_hold_pem(tmp_path: Path) -> None:
    (tmp_path / "ca.cer").write_bytes(b"\x30\x82\x01\x00")
    assert "Base-64" in only(tmp_path, with_line("exchange", "ca_file = ca.cer")).instead


def test_relative_path_of_the_site_file_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "-----BEGIN CERTIFICATE-----\n", "ca.pem")
    write(tmp_path, with_line("exchange", "ca_file = ca.pem"))
    monkeypatch.chdir(tmp_path)
    site = read_site(Path("site.ini"))
    assert site.path == tmp_path / "site.ini"
    assert site.exchange.ca_file == tmp_path / "ca.pem"
    write(tmp_path, "[")
    with pytest.raises(SiteFileError) as caught:
        read_site(Path("site.ini"))
    assert str(caught.value).startswith("site.ini:1: ")


def test_basic_through_a_proxy_is_refused(tmp_path: Path) -> None:
    text = with_line("exchange", "auth = basic\nproxy = system")
    assert only(tmp_path, text).line == line_of(text, "auth")
    assert load(tmp_path, with_line("exchange", "auth = basic\nproxy = none")).exchange.proxy == ""
