"""One function per kind of value in a site file: it takes a text and returns the value. All raise ``Wrong``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

from pytest_flowscape.site.addresses import parse_address, parse_domain
from pytest_flowscape.site.model import PasswordSource

MAX_ECHO = 60
PASSWORD_KINDS = ("env", "file", "keyring")
PASSWORD_REMEDY = "Write env:NAME, file:PATH, keyring:SERVICE or prompt."
PEM_MARK = b"-----BEGIN CERTIFICATE-----"
MAX_PEM = 4 * 1024 * 1024
_SIGNS = r"\"/\[\]:;|=,+*?<>\\@"  # not in a sAMAccountName (MS-ADTS 3.1.1.6)
DOWN_LEVEL_NAME = re.compile(rf"[^\s{_SIGNS}]+\\[^\s{_SIGNS}]([^{_SIGNS}]*[^\s{_SIGNS}])?")
PRINCIPAL = re.compile(rf"[^\s{_SIGNS}]+@[^@]*")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Wrong(ValueError):  # noqa: N818  a judgement on a value; the error is SiteFileError
    """A value that cannot be used: ``what`` is wrong, and what to write ``instead``, a sentence each."""

    def __init__(self, what: str, instead: str) -> None:
        self.what = what
        self.instead = instead
        super().__init__(f"{what} {instead}")


def quote(text: str) -> str:
    """Return a value in quotation marks, shortened, for a message. Never for passwords."""
    return f"'{text}'" if len(text) <= MAX_ECHO else f"'{text[: MAX_ECHO - 3]}...'"


def plain(text: str) -> str:
    """Return free text as it is, white space made single."""
    return " ".join(text.split())


def address(text: str) -> str:
    """Return an SMTP address, normalised (see ``addresses``)."""
    try:
        return parse_address(text)
    except ValueError as error:
        problem = str(error)
    if re.search(r"[,;\s]", text.strip()) and text.count("@") > 1:
        raise Wrong(f"{quote(text)} is more than one address.", "Write one address per line, indented.")
    raise Wrong(f"The address {quote(text)} {problem}.", "Write it as name@customer.com.")


def whole_number(low: int, high: int, example: str, why: str = "") -> Callable[[str], int]:
    """Return a parser of whole numbers; ``why`` is a sentence that explains the range."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]+", text):
            kind = "whole number" if re.match(r"-?[0-9]", text) else "number"
            raise Wrong(f"{quote(text)} is not a {kind}.", f"Write a whole number, e.g. {example}.")
        return int(_check_range(text, low, high, why))

    return parse


def seconds(low: int, high: int, example: str, why: str = "") -> Callable[[str], float]:
    """Return a parser of seconds, decimals allowed."""

    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
            raise Wrong(f"{quote(text)} is not a number.", f"Write seconds without a unit, e.g. {example}.")
        return _check_range(text, low, high, why)

    return parse


def _check_range(text: str, low: int, high: int, why: str) -> float:
    number = float(text)
    if not low <= number <= high:
        raise Wrong(f"{quote(text)} is not between {low} and {high}. {why}".rstrip(), f"Write {low} to {high}.")
    return number


def yes_or_no(text: str) -> bool:
    """Return True for yes, true, on, 1 and False for no, false, off, 0 in any case."""
    if text.lower() in ("yes", "true", "on", "1"):
        return True
    if text.lower() in ("no", "false", "off", "0"):
        return False
    raise Wrong(f"{quote(text)} is neither yes nor no.", "Write yes or no.")


def header_text(text: str) -> str:
    """Return a text that is sent in an HTTP header: printable ASCII."""
    if text.isascii() and text.isprintable():
        return text
    raise Wrong(f"{quote(text)} cannot be sent in an HTTP header.", "Write plain ASCII characters only.")


def username(text: str) -> str:
    r"""Return a sign-in name: ``DOMAIN\user`` or a user principal name."""
    remedy = r"Write DOMAIN\user or user@customer.com."
    if text[:1] in "\"'" and text[-1:] == text[:1]:
        raise Wrong("The user name is in quotation marks.", "Remove them.")
    if text.startswith(".\\"):
        raise Wrong(r"The user name .\ is that of a local account, not of a domain account.", remedy)
    if not {"\\", "@"} & set(text):
        if "/" in text:
            raise Wrong(f"The user name {quote(text)} has a slash.", r"Write DOMAIN\user, with a backslash.")
        raise Wrong(f"The user name {quote(text)} has no domain.", remedy)
    if DOWN_LEVEL_NAME.fullmatch(text):
        return text
    try:
        if PRINCIPAL.fullmatch(text) and parse_domain(text.rpartition("@")[2]):
            return text
    except ValueError:
        pass
    raise Wrong(f"The user name {quote(text)} is malformed.", remedy)


def password_source(text: str) -> PasswordSource:
    """Return a reference to a password. No message repeats the value: it may be the password itself."""
    if text.lower() == "prompt":
        return PasswordSource("prompt")
    kind, colon, name = text.partition(":")
    kind, name = kind.strip().lower(), name.strip()
    if not colon or kind not in PASSWORD_KINDS:
        raise Wrong("The password itself must not be in the site file.", PASSWORD_REMEDY)
    if not name:
        raise Wrong(f"The password reference `{kind}:` has no name.", PASSWORD_REMEDY)
    if kind == "env" and not VARIABLE.fullmatch(name):
        raise Wrong(
            "The password reference `env:` needs the name of an environment variable.",
            "Write letters, digits and underscores, e.g. env:FLOWSCAPE_PASSWORD.",
        )
    return PasswordSource(kind, name)


def resolve_path(base: Path, text: str) -> Path:
    """Return the absolute path of a file named in a site file in the folder ``base``; ``~`` is the home folder.

    Raises OSError if there is no home folder.
    """
    try:
        return (base / Path(text).expanduser()).absolute()
    except (RuntimeError, ValueError):
        raise OSError("no such folder") from None


def existing_file(base: Path) -> Callable[[str], Path]:
    """Return a parser of paths, relative to ``base``, of files that exist. Nothing is read."""

    def parse(text: str) -> Path:
        try:
            path = resolve_path(base, text)
            found = path.is_file()
        except (OSError, ValueError):
            found = False
        if not found:
            raise Wrong(
                f"The file {quote(text)} does not exist.", f"Relative paths start at the site file's folder, {base}."
            )
        return path

    return parse


def pem_file(base: Path) -> Callable[[str], Path]:
    """Return a parser of paths of PEM files with at least one certificate."""
    existing = existing_file(base)

    def parse(text: str) -> Path:
        path = existing(text)
        try:
            with path.open("rb") as handle:
                content = handle.read(MAX_PEM)
        except OSError as error:
            raise Wrong(f"The file {quote(text)} cannot be read: {error.strerror}.", "Check its permissions.") from None
        if PEM_MARK not in content:
            raise Wrong(
                f"The file {quote(text)} contains no PEM certificate.",
                "Export the CA certificate as Base-64 encoded X.509.",
            )
        return path

    return parse


def iso_date(text: str) -> date:
    """Return the day that YYYY-MM-DD names."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Wrong(f"{text} is not in the calendar.", "Write a real date as YYYY-MM-DD.") from None
    raise Wrong(f"{quote(text)} is not a date.", "Write dates as YYYY-MM-DD.")


def window(text: str) -> tuple[time, time]:
    """Return begin and end of ``20:00-06:00``; it may cross midnight."""
    match = re.fullmatch(r"([0-9]{2}):([0-9]{2})\s*-\s*([0-9]{2}):([0-9]{2})", text)
    remedy = "Write start and end as HH:MM-HH:MM, e.g. 20:00-06:00."
    if not match:
        raise Wrong(f"{quote(text)} is not a time window.", remedy)
    try:
        begin, end = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    except ValueError:
        raise Wrong(f"{quote(text)} has a time that does not exist.", remedy) from None
    if begin == end:
        raise Wrong(f"The window {quote(text)} is empty.", remedy)
    return begin, end
