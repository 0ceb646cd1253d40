"""Files that only the user may read, written whole or not at all, and the folders of what outlives a run."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from platformdirs import user_state_path

FOLDER_MODE = 0o700
BOOKINGS = "bookings"
REFUSED_SIGN_INS = "refused-sign-ins"


def state_folder(name: str) -> Path:
    """Return the folder of this name among the user's own state (on Linux XDG_STATE_HOME or ~/.local/state)."""
    return user_state_path("pytest-flowscape", appauthor=False) / name


def account_key(account: str, server: str) -> str:
    """Return 24 hexadecimal digits for a bare account name, the same for all servers of one mail domain.

    Another customer may have an account of the same name; one customer's
    servers share the end of their names.
    """
    server = server.lower()
    return hashlib.sha256(f"{account}\0{server.partition('.')[2] or server}".encode()).hexdigest()[:24]


def private_folder(folder: Path) -> Path:
    """Create ``folder`` with mode 0700 where it is missing; one that exists keeps its mode. Raises OSError."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return folder


def write_private(path: Path, content: Iterable[bytes]) -> Path:
    """Write ``path`` with mode 0600 and return it; a reader sees the old file or the new one. Raises OSError."""
    # mkstemp creates the file with mode 0600; the same folder, so that replacing is one step
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return path
