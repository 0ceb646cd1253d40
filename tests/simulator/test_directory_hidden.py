"""What the simulated directory hides, and from whom."""

from __future__ import annotations

import pytest

from tests.simulator.directory_process import ADMIN, ROOM, ROOMS, UPN, DirectoryProcess

pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")  # called by ldap3


@pytest.mark.parametrize("reader", [UPN, ADMIN])
def test_hidden_exchange_attributes(directory: DirectoryProcess, reader: str) -> None:
    directory.do("organisation.policy.hide_exchange_attributes = True")
    sees = reader == ADMIN
    filter_text = "(&(mailNickname=*)(msExchRecipientDisplayType=7))"
    assert directory.names(filter_text, as_user=reader) == (ROOMS if sees else set())
    assert directory.names(f"(|(proxyAddresses=smtp:{ROOM})(cn=borea))", as_user=reader) == (
        {"atlas", "borea"} if sees else {"borea"}
    )
    # what cannot be read is undefined, and so is its negation
    assert directory.names("(&(cn=atlas)(!(mailNickname=x)))", as_user=reader) == ({"atlas"} if sees else set())
    either = "(&(cn=atlas)(!(|(mailNickname=x)(cn=x))))"
    assert directory.names(either, as_user=reader) == ({"atlas"} if sees else set())
    for name in ("atlas", "svc-flowscape"):
        facts = directory.find(f"(cn={name})", "*", as_user=reader).popitem()[1]
        assert ("proxyAddresses" in facts, "mailNickname" in facts) == (sees, sees)
        assert any(key.startswith("msExch") for key in facts) == sees
        assert facts["mail"]


def test_hidden_directory_leaves_ones_own_state(directory: DirectoryProcess) -> None:
    state = {"userAccountControl", "accountExpires", "pwdLastSet", "msDS-User-Account-Control-Computed"}
    directory.do("organisation.policy.hidden_directory = True")
    assert set(directory.find("(sAMAccountName=jane)", *state, "mail").popitem()[1]) == {"mail"}
    assert set(directory.find("(cn=svc-flowscape)", *state).popitem()[1]) == state
    assert set(directory.find("(sAMAccountName=jane)", *state, as_user=ADMIN).popitem()[1]) == state
    assert directory.names("(userAccountControl:1.2.840.113556.1.4.803:=2)") == set()
    assert directory.names("(userAccountControl:1.2.840.113556.1.4.803:=512)") == {"svc-flowscape"}


def test_attributes_one_object_hides(directory: DirectoryProcess) -> None:
    directory.do("account('jane').hidden.update({'mail', 'proxyaddresses'})")
    assert set(directory.find("(cn=Doe*)", "mail", "proxyAddresses", "sn").popitem()[1]) == {"sn"}
    assert directory.names("(mail=jane@demo.test)") == set()
    own = directory.find("(cn=Doe*)", "mail", "proxyAddresses", as_user="jane@demo.test").popitem()[1]
    assert set(own) == {"mail", "proxyAddresses"}
