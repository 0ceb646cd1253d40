"""Spoilt inputs: good ones, changed in a few places or in a few of their values, and random ones."""

from __future__ import annotations

import random
import re

from hypothesis import strategies as st

from tests.fuzz.seeds import WORDS
from tests.fuzz.targets import Target

Edit = tuple[int, int, bytes]
# what is between tags, within quotes, behind an equals sign or between commas: a value, whole
VALUE = re.compile(rb"(?<=>)[^<>]*(?=<)|(?<=\")[^\"<>]*(?=\")|(?<== )[^\r\n]*|(?<=,)[^,\r\n]*")
WHERE = st.integers(0, 1 << 16)


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Return the strategy for a target; what shrinks best is the seed itself."""
    pieces = st.one_of(st.sampled_from(WORDS), st.binary(max_size=8), st.sampled_from(target.seeds).map(_middle))
    edits = st.lists(st.tuples(WHERE, st.integers(0, 40), pieces), max_size=6)
    values = st.lists(st.tuples(WHERE, pieces), min_size=1, max_size=4)
    seeds = st.sampled_from(target.seeds)
    return st.one_of(
        st.builds(replace_bytes, seeds, edits), st.builds(replace_values, seeds, values), st.binary(max_size=300)
    )


def replace_bytes(seed: bytes, edits: list[Edit]) -> bytes:
    """Replace so many bytes from a place on by a piece, one edit after another."""
    for where, size, piece in edits:
        at = where % (len(seed) + 1)
        seed = seed[:at] + piece + seed[at + size :]
    return seed


def replace_values(seed: bytes, changes: list[tuple[int, bytes]]) -> bytes:
    """Put other values in place of some: what is around them stays well-formed."""
    for where, value in changes:
        spots = list(VALUE.finditer(seed))
        if spots:
            begin, end = spots[where % len(spots)].span()
            seed = seed[:begin] + value + seed[end:]
    return seed


def random_change(seed: bytes, number: int) -> bytes:
    """Put other values in place of some, chosen by the number."""
    chance = random.Random(number)
    changes = [(chance.randrange(1 << 16), chance.choice(WORDS)) for _ in range(chance.randint(1, 3))]
    return replace_values(seed, changes)


def _middle(seed: bytes) -> bytes:
    third = len(seed) // 3
    return seed[third : 2 * third]
