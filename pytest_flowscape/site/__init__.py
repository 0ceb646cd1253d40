"""The site file: what it says, how it is read, and one run over it."""

from __future__ import annotations

from pytest_flowscape.site.model import (
    Attestation,
    Booking,
    Directory,
    DirectoryServer,
    Exchange,
    PasswordSource,
    Room,
    ServiceAccount,
    Site,
    Users,
    Waiver,
    account_name,
)

__all__ = [
    "Attestation",
    "Booking",
    "Directory",
    "DirectoryServer",
    "Exchange",
    "PasswordSource",
    "Room",
    "ServiceAccount",
    "Site",
    "Users",
    "Waiver",
    "account_name",
]
