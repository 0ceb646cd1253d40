"""A password in memory that no repr, format, log line, traceback or pickle shows."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn
from urllib.parse import quote

from pytest_flowscape.core.nt_hash import keys

MASK = "********"
MIN_PIECE = 3  # of a cut password that is masked; shorter ones say little and are everywhere
ELLIPSIS = re.compile(r"\.{3,}")  # how pytest's reprs cut the middle out of a long text
MIN_WITHIN_BASE64 = 8  # shorter ones would hit innocent text


class Secret:
    """A password; only ``reveal()`` returns it.

    The value lives in a closure, so that ``--showlocals``, ``vars()`` and
    debuggers that print attributes show nothing.
    """

    __slots__ = ("reveal",)

    def __init__(self, value: str) -> None:
        self.reveal: Callable[[], str] = lambda: value

    def __repr__(self) -> str:
        """Return that there is a secret, and nothing of it."""
        return f"Secret({MASK})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """Return the mask, whatever the format asks for."""
        return MASK

    def __eq__(self, other: object) -> bool:
        """Whether it is the same object: equality would reveal something about the value."""
        return self is other

    __hash__ = object.__hash__

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled. Always raises TypeError."""
        raise TypeError("a Secret is not pickled")


NOTHING = Secret("")
"""For a run that needs no password: none is asked for or read. Compared by identity."""


def encodings(value: str, usernames: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return every text as which ``value`` may appear in an artefact, longest first.

    That is: itself, and backslash-escaped as reprs and JSON do; each of these
    escaped for XML and HTML (named and numeric references); percent-encoded;
    the repr, hexadecimal and Base64 forms of its UTF-8, Latin-1 and UTF-16
    bytes, of its NT hash and of the keys that NTLM makes of it for each of
    ``usernames``; the Basic authorization of these; and what Base64 makes of it
    among other bytes, for names that are not known.
    """
    utf8 = value.encode("utf-8", "surrogatepass")
    utf16 = value.encode("utf-16-le", "surrogatepass")
    found = {quoted for text in {value, *_backslash_forms(value)} for quoted in _markup_forms(text)}
    for safe in ("", "/", "/:?#[]@!$&'()*+,;=%~"):
        percent = quote(utf8, safe=safe)
        found |= {percent, _lower_percent(percent), percent.replace("%20", "+")}
    for raw in {utf8, _latin1(value) or utf8, utf16, *(keys(value, usernames) if value else ())}:
        plain_repr = repr(raw)[2:-1]
        found |= {plain_repr, plain_repr.replace("'", "\\'"), plain_repr.replace("\\'", "'")}
        found |= {json.dumps(plain_repr)[1:-1], raw.hex(), raw.hex().upper()}
        found |= {base64.b64encode(raw).decode(), *_within_base64(raw)}
    found.add(utf16.decode("latin-1").rstrip("\x00"))
    for name in usernames:
        basic = f"{name}:{value}"
        for raw in {basic.encode("utf-8", "surrogatepass"), _latin1(basic)}:
            found.add(base64.b64encode(raw).decode())
    return tuple(sorted((text for text in found if text), key=lambda text: (-len(text), text)))


def _latin1(value: str) -> bytes:
    """Return the Latin-1 bytes, as some HTTP libraries send them; empty if there are none."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return b""


def _backslash_forms(value: str) -> set[str]:
    """Return the value as it is in reprs, whichever quotes they choose, and in JSON."""
    forms = set()
    for escaped in (repr(value)[1:-1], ascii(value)[1:-1]):
        bare = escaped.replace("\\'", "'")
        forms |= {escaped, bare, bare.replace("'", "\\'")}
    forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return forms | {json.dumps(form)[1:-1] for form in forms}  # a repr within JSON


def _markup_forms(text: str) -> set[str]:
    """Return the text as XML and HTML writers escape it: html, ElementTree, lxml and markupsafe differ in quotes."""
    base = html.escape(text, quote=False)
    forms = {
        text,
        base,
        html.escape(text),
        base.replace('"', "&quot;"),
        base.replace('"', "&quot;").replace("'", "&apos;"),
        base.replace('"', "&#34;").replace("'", "&#39;"),
    }
    return forms | {form.encode("ascii", "xmlcharrefreplace").decode() for form in forms}


def _lower_percent(text: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), text)


def _within_base64(raw: bytes) -> set[str]:
    """Return what the bytes are in Base64 whatever is before and after them; nothing if that is short."""
    found = set()
    for before in range(3):
        text = base64.b64encode(bytes(before) + raw).decode()
        begin = (before * 8 + 5) // 6
        end = (before + len(raw)) * 8 // 6
        if end - begin >= MIN_WITHIN_BASE64:
            found.add(text[begin:end])
    return found


# the message that proves a password (AUTHENTICATE_MESSAGE, [MS-NLMP] 2.2.1.3), wherever it is within SPNEGO's
_PROOF_HEAD = b"NTLMSSP\x00\x03\x00\x00\x00"
_PROOF_BASE64 = tuple(sorted(_within_base64(_PROOF_HEAD)))
PROOF_MARKS = ("NTLMSSP", _PROOF_HEAD.hex(), _PROOF_HEAD.hex().upper(), *_PROOF_BASE64)
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_PROOF = re.compile(r"NTLMSSP(?:\x00|\\+x00)(?:\x03|\\+x03)[^\n]*|(?i:4e544c4d5353500003000000)[0-9a-fA-F]*")


def _is_proof(run: str) -> bool:
    return any(mark in run for mark in _PROOF_BASE64)


def scrub(text: str, forms: tuple[str, ...]) -> str:
    """Return ``text`` with every one of ``forms`` (from ``encodings``) replaced by the mask.

    So are the pieces of a form next to an ellipsis, where a long repr was cut,
    and NTLM messages that prove a password: a weak one can be guessed from them.
    """
    for mark in PROOF_MARKS:
        if mark in text:
            text = _PROOF.sub(MASK, _BASE64_RUN.sub(lambda run: MASK if _is_proof(run[0]) else run[0], text))
            break
    for form in forms:
        if form in text:
            text = text.replace(form, MASK)
    if "..." in text:
        for begin, end in reversed(_pieces_in(text, forms)):
            text = text[:begin] + MASK + text[end:]
    return text


def _pieces_in(text: str, forms: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return where beginnings of forms are before an ellipsis and ends after one, as spans in their order."""
    spans: list[tuple[int, int]] = []
    if not forms:
        return spans
    longest = len(forms[0])
    heads, tails, triples = _pieces(forms)
    for dots in ELLIPSIS.finditer(text):
        start, end = dots.span()
        if text[start - MIN_PIECE : start] in triples:
            before = min(longest, start - (spans[-1][1] if spans else 0))
            head = next((n for n in range(before, MIN_PIECE - 1, -1) if text[start - n : start] in heads), 0)
            spans += [(start - head, start)] if head else []
        if text[end : end + MIN_PIECE] in triples:
            tail = next((n for n in range(longest, MIN_PIECE - 1, -1) if text[end : end + n] in tails), 0)
            spans += [(end, end + tail)] if tail else []
    return spans


@lru_cache(maxsize=4)
def _pieces(forms: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the beginnings, the ends, and all pieces of the shortest length, of all forms."""
    size = MIN_PIECE
    heads = {form[:n] for form in forms for n in range(size, len(form))}
    tails = {form[-n:] for form in forms for n in range(size, len(form))}
    triples = {form[n : n + size] for form in forms for n in range(len(form) - size + 1)}
    return frozenset(heads), frozenset(tails), frozenset(triples)
