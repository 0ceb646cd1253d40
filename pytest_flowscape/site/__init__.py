"""The site file: what it says, how it is read, and one run over it. What a test may want is handed on here."""

from __future__ import annotations

from pytest_flowscape.site.model import (
    Attestation as Attestation,
    Booking as Booking,
    Directory as Directory,
    DirectoryServer as DirectoryServer,
    Exchange as Exchange,
    Room as Room,
    ServiceAccount as ServiceAccount,
    Site as Site,
    Users as Users,
    Waiver as Waiver,
)
