"""A Secret shows itself nowhere, and scrubbing finds a password in every coat."""

from __future__ import annotations

import base64
import copy
import html
import itertools
import json
import logging
import pickle
import pprint
import re
import time
import traceback
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings, strategies as st
from lxml import etree
from markupsafe import escape

from pytest_flowscape.core.nt_hash import nt_hash, ntlm_key
from pytest_flowscape.core.secret import MASK, Secret, encodings, scrub

PASSWORD = "Gr\u00fcn & <\"it's> 7\\n%+/ =end"
USERS = (r"DEMO\svc-flowscape", "svc-flowscape@demo.test")


@dataclass(frozen=True)
class Holder:
    secret: Secret
    name: str = "svc"


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        "{!r}".format,
        "{:>40}".format,
        "{!s:.200}".format,
        lambda secret: f"{secret=}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031  the old way must be safe too
        lambda secret: repr([secret, {"a": secret}, Holder(secret)]),
        pprint.pformat,
        lambda secret: repr(secret.reveal),
        lambda secret: repr([getattr(secret, name) for name in dir(secret) if name != "__doc__"]),
        lambda secret: str(logging.LogRecord("n", 20, "p", 1, "%s %r", (secret, secret), None).getMessage()),
    ],
    ids=itertools.count(),
)
def test_it_shows_nothing(show: Callable[[Secret], str]) -> None:
    shown = show(Secret("hunter2"))
    assert "hunter2" not in shown
    assert "hunter2"[:4] not in shown


def test_it_reveals_on_request_only() -> None:
    assert Secret(PASSWORD).reveal() == PASSWORD
    assert not hasattr(Secret("x"), "__dict__")


@pytest.mark.parametrize(
    "carry",
    [
        *(lambda secret, p=protocol: pickle.dumps(secret, p) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
        copy.copy,
        copy.deepcopy,
        json.dumps,
        lambda secret: pickle.dumps(Holder(secret)),
        lambda secret: asdict(Holder(secret)),
    ],
    ids=itertools.count(),
)
def test_it_is_not_carried_away(carry: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as caught:
        carry(Secret("hunter2"))
    assert "hunter2" not in str(caught.value)


def test_it_is_compared_by_identity() -> None:
    secret = Secret("hunter2")
    assert secret == secret  # noqa: PLR0124  its own equality is the subject
    assert secret != Secret("hunter2")
    assert secret != "hunter2"
    assert len({secret, Secret("hunter2")}) == 2


def test_locals_of_a_traceback_show_nothing() -> None:
    def deep(secret: Secret) -> None:
        holder = Holder(secret)
        raise RuntimeError(f"{holder}")

    with pytest.raises(RuntimeError) as caught:
        deep(Secret(base64.b64decode("aHVudGVyMg==").decode()))  # the source line is shown too
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert base64.b64decode("aHVudGVyMg==").decode() not in shown
    assert "secret = Secret(********)" in shown


def _lxml(value: str, encoding: str) -> str:
    element = etree.Element("a", b=value)
    element.text = value
    return str(etree.tostring(element, encoding=encoding).decode())


def _element_tree(value: str) -> str:
    element = ET.Element("a", b=value)
    element.text = value
    return ET.tostring(element, encoding="unicode", short_empty_elements=False)


def _as_sent(value: str) -> bytes:
    """Encode as HTTP libraries do: Latin-1 where it suffices."""
    return value.encode("latin-1" if all(ord(letter) < 256 for letter in value) else "utf-8")


COATS: dict[str, Callable[[str], str]] = {
    "itself": str,
    "repr": repr,
    "repr within a longer one": lambda value: repr(f'say "it\'s" {value}'),
    "repr within a longer one, other quotes": lambda value: repr(f'say "it" {value}'),
    "ascii": ascii,
    "repr of bytes": lambda value: repr(value.encode()),
    "repr of latin-1 bytes": lambda value: repr(_as_sent(value)),
    "repr of utf-16 bytes": lambda value: repr(value.encode("utf-16-le")),
    "repr of longer bytes": lambda value: repr(b"'\"" + value.encode()),
    "utf-16 read as latin-1": lambda value: value.encode("utf-16-le").decode("latin-1"),
    "json": json.dumps,
    "json, not ascii": lambda value: json.dumps(value, ensure_ascii=False),
    "json of a repr": lambda value: json.dumps(repr(value)),
    "json of bytes": lambda value: json.dumps(repr(value.encode())),
    "json in html": lambda value: html.escape(json.dumps(value)),
    "json in a template": lambda value: str(escape(json.dumps(repr(value)))),
    "html": html.escape,
    "html, quotes kept": lambda value: html.escape(value, quote=False),
    "template": lambda value: str(escape(value)),
    "ElementTree": _element_tree,
    "lxml, ascii": lambda value: _lxml(value, "ascii"),
    "lxml, utf-8": lambda value: _lxml(value, "utf-8"),
    "quote": quote,
    "quote all": lambda value: quote(value, safe=""),
    "quote little": lambda value: quote(value, safe="!#$%&'()*+,/:;=?@[]~"),
    "quote in lower case": lambda value: re.sub("%..", lambda match: match[0].lower(), quote(value)),
    "quote_plus": quote_plus,
    "urlencode": lambda value: urlencode({"p": value}),
    "hex": lambda value: value.encode().hex(),
    "hex of utf-16": lambda value: value.encode("utf-16-le").hex().upper(),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 of utf-16": lambda value: base64.b64encode(value.encode("utf-16-le")).decode(),
    "basic": lambda value: base64.b64encode(f"{USERS[0]}:{value}".encode()).decode(),
    "NT hash": lambda value: nt_hash(value).hex() if value else "",
    "NT hash, upper case": lambda value: nt_hash(value).hex().upper() if value else "",
    "NT hash, base64": lambda value: base64.b64encode(nt_hash(value)).decode() if value else "",
    "NT hash, repr": lambda value: repr(nt_hash(value)) if value else "b''",
    "NTLM key": lambda value: ntlm_key(value, "svc-flowscape", "DEMO").hex() if value else "",
    "basic, latin-1": lambda value: base64.b64encode(_as_sent(f"{USERS[1]}:{value}")).decode(),
}


@pytest.mark.parametrize(
    "password", [PASSWORD, "Summer-2026!", "it's", '"q"', "a\\b\\'c", "p\u00e4ss \u20ac\U0001f600", " x y "]
)
@pytest.mark.parametrize("coat", COATS.values(), ids=COATS)
def test_every_coat_is_scrubbed(coat: Callable[[str], str], password: str) -> None:
    scrubbed = scrub(f"before {coat(password)} after", encodings(password, USERS))
    assert MASK in scrubbed
    assert len(scrubbed.replace(MASK, "")) <= len(f"before {coat('')} after") + 2, scrubbed  # the choice of quotes


@pytest.mark.parametrize("before", range(4))
def test_a_message_that_proves_a_password_is_scrubbed_wherever_it_stands(before: int) -> None:
    proof = b"NTLMSSP\0\3\0\0\0" + bytes(range(1, 90))
    wrapped = bytes(before) + proof  # SPNEGO puts a few bytes before it
    token = base64.b64encode(wrapped).decode()
    assert scrub(f"Authorization: NTLM {token}\nnext", ()) == f"Authorization: NTLM {MASK}\nnext"
    assert "0102030405" not in scrub(wrapped.hex(), ())
    assert "0102030405" not in scrub(wrapped.hex().upper(), ())
    shown = scrub(f"token = {wrapped!r}\nnext", ())
    assert "!" not in shown
    assert shown.endswith(f"{MASK}\nnext")


def test_the_other_messages_of_ntlm_stay() -> None:
    text = f"NTLM {base64.b64encode(b'NTLMSSP' + bytes((0, 1, 0, 0, 0)) + bytes(40)).decode()}"
    assert scrub(text, ()) == text


def test_basic_with_an_unknown_name_keeps_at_most_the_edges() -> None:
    for name in ("x", "xy", "xyz"):
        header = base64.b64encode(f"{name}:Summer-2026!".encode()).decode()
        scrubbed = scrub(f"Basic {header}", encodings("Summer-2026!"))
        assert MASK in scrubbed
        known = base64.b64encode(f"{name}:".encode()).decode()[:2]
        left = scrubbed.removeprefix("Basic ").replace(MASK, "")
        assert left.startswith(known)
        assert len(left) <= 10


@pytest.mark.parametrize("at", range(1, 12))
def test_password_cut_by_a_long_repr(at: int) -> None:
    password = "Summer-2026!"
    forms = encodings(password)
    for text in (f"data = 'abc{password[:at]}...tail'", f"data = 'head...{password[at:]}xyz'"):
        scrubbed = scrub(text, forms)
        pieces = [password[n : n + 3] for n in range(len(password) - 2)]
        assert not any(piece in scrubbed for piece in pieces)
        assert scrubbed.startswith("data = '")
        assert scrubbed.endswith(("tail'", "xyz'"))
    assert scrub("summary... of it...", forms) == "summary... of it..."


def test_longest_form_first() -> None:
    forms = encodings("a&b")
    assert forms == tuple(sorted(forms, key=len, reverse=True))
    assert scrub("a&amp;b a&b", forms) == f"{MASK} {MASK}"


def test_nothing_is_scrubbed_for_no_password() -> None:
    assert encodings("") == ()
    assert scrub("a... text", ()) == "a... text"


def test_a_password_beyond_latin_1_masks_no_question_marks() -> None:
    assert scrub("what?? 3f3f", encodings("\u65e5\u672c", ("\u65e5",))) == "what?? 3f3f"


def test_a_password_that_is_not_text_is_scrubbed_too() -> None:
    assert "x\udcffy" not in scrub("x\udcffy", encodings("x\udcffy"))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(st.characters(codec="utf-8"), min_size=4, max_size=30), st.text(max_size=10))
def test_any_password_is_scrubbed(password: str, around: str) -> None:
    forms = encodings(password, USERS)
    for coat in (repr, json.dumps, html.escape, quote, lambda value: repr(value.encode())):
        assert coat(password).strip("'\"") not in scrub(f"{around}{coat(password)}{around}", forms) or password in MASK


def test_scrubbing_is_quick() -> None:
    forms = encodings(PASSWORD, USERS)
    begin = time.process_time()
    for _ in range(20):
        scrub("a long log line ... " * 500, forms)
    assert time.process_time() - begin < 3
