"""One site file for both: EWS from the simulator, the directory a real one."""

from __future__ import annotations

from pathlib import Path

from tests.real_ad.contents import BASE, READER_UPN
from tests.real_ad.real_directory import RealDirectory
from tests.simulator.harness import Simulator


def directory_section(ad: RealDirectory, *, server: str = "", reader: Path | None = None, **more: object) -> str:
    """Return the section ``[directory]``; ``reader`` is the file with the password of the reader, who then binds."""
    values: dict[str, object] = {
        "servers": server or f"ldaps://{ad.address}",
        "base_dn": BASE,
        "ca_file": ad.ca,
        **more,
    }
    if reader is not None:
        values |= {"username": READER_UPN, "password": f"file:{reader}"}
    return "[directory]\n" + "".join(f"{key} = {value}\n" for key, value in values.items()) + "\n"


def site_file(folder: Path, simulator: Simulator, section: str) -> Path:
    """Write the simulator's site file with another section ``[directory]``."""
    text = simulator.site.read_text(encoding="utf-8")
    before, _, rest = text.partition("[directory]")
    path = folder / "site.ini"
    path.write_text(before + section + rest[rest.index("\n[") + 1 :], encoding="utf-8")
    return path


def password_file(simulator: Simulator) -> Path:
    """Return the path of the file that holds the password of the simulator's service account."""
    return simulator.folder / "password.txt"
