"""The hard sites of the directory, and what each must give."""

from __future__ import annotations

from tests.hard_sites.expected import Expected

SITES: tuple[Expected, ...] = (Expected("x500-and-sip", healthy=True),)
