"""Fetch the passwords of a run in the controller, before any child process starts."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from getpass import getpass

import pytest

from pytest_flowscape.core.secret import Secret
from pytest_flowscape.site.model import Site
from pytest_flowscape.site.password_sources import file_is_private, resolve


def fetch_passwords(site: Site, config: pytest.Config) -> tuple[Secret, Secret]:
    """Fetch the service account's password and the directory user's (the same one where there is no separate user).

    Raises PasswordError.
    """
    base = site.path.parent
    ask = _prompt(config)
    account = site.service_account
    own = resolve(account.password, base=base, ask=ask, username=account.username)
    directory = site.directory
    if directory is None or directory.username is None or directory.password is None:
        return own, own
    return own, resolve(directory.password, base=base, ask=ask, username=directory.username)


def password_file_warnings(site: Site) -> list[str]:
    """Return a warning for each password file that others on this machine may read."""
    directory = site.directory.password if site.directory else None
    files = [source for source in (site.service_account.password, directory) if source and source.kind == "file"]
    return [
        f"Others on this machine may read the password file {source.name}; make it readable for you only."
        for source in files
        if not file_is_private(site.path.parent / source.name)
    ]


def _prompt(config: pytest.Config) -> Callable[[str], str] | None:
    """Return a function that asks at the terminal, None where there is no terminal.

    pytest's capture has put something else in place of standard input, so it is
    suspended while we look and while we ask.
    """
    with _without_capture(config):
        stream = sys.__stdin__
        at_terminal = stream is not None and stream.isatty()

    def ask(question: str) -> str:
        with _without_capture(config):
            return getpass(question)

    return ask if at_terminal else None


@contextlib.contextmanager
def _without_capture(config: pytest.Config) -> Iterator[None]:
    """Restore standard input for a moment.

    While plugins are configured pytest's capture is suspended, but for standard
    input; it has to be left like that, or the terminal reporter would be given
    the captured output for its own.
    """
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is None:
        yield
        return
    capture.suspend_global_capture(in_=True)
    try:
        yield
    finally:
        capture.resume_global_capture()
        capture.suspend_global_capture(in_=False)
