"""Fixtures for the tests with exchangelib."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.exchangelib_client import accounts


@pytest.fixture(autouse=True)
def _nothing_cached() -> Iterator[None]:
    """Leave no cached Protocol, no open connection and no trusted authority to the next test."""
    accounts.forget()
    yield
    accounts.forget()


@pytest.fixture(params=["basic", "ntlm"])
def way(request: pytest.FixtureRequest) -> str:
    """Each way of signing in that exchangelib has."""
    return str(request.param)
