"""The password is in no artefact, no output, no argument and no environment, even when a library fails deep inside."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from pytest_flowscape.core.nt_hash import nt_hash
from tests.acceptance import Finished, accept
from tests.simulator.harness import Simulator

SPY = """
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["SPY_FOLDER"])

def pytest_runtest_logfinish(nodeid, location):
    worker = "PYTEST_XDIST_WORKER" in os.environ
    if not worker and "xdist.dsession" in sys.modules and SESSION[0]:
        return
    seen = {"argv": sys.argv, "orig": sys.orig_argv, "environ": dict(os.environ)}
    # what this process was started with; for a child that is what its parent gave it
    for name in ("cmdline", "environ") if worker else ("cmdline",):
        path = pathlib.Path("/proc/self") / name
        if path.exists():
            seen[name] = path.read_bytes().decode("utf-8", "replace")
    (folder / f"{os.getpid()}.json").write_text(json.dumps(seen), encoding="utf-8")

SESSION = [False]

def pytest_configure(config):
    SESSION[0] = config.pluginmanager.hasplugin("dsession") or bool(getattr(config.option, "tx", None))
"""
DEEP = """
import logging
import ssl

def broken(*args, **kwargs):
    import inspect
    outer = inspect.stack()[1].frame.f_locals
    logging.getLogger("deep").error("sent %r", args)
    raise ZeroDivisionError(f"deep inside {outer!r}")

COUNT = [0]
real = ssl.SSLSocket.send

def send(self, data, flags=0):
    COUNT[0] += 1
    if COUNT[0] > 3 and b"uthorization: " in bytes(data):
        broken(bytes(data))
    return real(self, data, flags)

ssl.SSLSocket.send = send
"""
LOUD = ("-vv", "--showlocals", "--tb=long", "--full-trace", "-rA", "--log-cli-level=DEBUG", "-o", "log_file=run.log")


def hiding_places(simulator: Simulator) -> set[bytes]:
    """Return every form under which the password might lie somewhere."""
    password = simulator.password.strip()
    names = ("svc-flowscape", "DEMO\\svc-flowscape", "svc-flowscape@demo.test")
    texts = {password, quote(password), quote(password, safe=""), repr(password)[1:-1]}
    texts |= {base64.b64encode(f"{name}:{password}".encode()).decode() for name in names}
    texts |= {base64.b64encode(password.encode()).decode(), base64.b64encode(password.encode("utf-16-le")).decode()}
    texts |= {password.replace("&", "&amp;").replace("<", "&lt;"), password.encode("utf-16-le").hex()}
    texts |= {password.replace("&", "&#38;").replace("<", "&#60;"), quote_plus(password), quote(password).lower()}
    # within a longer text, whatever stands before it
    texts |= {base64.b64encode(bytes(n) + password.encode()).decode()[4:-4] for n in (1, 2, 3)}
    hashed = nt_hash(password)
    texts |= {hashed.hex(), hashed.hex().upper(), repr(hashed)[2:-1], base64.b64encode(hashed).decode()}
    # what went over the wire: a weak password can be guessed from the last message of NTLM
    tokens = {entry["authorization"].partition(" ")[2] for entry in simulator.log() if entry.get("authorization")}
    texts |= {token for token in tokens if b"NTLMSSP\0\3" in base64.b64decode(token) or b":" in base64.b64decode(token)}
    raw = {password.encode("utf-16-le"), password.encode("utf-16-be"), hashed}
    return {text.encode() for text in texts} | raw


def assert_clean(done: Finished, folder: Path, simulator: Simulator) -> None:
    places = hiding_places(simulator)
    for place in places:
        assert place not in done.output.encode("utf-8", "surrogateescape")
    searched = 0
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            searched += 1
            assert not [place for place in places if place in content], path
    assert searched >= 4


@pytest.mark.parametrize("auth", ["basic", "ntlm", "negotiate"])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_nothing_leaks_from_a_loud_run(auth: str, workers: str, simulator: Simulator, tmp_path: Path) -> None:
    first = simulator.ready["site"]
    text = Path(first).read_text(encoding="utf-8").replace("[exchange]\n", f"[exchange]\nauth = {auth}\n")
    text = text.replace(f"password = file:{simulator.folder / 'password.txt'}", "password = env:SITE_PASSWORD")
    (tmp_path / "site.ini").write_text(text, encoding="utf-8")
    (tmp_path / "spy.py").write_text(SPY)
    spied = tmp_path / "spied"
    spied.mkdir()
    simulator.plant(
        "PERMISSION-1:" + next(line.strip() for line in text.partition("[rooms]")[2].splitlines() if "@" in line)
    )
    env = {"SITE_PASSWORD": simulator.password.strip(), "PYTHONPATH": str(tmp_path), "SPY_FOLDER": str(spied)}
    more = ("-p", "spy", "--junitxml=junit.xml", *LOUD)
    done = accept("site.ini", "-n", workers, *more, cwd=tmp_path, env=env)
    assert done.verdict == "NOT ACCEPTED", done.output
    assert_clean(done, tmp_path, simulator)
    assert len(list(spied.iterdir())) == max(1, int(workers))


@pytest.mark.parametrize("workers", ["0", "2"])
def test_nothing_leaks_when_a_request_fails_deep_inside_a_library(
    workers: str, simulator: Simulator, tmp_path: Path
) -> None:
    text = simulator.site.read_text(encoding="utf-8").replace("[exchange]\n", "[exchange]\nauth = basic\n")
    (tmp_path / "site.ini").write_text(text, encoding="utf-8")
    (tmp_path / "deep.py").write_text(DEEP)
    (tmp_path / "conftest.py").write_text("import deep\n")
    (tmp_path / "test_deep.py").write_text(
        "import base64, pathlib\n"
        "import pytest_flowscape\n"
        "def test_locals(site):\n"
        f"    password = pathlib.Path({str(simulator.folder / 'password.txt')!r}).read_text()\n"
        "    header = 'Basic ' + base64.b64encode(('DEMO\\\\svc-flowscape:' + password).encode()).decode()\n"
        "    print(password); print(header)\n"
        "    assert False, header\n"
    )
    from pytest_flowscape.judging.catalogue import suites_folder

    arguments = (str(suites_folder()), "test_deep.py", "-n", workers, "--junitxml=junit.xml", *LOUD)
    done = accept("site.ini", *arguments, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert "sent (" in done.output  # the broken library logged them
    assert done.outcomes("not measured")
    assert done.results["verdict"] == "INCOMPLETE", done.output[-3000:]
    assert "1 other tests failed" in done.output
    assert_clean(done, tmp_path, simulator)


def password_file_warnings(path: Path, within: Path) -> bool:
    """Whether somebody else may read a file: by its mode, and that of every folder above it."""
    while path != within:
        if not path.stat().st_mode & 0o077:
            return False
        path = path.parent
    return True


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes; Windows protects by the folder's ACL")
@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_names_a_room_is_private(workers: str, simulator: Simulator, tmp_path: Path) -> None:
    """Wherever it lies: the report, the journals, pytest's own cache, what is left in the temporary folder."""
    (tmp_path / "temporary").mkdir()
    env = {"TMPDIR": str(tmp_path / "temporary")}
    more = ("-p", "cacheprovider", "--flowscape-book", "-n", workers)
    done = accept(simulator.site, *more, cwd=tmp_path, env=env)
    assert done.code == 0, done.output
    named = [path for path in tmp_path.rglob("*") if path.is_file() and b"@demo.test" in path.read_bytes()]
    assert any(path.name == "nodeids" for path in named) is (workers == "0")  # xdist's controller collects nothing
    assert len(named) >= 3
    assert [path for path in named if password_file_warnings(path, tmp_path)] == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes; Windows protects by the folder's ACL")
def test_files_with_site_data_are_private(simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, "-q", cwd=tmp_path)
    assert done.folder.stat().st_mode & 0o077 == 0
    for path in done.folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
