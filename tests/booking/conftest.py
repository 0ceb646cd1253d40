"""Tests here use exchangelib's own connections beside the product's; nothing of them is left for other tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.exchangelib_client.accounts import forget


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    forget()
