"""Write what the customer would hand over: site.ini, the password's file, the CA, rooms.csv."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path

from pytest_flowscape.simulator.scenarios import Scenario

Sections = dict[str, dict[str, object]]
MAX_INVITED = 2  # rooms that may be invited to a meeting
MANY_ROOMS = 100  # from here on the rooms are in a table of their own


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def write_site(folder: Path, scenario: Scenario, *, ca_pem: bytes, ports: Mapping[str, int], timeout: float) -> Path:
    """Write all files of the site into ``folder``, and return the path of site.ini."""
    ca_file, password_file = folder / "ca.pem", folder / "password.txt"
    ca_file.write_bytes(ca_pem)
    write_private(password_file, scenario.password)
    hostname, server = f"localhost:{ports['ews_port']}", f"ldaps://localhost:{ports['ldaps_port']}"
    account: dict[str, object] = {
        "username": scenario.username,
        "email": scenario.email,
        "password": f"file:{password_file}",
    }
    sections: Sections = {
        "site": {"customer": scenario.customer, "name": f"demo-{scenario.name}", "contact": "it@demo.test"},
        "exchange": {"hostname": hostname, "ca_file": ca_file, "timeout": f"{timeout:g}"},
        "service_account": account,
        "directory": {"servers": server, "base_dn": scenario.organisation.base_dn, "ca_file": ca_file},
        "rooms": {**_rooms(folder, scenario), "expected": scenario.expected},
        "users": {"addresses": _lines(scenario.users), "out_of_scope": scenario.out_of_scope},
        # the hours that --flowscape-book would choose anyway lie inside this window
        "booking": {
            "rooms": _lines(scenario.rooms[:MAX_INVITED]),
            "window": "20:00-06:00",
            "approved_by": "A. Admin",
            "answer_timeout": f"{timeout:g}",
        },
        "handover": {"password_by": scenario.password_by},
    }
    _change(sections, scenario, {**ports, "folder": folder})
    path = folder / "site.ini"
    path.write_text("\n".join(_section(*section) for section in sections.items()), encoding="utf-8")
    return path


def _change(sections: Sections, scenario: Scenario, known: Mapping[str, object]) -> None:
    """Apply the scenario's own changes, their placeholders filled in."""
    for name, changes in scenario.site_file.items():
        if changes is None:
            sections.pop(name, None)
            continue
        section = sections.setdefault(name, {})
        for key, value in changes.items():
            if value is None:
                section.pop(key, None)
            else:
                section[key] = value.format_map(known)


def _section(name: str, values: dict[str, object]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {value}".replace(" \n", "\n") + "\n" for key, value in values.items())


def _lines(values: tuple[str, ...]) -> str:
    return "".join(f"\n    {value}" for value in values)


def _rooms(folder: Path, scenario: Scenario) -> dict[str, object]:
    if len(scenario.rooms) < MANY_ROOMS:
        return {"addresses": _lines(scenario.rooms)}
    with (folder / "rooms.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("email", "name", "building", "capacity"))
        for address, details in zip(scenario.rooms, scenario.room_details, strict=True):
            table.writerow((address, *details))
    return {"file": "rooms.csv"}
