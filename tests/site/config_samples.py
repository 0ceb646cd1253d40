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


def write(folder: Path, text: str, name: str = "site.ini") -> Path:
    """Write a file byte for byte: LF stays LF."""
    path = folder / name
    path.write_bytes(text.encode())
    return path


def load(folder: Path, text: str) -> Site:
    return read_site(write(folder, text))


def mistakes(folder: Path, text: str) -> tuple[Mistake, ...]:
    """Load a faulty site file and give its mistakes."""
    path = write(folder, text)
    with pytest.raises(SiteFileError) as caught:
        read_site(path)
    return caught.value.mistakes


def only(folder: Path, text: str) -> Mistake:
    """Load a site file with one mistake and give it."""
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
