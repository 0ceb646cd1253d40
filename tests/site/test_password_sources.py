"""The four password sources, each taken and refused; no password in any text or traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_flowscape.core.errors import PasswordError
from pytest_flowscape.site.model import PasswordSource
from pytest_flowscape.site.password_sources import file_is_private, resolve

MARKER = "hunter2-\u00dcberfl\u00fcssig"


def refused(source: PasswordSource, base: Path, **options: object) -> str:
    """Resolve a source that gives nothing: one sentence, and no password in the traceback with its locals."""
    with pytest.raises(PasswordError) as caught:
        resolve(source, base=base, ask=None, **options)  # type: ignore[arg-type]
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "hunter2" not in shown
    assert "hunter2" not in str(caught.getrepr(showlocals=True, style="long"))
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_environment_is_read_once_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWSCAPE_TEST_PW", f" {MARKER} ")
    source = PasswordSource("env", "FLOWSCAPE_TEST_PW")
    assert resolve(source, base=tmp_path, ask=None).reveal() == f" {MARKER} "
    assert "FLOWSCAPE_TEST_PW" not in os.environ
    assert "FLOWSCAPE_TEST_PW is not set" in refused(source, tmp_path)


def test_empty_environment_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWSCAPE_TEST_PW", "")
    assert "is empty" in refused(PasswordSource("env", "FLOWSCAPE_TEST_PW"), tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="the environment is Unicode there")
def test_environment_that_is_not_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWSCAPE_TEST_PW", os.fsdecode(b"hunter2\xff"))
    assert "not valid text" in refused(PasswordSource("env", "FLOWSCAPE_TEST_PW"), tmp_path)


@pytest.mark.parametrize(
    "raw",
    [
        MARKER.encode(),
        f"{MARKER}\n".encode(),
        f"{MARKER}\r\nsecond line\r\n".encode(),
        f"\ufeff{MARKER}\r\n".encode(),
    ],
)
def test_file_gives_its_first_line(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "pw.txt").write_bytes(raw)
    assert resolve(PasswordSource("file", "pw.txt"), base=tmp_path, ask=None).reveal() == MARKER


def test_white_space_belongs_to_the_password(tmp_path: Path) -> None:
    (tmp_path / "pw.txt").write_bytes(b" \ta b \n")
    secret = resolve(PasswordSource("file", str(tmp_path / "pw.txt")), base=Path("elsewhere"), ask=None)
    assert secret.reveal() == " \ta b "


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\r\nhunter2", "is empty"),
        (b"\xef\xbb\xbf\r\n", "is empty"),
        ("hunter2".encode("utf-16"), "not UTF-8"),
        ("hunter2".encode("utf-16-le"), "not UTF-8"),
        (b"hunter2\xe4", "not UTF-8"),
    ],
    ids=range(7),  # the folder's name, which a traceback shows, comes from the id
)
def test_faulty_files(tmp_path: Path, raw: bytes, what: str) -> None:
    (tmp_path / "pw.txt").write_bytes(raw)
    assert what in refused(PasswordSource("file", "pw.txt"), tmp_path)


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    assert "does not exist" in refused(PasswordSource("file", "gone.txt"), tmp_path)
    assert "cannot be read" in refused(PasswordSource("file", "."), tmp_path)
    assert "cannot be read" in refused(PasswordSource("file", "a\0b"), tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="mode bits say nothing there")
@pytest.mark.parametrize(
    ("mode", "private"), [(0o600, True), (0o400, True), (0o640, False), (0o604, False), (0o644, False)]
)
def test_private_files(tmp_path: Path, mode: int, private: bool) -> None:
    path = tmp_path / "pw.txt"
    path.touch()
    path.chmod(mode)
    assert file_is_private(path) is private


def test_a_file_that_is_gone_warns_of_nothing(tmp_path: Path) -> None:
    assert file_is_private(tmp_path / "gone")


def test_prompt_asks_whose(tmp_path: Path) -> None:
    asked = []

    def ask(question: str) -> str:
        asked.append(question)
        return MARKER

    source = PasswordSource("prompt")
    assert resolve(source, base=tmp_path, ask=ask).reveal() == MARKER
    assert resolve(source, base=tmp_path, ask=ask, username=r"C\svc").reveal() == MARKER
    assert asked == ["Password: ", r"Password of C\svc: "]


def test_prompt_without_terminal(tmp_path: Path) -> None:
    assert "no terminal" in refused(PasswordSource("prompt"), tmp_path)


def _end_of_input(_: str) -> str:
    raise EOFError


def test_prompt_without_answer(tmp_path: Path) -> None:
    for ask in (lambda _: "", _end_of_input):
        with pytest.raises(PasswordError, match="No password was typed"):
            resolve(PasswordSource("prompt"), base=tmp_path, ask=ask)


def test_unknown_kind(tmp_path: Path) -> None:
    assert "Unknown password source" in refused(PasswordSource("vault"), tmp_path)


@pytest.fixture
def ring() -> Iterator[dict[tuple[str, str], str]]:
    """Put a keyring in memory in place of the user's."""
    import keyring
    from keyring.backend import KeyringBackend
    from keyring.credentials import SimpleCredential

    entries: dict[tuple[str, str], str] = {}

    class Memory(KeyringBackend):
        priority = 1

        def set_password(self, service: str, username: str, password: str) -> None:
            entries[service, username] = password

        def get_password(self, service: str, username: str) -> str | None:
            if service == "locked":
                raise RuntimeError("hunter2 is locked")
            return entries.get((service, username))

        def get_credential(self, service: str, username: str | None) -> SimpleCredential | None:
            names = [name for kept, name in entries if kept == service and username in (None, name)]
            password = self.get_password(service, names[0] if names else "")
            return SimpleCredential(names[0], password) if password is not None else None

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    yield entries
    keyring.set_keyring(before)


def test_keyring(tmp_path: Path, ring: dict[tuple[str, str], str]) -> None:
    ring["other", r"C\svc"] = "another"
    ring["flowscape", r"C\svc"] = MARKER
    source = PasswordSource("keyring", "flowscape")
    assert resolve(source, base=tmp_path, ask=None).reveal() == MARKER
    assert resolve(source, base=tmp_path, ask=None, username=r"C\svc").reveal() == MARKER
    text = refused(source, tmp_path, username=r"C\other")
    assert text.endswith(r'keyring set flowscape "C\other".')


def test_keyring_that_gives_nothing(tmp_path: Path, ring: dict[tuple[str, str], str]) -> None:
    ring["flowscape", "svc"] = ""
    assert "no password for flowscape" in refused(PasswordSource("keyring", "flowscape"), tmp_path)
    assert "no password for gone" in refused(PasswordSource("keyring", "gone"), tmp_path)
    assert "RuntimeError" in refused(PasswordSource("keyring", "locked"), tmp_path)


def test_missing_keyring_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "pytest-flowscape[keyring]" in refused(PasswordSource("keyring", "flowscape"), tmp_path)
