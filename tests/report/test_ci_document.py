"""docs/ci.md: its examples parse, agree with each other, and every command in them is run as it stands there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sysconfig
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_flowscape import __version__
from tests.acceptance import without_pytest
from tests.repo import test_wheel
from tests.simulator.harness import Simulator

TEXT = (Path(__file__).parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
wheel = test_wheel.wheel  # the fixture: built once for all that want it
POSIX = pytest.mark.skipif(os.name == "nt", reason="the examples are for agents with bash")
WHEEL = f"./pytest_flowscape-{__version__}-py3-none-any.whl"


def blocks(language: str) -> dict[str, str]:
    """Return the code blocks of a language by the heading above them."""
    found: dict[str, str] = {}
    for section in TEXT.split("\n## ")[1:]:
        title = section.partition("\n")[0]
        for block in re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
            found[title] = block
    return found


YAML = {title: yaml.safe_load(block) for title, block in blocks("yaml").items()}
JENKINS = blocks("groovy")["Jenkins"]


def scripts() -> dict[str, list[str]]:
    """Return the scripts of each example, in their order."""
    github = [step["run"] for step in YAML["GitHub Actions"]["jobs"]["acceptance"]["steps"] if "run" in step]
    azure = [step["bash"] for step in YAML["Azure DevOps"]["steps"] if "bash" in step]
    groovy = re.findall(r"\bsh(?:\([^)']*script: | )'([^']*)'", JENKINS)
    return {
        "GitHub Actions": github,
        "GitLab CI": YAML["GitLab CI"]["acceptance"]["script"],
        "Azure DevOps": azure,
        "Jenkins": groovy,
    }


SCRIPTS = scripts()


def test_there_are_four_examples_and_all_of_yaml_parses() -> None:
    assert set(YAML) == {"GitHub Actions", "GitLab CI", "Azure DevOps"}
    # YAML 1.1 reads the key `on` as true; so do the tools, and then mean it
    assert YAML["GitHub Actions"][True]["schedule"] == [{"cron": "30 22 * * *"}]
    assert YAML["Azure DevOps"]["schedules"][0]["cron"] == "30 22 * * *"
    assert "cron('30 22 * * *')" in JENKINS
    assert JENKINS.count("{") == JENKINS.count("}")
    assert all(len(found) >= 2 for found in SCRIPTS.values())


def test_every_example_runs_the_same_and_installs_this_package() -> None:
    runs = {
        line.removesuffix(" || code=$?").strip()
        for found in SCRIPTS.values()
        for script in found
        for line in script.splitlines()
        if "-m pytest" in line
    }
    assert len(runs) == 1
    installed = {
        line.split(" install ")[1]
        for found in SCRIPTS.values()
        for script in found
        for line in script.splitlines()
        if "pip install" in line
    }
    assert installed == {WHEEL}


def test_the_password_comes_by_the_environment_and_stands_nowhere() -> None:
    assert "password = env:FLOWSCAPE_PASSWORD" in TEXT
    steps = YAML["GitHub Actions"]["jobs"]["acceptance"]["steps"]
    assert [step["env"] for step in steps if "env" in step] == [
        {"FLOWSCAPE_PASSWORD": "${{ secrets.FLOWSCAPE_PASSWORD }}"}
    ]
    assert [step["env"] for step in YAML["Azure DevOps"]["steps"] if "env" in step] == [
        {"FLOWSCAPE_PASSWORD": "$(FLOWSCAPE_PASSWORD)"}
    ]
    assert "FLOWSCAPE_PASSWORD = credentials(" in JENKINS
    assert not any("FLOWSCAPE_PASSWORD" in script for found in SCRIPTS.values() for script in found)


def test_what_is_kept_is_what_a_run_writes(tmp_path: Path) -> None:
    """Artefacts and caches name the report's own files; see the run below for their being there."""
    named = set(re.findall(r"reports/nightly/([\w.-]+)", TEXT))
    assert named == {"acceptance.html", "results.json", "fixes", "history", "refused-sign-in.json"}


# --- the commands, run --------------------------------------------------------------------------


class Agent:
    """A machine that takes the nightly job: a folder with the wheel and the site file, and a secret."""

    def __init__(self, folder: Path, wheel: Path, simulator: Simulator) -> None:
        self.folder = folder
        shutil.copy(wheel, folder / wheel.name)
        text = simulator.site.read_text(encoding="utf-8")
        text, count = re.subn(r"(?m)^password = .*$", "password = env:FLOWSCAPE_PASSWORD", text)
        assert count == 1
        text = re.sub(r"(?m)^(ca_file = )(?!/)", rf"\1{simulator.site.parent}/", text)
        (folder / "site.ini").write_text(text, encoding="utf-8")
        # the package from the wheel alone, what it needs from here: no network in a test
        self._env = {
            **without_pytest(),
            "PIP_NO_DEPS": "1",
            "PIP_NO_INDEX": "1",
            "XDG_STATE_HOME": str(folder / "state"),
        }
        self._env |= {"FLOWSCAPE_PASSWORD": simulator.password, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        self._env.pop("PYTHONPATH", None)

    def run(self, script: str) -> tuple[int, str]:
        """Run a script as a CI agent does: bash, ended by the first command that fails."""
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=self.folder,
            env=self._env,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=140,
        )
        if "pip install" in script:
            self._lend()
        return done.returncode, done.stdout + done.stderr

    def _lend(self) -> None:
        [own] = (self.folder / ".venv").glob("lib/python*/site-packages")
        lent = {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
        (own / "lent.pth").write_text("".join(f"{path}\n" for path in sorted(lent)), encoding="utf-8")

    def results(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "reports/nightly/results.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, wheel: Path, simulator_process: Simulator) -> Agent:
    """One machine, with everything that stands before the acceptance run once."""
    simulator_process.reset()
    agent = Agent(tmp_path_factory.mktemp("agent"), wheel, simulator_process)
    done: set[str] = set()
    for name, found in SCRIPTS.items():
        for script in found:
            lines = "\n".join(line for line in script.splitlines() if line not in done)
            if "-m pytest" in script or not lines:
                continue
            code, output = agent.run(lines)
            assert code == 0, (name, script, output)
            done.update(script.splitlines())
    return agent


@POSIX
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_commands_run_as_they_stand_there(name: str, machine: Agent, simulator: Simulator) -> None:
    [script] = [script for script in SCRIPTS[name] if "-m pytest" in script]
    code, output = machine.run(script)
    assert code == 0, output
    found = machine.results()
    assert found["verdict"] == "ACCEPTED"
    suite = ET.parse(machine.folder / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    assert int(suite.get("tests", "0")) == len(found["outcomes"])
    for kept in ("acceptance.html", "results.json", "history"):
        assert (machine.folder / "reports/nightly" / kept).exists(), kept


@POSIX
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("GitHub Actions", "::warning::INCOMPLETE"),
        ("Azure DevOps", "result=SucceededWithIssues;]INCOMPLETE"),
        ("GitLab CI", ""),
        ("Jenkins", ""),
    ],
)
def test_incomplete_is_a_warning_and_a_finding_is_red(
    name: str, said: str, machine: Agent, simulator: Simulator
) -> None:
    [script] = [script for script in SCRIPTS[name] if "-m pytest" in script]
    simulator.plant("ews-503")
    code, output = machine.run(script)
    # where the tool itself takes the code, 10 comes through
    assert code == (0 if said else 10), output
    assert said in output
    assert machine.results()["verdict"] == "INCOMPLETE"
    if name != "GitHub Actions":  # once is enough: the others run the same command
        return
    simulator.reset()
    simulator.plant("ACCOUNT-1")
    assert machine.run(script)[0] == 1
    assert machine.results()["changes"]["new"] == [{"requirement": "ACCOUNT-1", "target": "site"}]
    assert list((machine.folder / "reports/nightly/fixes").iterdir())


@POSIX
def test_what_the_examples_install_is_the_wheel_and_not_this_repository(machine: Agent) -> None:
    code, output = machine.run(".venv/bin/python -c 'import pytest_flowscape; print(pytest_flowscape.__file__)'")
    assert code == 0
    assert output.startswith(str(machine.folder / ".venv"))


@POSIX
def test_the_line_that_reads_the_results_runs_too(machine: Agent, simulator: Simulator) -> None:
    [script] = [line for line in blocks("bash")["JUnit"].splitlines() if line.startswith("python3")]
    [acceptance] = [line for line in SCRIPTS["GitLab CI"] if "-m pytest" in line]
    machine.run(acceptance)
    code, output = machine.run(script)
    assert (code, output.split()[0]) == (0, "ACCEPTED")
