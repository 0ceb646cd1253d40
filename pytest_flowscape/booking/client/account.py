"""exchangelib accounts on the run's EWS session: nothing is guessed, and nothing global is changed.

exchangelib caches a Protocol for each endpoint and user name in the whole
process, loses a pooled session to whatever interrupts a request, and takes its
adapter, time-out and User-Agent from class attributes. So each account has a
Protocol of its own, outside that cache, that makes its sessions itself.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import Any, cast

import requests
from exchangelib import BASIC, DELEGATE, IMPERSONATION, NTLM, UTC, Account, Configuration, Credentials, FailFast
from exchangelib.protocol import Protocol
from exchangelib.transport import DEFAULT_HEADERS
from exchangelib.version import Build, Version

from pytest_flowscape.booking.client.transport import RawAnswer, Sender, SessionAdapter, owner, require_owner
from pytest_flowscape.core.secret import MASK
from pytest_flowscape.site.model import Exchange

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+)(?:\.(\d+))?)?")
OLDEST_VERSION = "15.1"  # Exchange 2016: where the server did not report its version


class FlowscapeAccount(Account):  # type: ignore[misc]  # exchangelib has no types
    """An exchangelib Account of one run; ``answers`` holds the raw answer to each request it sent, in order.

    It is a client like any other: what is written through it is written.
    """

    answers: list[RawAnswer]


class _OwnProtocol(Protocol):  # type: ignore[misc]  # exchangelib has no types
    """One session for one thread; it is never waited for: a lost one is replaced at once."""

    def __init__(self, config: Configuration, adapter: SessionAdapter, user_agent: str) -> None:
        super().__init__(config=config)
        self._adapter = adapter
        self._user_agent = user_agent
        self._owner = owner()

    def create_session(self) -> requests.Session:
        """Make a session that reaches nothing but the run's own connections."""
        session: Any = requests.Session()
        session.trust_env = False  # no .netrc, no proxy, no bundle of the environment
        session.adapters.clear()
        session.mount("https://", self._adapter)
        session.headers.update({**DEFAULT_HEADERS, "User-Agent": self._user_agent})
        session.session_id = 1  # exchangelib shows it in its logs
        session.usage_count = 0  # and counts with it
        return cast("requests.Session", session)

    def get_session(self) -> requests.Session:
        """Return the session; a new one where an interrupt took the last one with it.

        Raises RuntimeError in another thread or process than the account's.
        """
        require_owner(self._owner)
        if self._session_pool.empty():
            self._session_pool_size = 0
        return cast("requests.Session", super().get_session())

    def close(self) -> None:
        """Drop the sessions; the connections are the run's."""
        super().close()
        self._session_pool_size = 0


@dataclass(frozen=True)
class AccountSettings:
    """What all accounts of a run have in common.

    ``way`` is the proven way to sign in (Negotiate, NTLM, Basic): exchangelib
    gets it, and does not use it, as it does not know the password.
    ``server_version`` is ServerVersionInfo as ``15.2.1748.10``.
    """

    exchange: Exchange
    username: str
    way: str
    server_version: str


def make_account(
    sender: Sender, settings: AccountSettings, address: str, *, impersonate: bool = False
) -> FlowscapeAccount:
    """Make an account on ``sender``; nothing is sent yet. Times without a zone are UTC."""
    exchange = settings.exchange
    answers: list[RawAnswer] = []
    config = Configuration(
        service_endpoint=exchange.url,
        credentials=Credentials(settings.username, MASK),
        auth_type=BASIC if settings.way.lower() == BASIC else NTLM,
        version=_version(settings.server_version),
        retry_policy=FailFast(),
        max_connections=1,
    )
    # past the metaclass, which would put it into exchangelib's cache of the whole process
    protocol = type.__call__(_OwnProtocol, config, SessionAdapter(sender, answers), exchange.user_agent)
    with _not_cached(config):
        account = FlowscapeAccount(
            address,
            config=config,
            access_type=IMPERSONATION if impersonate else DELEGATE,
            autodiscover=False,
            locale="en_US",
            default_timezone=UTC,
        )
    account.protocol = protocol
    account.answers = answers
    return account


@contextlib.contextmanager
def _not_cached(config: Configuration) -> Any:
    """Remove the Protocol that an Account makes for itself, and never uses here, from the cache again."""
    key = Protocol._cache_key(config)  # noqa: SLF001  the cache has no public way to be asked
    known = key in Protocol._protocol_cache  # noqa: SLF001
    try:
        yield
    finally:
        if not known:
            with contextlib.suppress(KeyError):
                del Protocol[config]


def _version(text: str) -> Version:
    """Read a version; exchangelib would else ask the server with up to ten requests."""
    found = _VERSION.fullmatch(text) or _VERSION.fullmatch(OLDEST_VERSION)
    assert found is not None
    build = Build(*(int(part or 0) for part in found.groups()))
    try:
        return Version(build)
    except ValueError:  # a version that exchangelib does not know
        return Version(build, api_version="Exchange2016")
