"""The built wheel, without the rest of the repository, runs the packaged suites from an empty folder."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.acceptance import accept
from tests.simulator.harness import Simulator

REPOSITORY = Path(__file__).resolve().parents[2]
BIN = "Scripts" if os.name == "nt" else "bin"


def execute(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONPATH"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel, built once for all worker processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "wheel"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            # the backend is a dev dependency; without it `build` fetches one
            here = ["--no-isolation"] if importlib.util.find_spec("hatchling") else []
            execute(sys.executable, "-m", "build", "--wheel", *here, "--outdir", folder, REPOSITORY, cwd=base)
    (built,) = folder.glob("*.whl")
    return built


def install(wheel: Path, environment: Path) -> Path:
    """Make a virtual environment with this wheel and the dependencies of the present one; return its Python."""
    execute(sys.executable, "-m", "venv", "--without-pip", environment, cwd=environment.parent)
    python = environment / BIN / ("python.exe" if os.name == "nt" else "python")
    execute(
        *(sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"),
        *("install", "--quiet", "--no-deps", "--no-index", wheel),
        cwd=environment.parent,
    )
    own = Path(execute(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=environment).strip())
    # a .pth of a folder that a .pth names is not read: the editable install of this repository stays out
    lent = {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
    (own / "lent.pth").write_text("".join(f"{path}\n" for path in sorted(lent)), encoding="utf-8")
    return python


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment where only the wheel is installed."""
    return install(wheel, tmp_path_factory.mktemp("project") / ".venv")


# --- what is in it ------------------------------------------------------------------------------


def test_wheel_holds_suites_and_types_and_nothing_but_the_package(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pytest_flowscape"}
    assert not [name for name in names if {"tools", "documents", "tests"} & set(name.split("/"))]
    assert "pytest_flowscape/py.typed" in names
    suites = {path.name for path in (REPOSITORY / "suites").glob("*.py")}
    assert {name.rpartition("/")[2] for name in names if name.startswith("pytest_flowscape/suites/")} == suites
    templates = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "pytest_flowscape/report").rglob("*")
        if path.is_file() and path.parent.name == "templates"
    }
    assert {name for name in names if "/templates/" in name} == templates
    assert len(templates) > 30
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".ini", ".pem"))]


def test_wheel_states_its_plugin_licence_and_python(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "[pytest11]\nflowscape = pytest_flowscape.plugin" in archive.read(points).decode()
    (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    text = archive.read(metadata).decode()
    for line in ("License-Expression: MIT", "Requires-Python: >=3.10", "Requires-Dist: pytest>=9.0"):
        assert line in text
    assert {f"Provides-Extra: {extra}" for extra in ("demo", "keyring", "dev")} <= set(text.splitlines())


def test_the_installed_package_is_the_wheels_own(python: Path, tmp_path: Path) -> None:
    places = execute(
        python,
        "-c",
        "import importlib.util as u, pytest_flowscape, pytest_flowscape.judging.catalogue as c;"
        "print(pytest_flowscape.__file__); print(c.suites_folder()); print(u.find_spec('suites'))",
        cwd=tmp_path,
    ).splitlines()
    environment = str(python.parent.parent)
    assert places[0].startswith(environment)
    assert places[1].startswith(environment)
    assert places[2] == "None"


# --- what it does -------------------------------------------------------------------------------


def test_runs_from_an_empty_folder_serially_and_with_two_workers_and_writes_html_and_junit(
    python: Path, simulator: Simulator, tmp_path: Path
) -> None:
    serial = accept(simulator.site, cwd=tmp_path, report=tmp_path / "serial", python=str(python))
    assert (serial.code, serial.verdict) == (0, "ACCEPTED"), serial.output
    files = ("--html=page.html", "--junitxml=junit.xml")
    two = accept(simulator.site, "-n", "2", *files, cwd=tmp_path, report=tmp_path / "two", python=str(python))
    assert (two.code, two.digest) == (0, serial.digest), two.output
    assert "PERMISSION-1" in (tmp_path / "page.html").read_text(encoding="utf-8")
    cases = ET.parse(tmp_path / "junit.xml").getroot().iter("testcase")
    properties = [{p.get("name"): p.get("value") for p in case.iter("property")} for case in cases]
    reported = {(one["requirement"], one["target"], one["outcome"]) for one in properties}
    assert reported == {(o["requirement"], o["target"], o["outcome"]) for o in two.results["outcomes"]}


def test_collect_only_validates_and_touches_no_network(python: Path, simulator: Simulator, tmp_path: Path) -> None:
    done = accept(simulator.site, "--collect-only", "-q", cwd=tmp_path, python=str(python))
    assert done.code == 0, done.output
    assert "test_permissions.py::" in done.output
    assert not done.results
    counters = simulator.counters()
    assert not {name: count for name, count in counters.items() if count and name.startswith(("ews.", "ldap."))}


@pytest.fixture
def project(python: Path) -> Iterator[Path]:
    """Return the folder above the virtual environment, with a conftest.py in it."""
    folder = python.parents[2]
    conftest = folder / "conftest.py"
    conftest.write_text(
        "import pathlib\n"
        "pathlib.Path('conftest-was-read').touch()\n"
        "collect_ignore_glob = ['.venv/*']\n"  # as projects have it with their environment next to their tests
    )
    yield folder
    conftest.unlink()


def test_runs_with_a_conftest_above_the_virtual_environment(python: Path, project: Path, simulator: Simulator) -> None:
    collected = accept(simulator.site, "--collect-only", "-q", cwd=project, python=str(python))
    assert (project / "conftest-was-read").exists()
    assert "test_permissions.py::" in collected.output, collected.output
    done = accept(simulator.site, "-n", "2", cwd=project, python=str(python))
    assert (done.code, done.verdict) == (0, "ACCEPTED"), done.output


def test_the_pytest_command_itself_reads_a_site_file_in_its_own_folder(
    python: Path, simulator: Simulator, tmp_path: Path
) -> None:
    """``pytest`` does not put the folder on sys.path as ``python -m pytest`` does."""
    command = tmp_path / "command.py"
    command.write_text("import sys, pytest\nsys.exit(pytest.console_main())\n")
    here = tmp_path / "empty"
    here.mkdir()
    output = execute(python, command, f"--flowscape-config={simulator.site}", "-p", "no:cacheprovider", cwd=here)
    assert "Verdict: ACCEPTED" in output
    assert [path.name for path in here.iterdir()] == ["reports"]
    (report,) = (here / "reports").iterdir()
    assert {"acceptance.html", "results.json", "evidence.json"} <= {path.name for path in report.iterdir()}
