"""Tests here use exchangelib's own connections beside the product's; other tests meet none of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.exchangelib_client.accounts import forget


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    forget()
