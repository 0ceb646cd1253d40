"""MD4 and the keys of NTLM, held against the values that their specifications print."""

from __future__ import annotations

import pytest

from pytest_flowscape.core.nt_hash import keys, md4, nt_hash, ntlm_key

# RFC 1320 A.5
SUITE = {
    b"": "31d6cfe0d16ae931b73c59d7e0c089c0",
    b"a": "bde52cb31de33e46245e05fbdbd6fb24",
    b"abc": "a448017aaf21d8525fc10ae87aa6729d",
    b"message digest": "d9130a8164549fe818874806e1c7014b",
    b"abcdefghijklmnopqrstuvwxyz": "d79e1c308aa5bbcdeea8ed63df412da9",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789": "043f8582f241db351ce627e153e7f0e4",
    b"1234567890" * 8: "e33b4ddc9c38f2199c3e7b164fcc0536",
}


@pytest.mark.parametrize("data", list(SUITE), ids=len)
def test_md4_is_that_of_the_rfc(data: bytes) -> None:
    assert md4(data).hex() == SUITE[data]


def test_the_keys_are_those_of_the_specification() -> None:
    """[MS-NLMP] 4.2.2.1.2 and 4.2.4.1.1: user User, domain Domain, password Password."""
    assert nt_hash("Password").hex() == "a4f49c406510bdcab6824ee7c30fd852"
    assert ntlm_key("Password", "User", "Domain").hex() == "0c868a403bfd7a93a3001ef22ef02e3f"


@pytest.mark.parametrize("name", ["Domain\\User", "domain\\user", "DOMAIN\\USER"])
def test_names_give_their_keys_in_every_writing(name: str) -> None:
    domain = name.partition("\\")[0]
    assert ntlm_key("Password", "User", domain) in keys("Password", (name,))
    assert ntlm_key("Password", "User", domain.upper()) in keys("Password", (name,))


def test_a_principal_name_gives_keys_for_both_ways_to_send_it() -> None:
    found = keys("Password", ("user@domain.test",))
    assert {ntlm_key("Password", "user@domain.test", ""), ntlm_key("Password", "user", "DOMAIN.TEST")} <= set(found)
