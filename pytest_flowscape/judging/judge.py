"""Decide one (requirement, target) pair: needs, causes, the judging function, a second measurement.

Requirement functions are pure functions of facts, so the judge may call them
outside pytest: to know whether a need holds, whatever was selected, and to
measure twice before a failure is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from pytest_flowscape.core.errors import NotMeasured, NotRequested, RequirementFailed
from pytest_flowscape.facts import DirectoryEntry, Holders, SiteFacts
from pytest_flowscape.facts.names import FACTS
from pytest_flowscape.facts.policy import SECOND_LOOK_SAMPLE, SECOND_LOOKS
from pytest_flowscape.judging.catalogue import Judged, unmeasured_by
from pytest_flowscape.judging.causes import CAUSES, failing, unmeasured
from pytest_flowscape.judging.exceptions import defect
from pytest_flowscape.judging.outcomes import SITE_TARGET
from pytest_flowscape.judging.usable_answers import NO_MAILBOX
from pytest_flowscape.requirement import Notes, Per, Requirement
from pytest_flowscape.site.one_run import Run

# findings of ROOM-1 and ROOM-2 that explain why Exchange does not accept an address
NO_ADDRESS = ("missing", "online", "not-a-mailbox", "alias", "primary-not-one", "held-twice")
Decided = NotMeasured | NotRequested | RequirementFailed | None


class FactSource(Protocol):
    """Where facts come from, by name and target."""

    run: Run
    site_facts: SiteFacts

    def get(self, name: str, target: str) -> Any:
        """Return a fact. Raises NotMeasured."""

    def not_requested(self, opt_in: str, target: str) -> str:
        """Return why a run does not make what this opt-in needs for a target; empty where it does."""

    def forget(self, names: Iterable[str], target: str) -> None:
        """Drop what is known about one target, so that these facts are measured again."""


class Judge:
    """Decides pairs from one process's facts, each once."""

    def __init__(self, judged: Mapping[str, Judged], facts: FactSource) -> None:
        self._judged = judged
        self._facts = facts
        self._known: dict[tuple[str, str], Decided] = {}
        self._wants: dict[str, frozenset[str]] = {}
        self._left = {one.cause: unmeasured_by(CAUSES[one.cause], judged) for one in facts.site_facts.closed}
        self._looks = SECOND_LOOKS // facts.run.workers
        self._sample = max(1, SECOND_LOOK_SAMPLE // facts.run.workers)
        self.second_looks = 0
        self.unconfirmed = 0
        self.second_notes: dict[tuple[str, str], str] = {}
        self.notes: dict[tuple[str, str], list[str]] = {}

    def knows(self, id_: str) -> bool:
        """Whether every argument of the requirement's function is a fact of ours."""
        judged = self._judged.get(id_)
        return judged is not None and all(name == "notes" or name in FACTS for name in judged.fact_names)

    def decide(self, id_: str, target: str) -> Decided:
        """Decide a pair: None where it holds, else why it fails, could not be measured or was not requested."""
        key = (id_, target)
        if key not in self._known:
            self._known[key] = self._decide(id_, target)
        return self._known[key]

    def wants(self, id_: str, target: str) -> frozenset[str]:
        """Return the facts that this pair needs, with those of its needs; none where a cause or a need stops it.

        Sends no request itself: only needs of the whole site are judged for this.
        """
        requirement = self._judged[id_].requirement
        if requirement.opt_in and self._facts.not_requested(requirement.opt_in, target):
            return frozenset()
        if id_ not in self._wants:
            self._wants[id_] = self._facts_for(id_) or frozenset()
        return self._wants[id_]

    def _facts_for(self, id_: str) -> frozenset[str] | None:
        """Return the facts for a requirement and its needs, None where it is stopped on every target."""
        judged = self._judged[id_]
        if self._stopped_by_cause(id_):
            return None
        names = frozenset(judged.fact_names)
        for need in filter(self._judged.__contains__, judged.requirement.needs):
            if self._judged[need].requirement.per is Per.SITE:
                found = self.decide(need, SITE_TARGET)
                stops = isinstance(found, RequirementFailed) or (isinstance(found, NotMeasured) and bool(found.because))
                more = None if stops else frozenset[str]()
            else:
                more = self._facts_for(need)
            if more is None:
                return None
            names |= more
        return names

    def fact(self, id_: str, name: str, target: str) -> Any:
        """Return a fact for a requirement. Raises NotMeasured, also for an attribute that it reads and cannot."""
        fact = self._facts.get(name, target)
        judged = self._judged.get(id_)
        if judged and FACTS[name].entry:
            self._refuse_unreadable(judged.requirement, FACTS[name].entry, target)
        return fact

    def _refuse_unreadable(self, requirement: Requirement, entry: str, target: str) -> None:
        """Raise NotMeasured where an attribute that the requirement reads is not readable: it only looks absent."""
        if self._facts.site_facts.directory_closed:
            return
        held: DirectoryEntry | Holders = self._facts.get(entry, target)
        entries = (*held.by_proxy, *held.by_mail) if isinstance(held, Holders) else (held,)
        hidden = sorted(n for n in requirement.reads if any(n.lower() in one.unreadable for one in entries))
        if hidden:
            raise NotMeasured(f"not readable by this account: {', '.join(hidden)}", cause="unreadable")

    def _decide(self, id_: str, target: str) -> Decided:
        judged = self._judged[id_]
        opt_in = judged.requirement.opt_in
        declined = self._facts.not_requested(opt_in, target) if opt_in else ""
        if declined:
            return NotRequested(declined)
        stopped = self._stopped_by_cause(id_) or self._stopped_by_need(judged.requirement, target)
        if stopped:
            return stopped
        found = self._with_because(self._call(judged, target), id_, target)
        writes = any(FACTS[name].writes for name in judged.fact_names if name in FACTS)
        again = judged.requirement.per is not Per.SITE and not writes
        if isinstance(found, RequirementFailed) and again:
            return self._second_look(judged, target, found)
        return found

    def _stopped_by_cause(self, id_: str) -> NotMeasured | None:
        """Return NotMeasured if a cause closes this requirement, unless it is the one that the cause fails."""
        closed = self._facts.site_facts.closed
        if failing(id_, closed):
            return None
        stopping = [one for one in closed if id_ in self._left[one.cause]]
        # a cause that fails a requirement explains more than one that does not
        stopping.sort(key=lambda one: not CAUSES[one.cause].failed)
        return unmeasured(stopping[0]) if stopping else None

    def _stopped_by_need(self, requirement: Requirement, target: str) -> NotMeasured | None:
        """Return NotMeasured if a need failed, or was itself stopped by one that failed."""
        if failing(requirement.id, self._facts.site_facts.closed):
            return None
        for need in requirement.needs:
            if need not in self._judged:
                continue
            per = self._judged[need].requirement.per
            found = self.decide(need, SITE_TARGET if per is Per.SITE else target)
            if isinstance(found, RequirementFailed):
                return NotMeasured(f"needs {need}, which failed", cause="need", because=need)
            if isinstance(found, NotMeasured) and found.because:
                return NotMeasured(found.reason, cause=found.cause, because=found.because)
        return None

    def _call(self, judged: Judged, target: str) -> Decided:
        """Return what the judging function raises with its facts; an unforeseen error is NotMeasured."""
        id_ = judged.requirement.id
        notes = Notes()
        try:
            arguments = {name: notes if name == "notes" else self.fact(id_, name, target) for name in judged.fact_names}
            judged.function(**arguments)
        except (NotMeasured, NotRequested, RequirementFailed) as outcome:
            return outcome.with_traceback(None)
        except Exception as error:  # noqa: BLE001  it becomes the outcome
            return defect(error)
        finally:
            self.notes[id_, target] = notes.lines
        return None

    def notes_on(self, id_: str, target: str) -> tuple[str, ...]:
        """Return the notes on a pair: the function's own, and that of a second measurement."""
        second = self.second_notes.get((id_, target))
        return (*self.notes.get((id_, target), ()), *([second] if second else ()))

    def _with_because(self, found: Decided, asked: str, target: str) -> Decided:
        """Return the finding with the failed room requirement that explains why the address is not accepted."""
        if not isinstance(found, NotMeasured) or found.cause != NO_MAILBOX or found.because:
            return found
        for id_ in ("ROOM-1", "ROOM-2"):
            if id_ == asked or id_ not in self._judged:
                continue
            if asked.startswith("ROOM-") and id_ > asked:  # ROOM-1 never asks ROOM-2, which asks ROOM-1
                continue
            failed = self.decide(id_, target)
            if isinstance(failed, RequirementFailed) and failed.cause in NO_ADDRESS:
                return NotMeasured(found.reason, cause=found.cause, because=id_)
        return found

    def _second_look(self, judged: Judged, target: str, first: RequirementFailed) -> Decided:
        """Measure a failed pair once more, alone, before it is reported."""
        if self._looks <= 0 and self._sample <= 0:
            self.unconfirmed += 1
            return first
        if self._looks > 0:
            self._looks -= 1
        else:
            self._sample -= 1
        self.second_looks += 1
        self._facts.forget(judged.fact_names, target)
        second = self._with_because(self._call(judged, target), judged.requirement.id, target)
        if not isinstance(second, RequirementFailed):
            note = f"a first measurement failed and was not confirmed: {first.found}"
            self.second_notes[judged.requirement.id, target] = note
        return second
