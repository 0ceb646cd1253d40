"""A customer's test that fails inside exchangelib or inside ldap3 leaks no password, however loud the run is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance import accept
from tests.hooks.test_secrets import assert_clean
from tests.simulator.harness import Simulator

LOUD = ("-vv", "--showlocals", "--tb=long", "--log-cli-level=DEBUG", "-o", "log_file=run.log")
# Each breaks a library at another depth, and has it tell whatever its callers hold. What stands in
# front of our own code (requests) or behind it (ssl) is broken where the password is in its hands.
FAILING = r"""
import inspect, logging
import pytest

def plain(value):  # str() of each text: a repr of ours shows a mask
    if isinstance(value, (str, bytes)):
        return [str(value)]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [text for part in parts if isinstance(part, (str, bytes)) for text in plain(part)]

def loud(*args, **kwargs):
    held = [(frame.function, frame.frame.f_locals) for frame in inspect.stack()[1:4]]
    said = [text for names in (kwargs, {"given": args}, *(names for _, names in held))
            for value in names.values() for text in plain(value)]
    logging.getLogger("loud").error("held %r, given %r %r", held, args, kwargs)
    logging.getLogger("loud").error("said %s", " ".join(said))
    print(held, args, kwargs, *said)
    raise ZeroDivisionError(f"deep inside {args!r} {kwargs!r} {held!r} {' '.join(said)}")

def broken(monkeypatch, *names):
    for name in names:
        monkeypatch.setattr(name, loud)

def test_the_answer_is_an_error(exchange_account):
    folder = exchange_account.inbox
    folder._id.id = "no such folder"
    folder.refresh()

@pytest.mark.parametrize("name", [
    "exchangelib.services.common.to_xml", "exchangelib.services.common.post_ratelimited",
    "requests.sessions.Session.send", "requests.adapters.HTTPAdapter.build_response",
    "httptools.HttpResponseParser", "ssl.SSLSocket.send", "ssl.SSLSocket.recv",
])
def test_inside_exchangelib(name, monkeypatch, exchange_account):
    broken(monkeypatch, name)
    credentials, config, account = (
        exchange_account.protocol.credentials, exchange_account.protocol.config, exchange_account)
    everything = (vars(account), vars(config), vars(credentials), vars(exchange_account.protocol))
    print(everything)
    exchange_account.inbox

def test_while_signing_in(monkeypatch, exchange_account_of, site, request):
    from pytest_flowscape.hooks.fixtures import CLIENTS
    request.config.stash[CLIENTS]._sessions.ews().close()  # so that the next request signs in
    broken(monkeypatch, "ssl.SSLSocket.send")
    exchange_account_of(site.rooms[0].email, impersonate=True).calendar

@pytest.mark.parametrize("name", [
    "ldap3.strategy.sync.SyncStrategy.receiving", "ldap3.operation.search.parse_filter",
    "ldap3.core.connection.search_operation",
])
def test_inside_ldap3(name, monkeypatch, directory_connection):
    broken(monkeypatch, name)
    print(vars(directory_connection), repr(directory_connection))
    directory_connection.search("DC=demo,DC=test", "(mail=*)")

def test_a_wrong_filter(directory_connection):
    directory_connection.search("DC=demo,DC=test", "((")

def test_a_second_sign_in(directory_connection):
    directory_connection.rebind("DEMO\\svc-flowscape", "another")
"""
# the bind itself, in the one place where ldap3 is given the password
BINDING = (
    FAILING.partition("def test_the_answer")[0]
    + r"""
@pytest.fixture
def broken_bind(monkeypatch):
    broken(monkeypatch, BROKEN)

def test_binding(broken_bind, directory_connection):
    pass
"""
)


def site_with(simulator: Simulator, folder: Path, auth: str) -> None:
    text = simulator.site.read_text(encoding="utf-8").replace("[exchange]\n", f"[exchange]\nauth = {auth}\n")
    text = text.replace(f"password = file:{simulator.folder / 'password.txt'}", "password = env:SITE_PASSWORD")
    (folder / "site.ini").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_nothing_leaks_from_inside_a_library(workers: str, auth: str, simulator: Simulator, tmp_path: Path) -> None:
    site_with(simulator, tmp_path, auth)
    (tmp_path / "test_own.py").write_text(FAILING, encoding="utf-8")
    env = {"SITE_PASSWORD": simulator.password.strip()}
    more = ("--flowscape-add=test_own.py", "-n", workers, "--junitxml=junit.xml", "--html=page.html", *LOUD)
    done = accept("site.ini", *more, cwd=tmp_path, env=env)
    assert done.verdict == "ACCEPTED", done.output[-3000:]
    assert "14 other tests failed" in done.output
    for name in ("junit.xml", "page.html"):
        assert "ZeroDivisionError" in (tmp_path / name).read_text(encoding="utf-8")
    assert "Authorization" in done.output  # the broken library told what it held, and the password was cut out of it
    assert_clean(done, tmp_path, simulator)
    assert simulator.count("refused") == 0


@pytest.mark.parametrize("name", ["ldap3.core.connection.bind_operation", "ldap3.strategy.base.BaseStrategy.send"])
def test_nothing_leaks_from_a_bind_that_breaks(name: str, simulator: Simulator, tmp_path: Path) -> None:
    site_with(simulator, tmp_path, "basic")
    text = BINDING.replace("BROKEN", repr(name), 1)
    (tmp_path / "test_own.py").write_text(text, encoding="utf-8")
    env = {"SITE_PASSWORD": simulator.password.strip()}
    done = accept("site.ini", "--flowscape-add=test_own.py", "--junitxml=junit.xml", *LOUD, cwd=tmp_path, env=env)
    assert "the directory was not signed in to" in done.output, done.output[-3000:]
    assert "1 other tests failed" in done.output
    assert_clean(done, tmp_path, simulator)
