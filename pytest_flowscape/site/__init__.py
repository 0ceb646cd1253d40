"""The site file: what it says, how it is read, and one run over it. What a test may want is handed on here."""

from __future__ import annotations

from pytest_flowscape.site.model import (
    Attestation,
    Booking,
    Directory,
    DirectoryServer,
    Exchange,
    Room,
    ServiceAccount,
    Site,
    Users,
    Waiver,
)

__all__ = [
    "Attestation",
    "Booking",
    "Directory",
    "DirectoryServer",
    "Exchange",
    "Room",
    "ServiceAccount",
    "Site",
    "Users",
    "Waiver",
]
