"""The four password sources of a site file: environment variable, file, keyring, prompt.

No exception raised here passes through a frame that holds the password, so
that a traceback with local variables shows none.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from pytest_flowscape.core.errors import PasswordError
from pytest_flowscape.core.secret import Secret
from pytest_flowscape.site.model import PasswordSource
from pytest_flowscape.site.values import resolve_path

MAX_LINE = 64 * 1024


def resolve(source: PasswordSource, *, base: Path, ask: Callable[[str], str] | None, username: str = "") -> Secret:
    """Fetch the password that ``source`` names.

    ``base`` is the folder at which relative paths start: the site file's.
    ``ask`` shows a question and returns the answer; None if there is no
    terminal. ``username`` is whose password it is, for the question and for
    keyrings that need it (macOS); it may be empty.

    An environment variable is removed from ``os.environ``, so that no child
    process inherits it: it can be read once.

    Raises PasswordError with one sentence that says what to do. An empty
    password is always an error: a directory takes a name without a password
    for an anonymous sign-in, and says success (RFC 4513 5.1.2).
    """
    if source.kind == "env":
        secret, problem = _from_environment(source.name)
    elif source.kind == "file":
        secret, problem = _from_file(base, source.name)
    elif source.kind == "keyring":
        secret, problem = _from_keyring(source.name, username)
    elif source.kind == "prompt":
        secret, problem = _from_prompt(ask, username)
    else:
        secret, problem = None, f"Unknown password source {source.kind}."
    if secret is None:
        raise PasswordError(problem)
    return secret


def file_is_private(path: Path) -> bool:
    """Whether nobody but the owner may read a file, by its POSIX mode bits.

    True on Windows, where access lists are not judged, and for a file that
    cannot be examined.
    """
    if os.name == "nt":
        return True
    try:
        return not path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    except OSError:
        return True


def _from_environment(name: str) -> tuple[Secret | None, str]:
    value = os.environ.pop(name, None)
    if value is None:
        return None, f"The environment variable {name} is not set; set it in the shell that starts pytest."
    if not value:
        return None, f"The environment variable {name} is empty; an empty password is never sent."
    if not _is_text(value):
        return None, f"The environment variable {name} is not valid text in this shell's encoding; use file:PATH."
    return Secret(value), ""


def _is_text(value: str) -> bool:
    """Whether the value can be sent: POSIX passes bytes that are not text through as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _from_file(base: Path, name: str) -> tuple[Secret | None, str]:
    try:
        with resolve_path(base, name).open("rb") as handle:
            line = handle.readline(MAX_LINE)
    except FileNotFoundError:
        return None, f"The password file {name} does not exist; relative paths start at the site file's folder."
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its path is malformed"
        return None, f"The password file {name} cannot be read: {reason}."
    try:
        text = line.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = "\0"  # one message for both
    if "\0" in text:
        return None, f"The password file {name} is not UTF-8 text; save it as UTF-8 (Windows PowerShell's > does not)."
    if not text:
        return None, f"The first line of the password file {name} is empty; write the password there."
    return Secret(text), ""


def _from_keyring(service: str, username: str) -> tuple[Secret | None, str]:
    try:
        import keyring  # noqa: PLC0415  an extra, loaded only where a site uses it
    except ImportError:
        return None, "Keyrings need the package keyring; install it with pip install 'pytest-flowscape[keyring]'."
    try:
        found = keyring.get_credential(service, username or None)
        value = found.password if found else ""
    except Exception as error:  # noqa: BLE001  every keyring backend raises errors of its own library
        return None, f"The keyring cannot be read ({type(error).__name__}); unlock it, or use another password source."
    if not value:
        whose = username or "USERNAME"
        return None, f'The keyring has no password for {service}; store it with keyring set {service} "{whose}".'
    return Secret(value), ""


def _from_prompt(ask: Callable[[str], str] | None, username: str) -> tuple[Secret | None, str]:
    if ask is None:
        return None, "There is no terminal to ask for the password; use env:NAME, file:PATH or keyring:SERVICE."
    try:
        value = ask(f"Password of {username}: " if username else "Password: ")
    except EOFError:
        value = ""
    if not value:
        return None, "No password was typed; an empty password is never sent."
    if not _is_text(value):
        return None, "The password typed is not valid text in this terminal's encoding; use file:PATH."
    return Secret(value), ""
