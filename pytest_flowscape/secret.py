"""A password in memory that no repr, format, log line, traceback or pickle shows."""

from __future__ import annotations

import base64
import html
from typing import NoReturn
from urllib.parse import quote, quote_plus

MASK = "********"


class Secret:
    """Hold a password; only ``reveal()`` gives it back.

    The value lives in a closure, so that ``--showlocals``, ``vars()`` and
    debuggers that print attributes show nothing.
    """

    __slots__ = ("reveal",)

    def __init__(self, value: str) -> None:
        self.reveal = lambda: value

    def __repr__(self) -> str:
        """Show that there is a secret, and nothing of it."""
        return f"Secret({MASK})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """Format as the mask, whatever the format asked for."""
        return MASK

    def __eq__(self, other: object) -> bool:
        """Compare by identity: equality would tell something about the value."""
        return self is other

    __hash__ = object.__hash__

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled.

        Raises TypeError always.
        """
        raise TypeError("a Secret is not pickled")


def encodings(value: str, usernames: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Give every text under which ``value`` may stand in an artefact, longest first.

    That is: itself, XML- and URL-escaped, backslash-escaped as in a repr,
    Base64 of its UTF-8 and UTF-16 bytes, the Basic authorization of each of
    ``usernames``, and the repr and hexadecimal form of its UTF-16 bytes.
    """
    utf16 = value.encode("utf-16-le")
    found = {
        value,
        html.escape(value, quote=False),
        html.escape(value),
        value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;"),
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        repr(value)[1:-1],
        repr(value.encode())[2:-1],
        repr(utf16)[2:-1],
        utf16.hex(),
        value.encode().hex(),
        "\x00".join(value),
        base64.b64encode(value.encode()).decode(),
        base64.b64encode(utf16).decode(),
    }
    for name in usernames:
        found.add(base64.b64encode(f"{name}:{value}".encode()).decode())
        found.add(base64.b64encode(f"{name}:{value}".encode("latin-1", "replace")).decode())
    return tuple(sorted((text for text in found if text), key=len, reverse=True))


def scrub(text: str, forms: tuple[str, ...]) -> str:
    """Replace every one of ``forms`` (from ``encodings``) in ``text`` by the mask."""
    for form in forms:
        if form in text:
            text = text.replace(form, MASK)
    return text
