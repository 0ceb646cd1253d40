"""A good site file for the tests of the configuration, and ways to spoil it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_flowscape.core.errors import Mistake, SiteFileError
from pytest_flowscape.site.model import Site
from tests.acceptance import read_site

GOOD = r"""[site]
customer = Customer Ltd.
[exchange]
hostname = mail.customer.com
[service_account]
username = CUSTOMER\svc-flowscape
email = svc-flowscape@customer.com
password = prompt
[rooms]
addresses =
    atlas@customer.com
    borneo@customer.com
[users]
addresses = jane@customer.com
"""
DIRECTORY = """[directory]
servers = ldaps://dc01.customer.com
base_dn = DC=customer,DC=com
"""
EIGHT = r"""[site]
customer = Customer Ltd.
[exchange]
hostnam = mail.customer.com
hostname = https://mail.customer.com/EWS
max_connections = 20
[service_account]
username = svc-flowscape
email = svc-flowscape@customer
password = hunter2-S3cret
[rooms]
addresses =
    atlas@customer.com
    borneo@customer.com
    ATLAS@customer.com
[users]
addresses =
"""
EIGHT_MESSAGES = r"""
4: Unknown key `hostnam` in [exchange]. Write `hostname`.
5: `hostname`: The host name begins with 'https://'. Write only mail.customer.com.
6: `max_connections`: '20' is not between 1 and 8. WHY Write 1 to 8.
8: `username`: The user name 'svc-flowscape' has no domain. Write DOMAIN\user or UPN.
9: `email`: The address 'svc-flowscape@customer' has a domain without a dot. Write it as name@customer.com.
10: `password`: The password itself must not be in the site file. SOURCES
15: The room atlas@customer.com appears twice, first in line 13. Remove one of the two.
17: `addresses` is empty. Write one entry per line below it, each line indented.
"""
EIGHT_MESSAGES = (
    EIGHT_MESSAGES.replace("WHY", "The live product shares the customer's limit, which may be 10.")
    .replace("UPN", "user@customer.com")
    .replace("SOURCES", "Write env:NAME, file:PATH, keyring:SERVICE or prompt.")
)


def write(folder: Path, text: str, name: str = "site.ini") -> Path:
    """Write a file byte for byte: LF stays LF."""
    path = folder / name
    path.write_bytes(text.encode())
    return path


def load(folder: Path, text: str) -> Site:
    return read_site(write(folder, text))


def mistakes(folder: Path, text: str) -> tuple[Mistake, ...]:
    """Return the mistakes of a faulty site file."""
    path = write(folder, text)
    with pytest.raises(SiteFileError) as caught:
        read_site(path)
    return caught.value.mistakes


def only(folder: Path, text: str) -> Mistake:
    """Return the mistake of a site file with only one."""
    found = mistakes(folder, text)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def line_of(text: str, start: str) -> int:
    """Return the number of the first line that begins with ``start``, white space aside."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


def with_line(section: str, line: str, text: str = GOOD) -> str:
    """Add a line right below a section's header."""
    assert f"[{section}]\n" in text
    return text.replace(f"[{section}]\n", f"[{section}]\n{line}\n")
