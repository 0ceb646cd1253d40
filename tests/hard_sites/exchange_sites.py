"""The hard sites of Exchange and the network, and what each must give."""

from __future__ import annotations

from tests.hard_sites.expected import Expected

SITES: tuple[Expected, ...] = (Expected("negotiate-only", healthy=True, said={("ACCOUNT-5", "site"): "Negotiate"}),)
