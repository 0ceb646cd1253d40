"""Whole runs whose outcomes are given: every process, hook, file and line is real, only nothing is measured.

The module is also the plugin of such a run, in the controller and in its
workers; ``FLOWSCAPE_STAGE`` names the folder with the table of outcomes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_flowscape.core.errors import NotMeasured, NotRequested, RequirementFailed
from pytest_flowscape.facts import SiteFacts
from pytest_flowscape.hooks.collection import requirement_of, target_of
from pytest_flowscape.hooks.fixtures import JUDGE
from pytest_flowscape.judging.catalogue import load_requirements
from pytest_flowscape.judging.judge import Judge
from pytest_flowscape.judging.outcomes import Outcome, Word
from pytest_flowscape.judging.verdict import expected_pairs
from pytest_flowscape.session import controller
from pytest_flowscape.site.one_run import Run
from tests.acceptance import Finished, accept, read_site
from tests.report.report_samples import site_facts

Pair = tuple[str, str]
VARIABLE = "FLOWSCAPE_STAGE"
SITE = r"""[site]
customer = Contoso Ltd
name = Headquarters
contact = A. Admin
[exchange]
hostname = mail.contoso.test
[service_account]
username = CONTOSO\svc-flowscape
email = svc-flowscape@contoso.test
password = file:{password}
[rooms]
addresses =
{rooms}
[users]
addresses = ann@contoso.test
[waivers]
{waivers}
[attestations]
{attestations}
"""


def room(number: int) -> str:
    return f"room{number:04}@contoso.test"


def pairs(rooms: int = 2) -> list[Pair]:
    """Return every pair that a staged site with so many rooms expects, in the order of the suites."""
    targets = {"site": ["site"], "room": [room(n) for n in range(rooms)], "user": ["ann@contoso.test"]}
    known = [judged.requirement for judged in load_requirements().values()]
    return [(one.id, target) for one in known for target in targets[one.per.value]]


def level(pair: Pair) -> str:
    return load_requirements()[pair[0]].requirement.level.value


class Stage:
    """What each pair becomes, and what is found; written down, so that another process can read it."""

    def __init__(self, folder: Path, words: Mapping[Pair, Word], *, rooms: int = 2, found: str = "no access") -> None:
        self.folder = folder
        self.words = dict(words)
        self.found = found
        folder.mkdir(exist_ok=True)
        (folder / "password.txt").write_text("MARKER-OF-THE-STAGE", encoding="utf-8")
        (folder / "password.txt").chmod(0o600)
        until = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011  a site file's dates are local
        waived = [_key(pair) for pair, word in self.words.items() if word is Word.WAIVED]
        attested = [_key(pair) for pair, word in self.words.items() if word is Word.ATTESTED]
        text = SITE.format(
            password=folder / "password.txt",
            rooms="\n".join(f"    {room(n)}" for n in range(rooms)),
            waivers="\n".join(f"{key} = W. Waiver until {until}: ticket 4711" for key in waived),
            attestations="\n".join(f"{key} = V. Voucher 2026-11-02: looked at it" for key in attested),
        )
        self.site = folder / "site.ini"
        self.site.write_text(text, encoding="utf-8")
        table = [[*pair, word.value] for pair, word in self.words.items()]
        (folder / "stage.json").write_text(json.dumps({"found": found, "words": table}), encoding="utf-8")

    @property
    def expected(self) -> list[Pair]:
        """Return the expected set as the product itself makes it."""
        known = [judged.requirement for judged in load_requirements().values()]
        return [(pair.requirement.id, pair.target) for pair in expected_pairs(known, read_site(self.site))]

    def decide(self, pair: Pair) -> NotMeasured | NotRequested | RequirementFailed | None:
        word = self.words.get(pair, Word.PASSED)
        if word in (Word.FAILED, Word.WAIVED):
            return RequirementFailed(expected="to have access", found=self.found, cause="staged")
        if word is Word.NOT_REQUESTED:
            return NotRequested(f"not asked for: {self.found}")
        if word in (Word.NOT_MEASURED, Word.ATTESTED):
            return NotMeasured(f"unreadable: {self.found}", cause="unreadable")
        return None

    def run(self, *arguments: str) -> Finished:
        """Run the acceptance on this stage."""
        root = str(Path(__file__).parents[2])
        env = {VARIABLE: str(self.folder), "PYTHONPATH": root}
        return accept(self.site, "-p", "tests.report.staged", *arguments, cwd=self.folder, env=env)


class Hooks:
    """Pytest's side: no fixture is set up, no test body runs, and what is not run is not collected."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> object:
        nothing = object()
        fixturedef.cached_result = (nothing, fixturedef.cache_key(request), None)
        return nothing

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Item) -> bool | None:
        if requirement_of(pyfuncitem) is None:
            return None
        found = pyfuncitem.config.stash[JUDGE].decide(requirement_of(pyfuncitem).id, target_of(pyfuncitem))  # type: ignore[union-attr]
        if found is not None:
            raise found
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        left_out = [item for item in items if self._word(item) is Word.NOT_RUN]
        if left_out:
            items[:] = [item for item in items if item not in left_out]
            config.hook.pytest_deselected(items=left_out)

    def _word(self, item: pytest.Item) -> Word | None:
        record = requirement_of(item)
        return self._stage.words.get((record.id, target_of(item))) if record else None


def _facts(run: Run, reads: object = ()) -> SiteFacts:
    facts = site_facts()
    return replace(facts, vantage=replace(facts.vantage, run_id=run.run_id, started=run.started))


def _key(pair: Pair) -> str:
    return pair[0] if pair[1] == "site" else " ".join(pair)


def outcomes(document: Mapping[str, Any]) -> dict[Pair, Word]:
    """Return the outcomes of a results.json."""
    told = (Outcome.from_json(one) for one in document["outcomes"])
    return {(one.requirement, one.target): one.word for one in told}


def _stand_in(stage: Stage) -> None:
    """Put the stage in place of the servers, for the rest of this process."""
    controller.gather_site = _facts
    controller.book_first = lambda _run, facts: facts
    Judge.decide = lambda _judge, id_, target: stage.decide((id_, target))  # type: ignore[method-assign]


def pytest_configure(config: pytest.Config) -> None:
    """Read the table, in this process."""
    if VARIABLE not in os.environ:
        return
    folder = Path(os.environ[VARIABLE])
    told = json.loads((folder / "stage.json").read_text(encoding="utf-8"))
    stage = Stage.__new__(Stage)
    stage.folder, stage.found = folder, told["found"]
    stage.words = {(id_, target): Word(word) for id_, target, word in told["words"]}
    _stand_in(stage)
    config.pluginmanager.register(Hooks(stage))
