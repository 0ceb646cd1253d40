"""Fixtures of the tests of exchangelib on the run's own session; those on the wire are shared with the probes."""

from __future__ import annotations

from tests.probes.conftest import authority, opens

__all__ = ["authority", "opens"]
