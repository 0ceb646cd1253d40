"""Remember refused sign-ins beside the reports, so that nervous re-runs lock nobody out.

One refused attempt a run, times five runs, is a locked account. The file holds
account, server and time, and no secret.
"""

from __future__ import annotations

import json
import os
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pytest_flowscape.site import account_name

WINDOW = timedelta(minutes=60)
DAY = timedelta(hours=24)  # a note from the future counts for so long: somebody set the clock back
NAME = "refused-sign-in.json"


def remember(folder: Path, *, account: str, server: str, at: datetime) -> None:
    """Note a refusal. ``at`` is an aware time; failure to write raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    record = {"account": account_name(account), "server": server, "at": at.astimezone(timezone.utc).isoformat()}
    handle, temporary = tempfile.mkstemp(prefix="refused-", dir=folder)  # private from the start
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    Path(temporary).replace(folder / NAME)


def forget(folder: Path) -> None:
    """Drop the note after a sign-in that succeeded."""
    (folder / NAME).unlink(missing_ok=True)


def refused_since(folder: Path, *, account: str, now: datetime) -> datetime | None:
    """Give the time of a refusal of this account within the last 60 minutes, None if there is none.

    A note that cannot be read counts as none: it was damaged, and a run that
    can never start again because of it would help nobody.
    """
    try:
        record = json.loads((folder / NAME).read_text(encoding="utf-8"))
        at = datetime.fromisoformat(record["at"])
        same = account_name(str(record["account"])) == account_name(account)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not same or at.tzinfo is None or now - at >= WINDOW or at - now > DAY:
        return None
    return at
