"""How far a study is, as its runs say; and what takes it further, whoever looks."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from cnnviz.runs import records
from cnnviz.runs import run as runs
from cnnviz.runs.by_configuration import RunsByConfiguration
from cnnviz.runs.outcome import Outcome, outcome
from cnnviz.runs.run import Run
from cnnviz.runs.status import Status
from cnnviz.studies import folder, search_progress
from cnnviz.studies.definition import Study, Task, tasks
from cnnviz.studies.executor import Executor, ThisMachine
from cnnviz.studies.search_space import Search
from cnnviz.studies.variant import Variant
from cnnviz.train.events import ON_REQUEST

AT_ONCE = 200
"""Runs that wait or train at once; the rest of a large study follows as it is looked at."""
_ATTEMPTS = 3
"""Times that a run is taken up by itself after its worker has gone without a word."""

State = Literal["new", "running", "stopped", "finished", "incomplete"]


@dataclass(frozen=True)
class Trial:
    """One run of a study, as far as it is."""

    task: Task
    run: Run | None
    """The one that counts: the one that has finished, else the one under way, else the newest."""
    status: Status | None
    attempts: int = 0
    """Times that it was begun."""

    @property
    def finished(self) -> bool:
        return self.status is not None and self.status.state == "finished"

    @property
    def active(self) -> bool:
        return self.status is not None and self.status.active

    @property
    def pruned(self) -> bool:
        """Whether its search gave it up before its last epoch. It has finished, with the figures that it had then."""
        return self.status is not None and self.finished and self.status.reason == ON_REQUEST

    @property
    def outcome(self) -> Outcome | None:
        return outcome(self.run) if self.run is not None and self.finished else None

    @property
    def missing(self) -> bool:
        """Whether it is to be made, or taken up, without anybody's asking."""
        if self.status is None:
            return True
        return self.status.state == "interrupted" and self.attempts < _ATTEMPTS


@dataclass(frozen=True)
class Progress:
    """All runs of a study."""

    id: str
    study: Study
    active: bool
    """Whether its missing runs are being made."""
    trials: Sequence[Trial]

    @cached_property
    def by_variant(self) -> list[tuple[Variant, list[Trial]]]:
        """The runs of each variant, one seed after the other."""
        count = len(self.trials) // self.study.seeds
        return [
            (first.task.variant, [*self.trials[at::count]]) for at, first in enumerate(self.trials[:count])
        ]

    @property
    def under_way(self) -> list[Trial]:
        return [one for one in self.trials if one.active]

    @property
    def finished(self) -> int:
        return sum(one.finished for one in self.trials)

    @property
    def pruned(self) -> int:
        """Of those that have finished."""
        return sum(one.pruned for one in self.trials)

    @property
    def share(self) -> float:
        """Part that is done, 0 to 1."""
        done = sum(1.0 if one.finished else one.status.share if one.status else 0.0 for one in self.trials)
        return done / self.study.count

    @property
    def state(self) -> State:
        if self.finished == self.study.count:
            return "finished"
        if self.active:
            return "running"
        if all(one.run is None for one in self.trials):
            return "new"
        return "stopped" if any(_cut_short(one) for one in self.trials) else "incomplete"


def unfinished(study: Study) -> list[Task]:
    """The runs of a study, there or not, that have not finished on this machine. Raises ConfigError as `tasks` does."""
    if isinstance(study.vary, Search):  # nobody knows which
        return tasks(study)[:1] * study.count
    return [one.task for one in trials_of(study, _runs(study)) if not one.finished]


def trials_of(
    study: Study, known: RunsByConfiguration, proposed: Sequence[Variant] | None = None
) -> list[Trial]:
    """The runs of a study among these, as `definition.tasks` has them. Raises ConfigError as that does."""
    return [_trial(task, known.same(task.config)) for task in tasks(study, proposed)]


def look(study_id: str) -> Progress:
    """How far a study is; starts nothing. Raises RunError or ConfigError for one that can't be read or run."""
    study = folder.read(study_id)
    return _look(study_id, study, _runs(study))


def start(study_id: str) -> Progress:
    """Have its runs made, also those that were stopped or have failed; those that have finished stay."""
    return _advance(study_id, again=True)


def advance(study_id: str) -> Progress:
    """How far a study is, after starting what is missing if that was asked for."""
    return _advance(study_id, again=False)


def stop(study_id: str) -> Progress:
    """End its runs and start no more; `start` goes on."""
    study = folder.read(study_id)
    with folder.alone(study_id):
        folder.set_active(study_id, False)
        known = _runs(study)
        ids = [one.run.id for one in _look(study_id, study, known).under_way if one.run]
    _here(known).cancel(ids)
    return look(study_id)


def _advance(study_id: str, *, again: bool) -> Progress:
    study = folder.read(study_id)
    with folder.alone(study_id):
        known = _runs(study)
        now = _look(study_id, study, known)
        if again:
            folder.set_active(study_id, True)
        elif not now.active:
            return now
        here = _here(known)
        if isinstance(study.vary, Search) and search_progress.go_on(now, study.vary):
            now = _look(study_id, study, known)
        room = AT_ONCE - len(now.under_way)
        wanted = [one for one in now.trials if one.missing or (again and not one.finished and not one.active)]
        # A search may propose twice what is the same run.
        for config in {
            one.task.config.model_dump_json(): one.task.config for one in wanted[: max(0, room)]
        }.values():
            here.submit(config)
        if not wanted and not now.under_way and not _to_come(now):
            folder.set_active(study_id, False)
        here.watch(())
    return look(study_id) if wanted or again else now


def _to_come(now: Progress) -> bool:
    """Whether a search has trials left to propose."""
    return isinstance(now.study.vary, Search) and len(now.by_variant) < now.study.vary.trials


def _here(known: RunsByConfiguration) -> Executor:
    return ThisMachine(known)


def _runs(study: Study) -> RunsByConfiguration:
    pruned = isinstance(study.vary, Search) and study.vary.pruner != "none"
    archived = records.every() if study.recipe else ()
    return RunsByConfiguration([*runs.every(), *archived], ways=study.ways, shortened=pruned)


def _look(study_id: str, study: Study, known: RunsByConfiguration) -> Progress:
    proposed = folder.trials(study_id, study.vary) if isinstance(study.vary, Search) else None
    return Progress(study_id, study, folder.state(study_id).active, trials_of(study, known, proposed))


def _trial(task: Task, those: Sequence[Run]) -> Trial:
    if not those:
        return Trial(task, None, None)
    found = [(run.status(), run) for run in those]
    status, run = min(
        found, key=lambda one: (one[0].state != "finished", not one[0].active, -one[1].record.created)
    )
    attempts = sum(_begun(other) for _, other in found) if status.state == "interrupted" else 0
    return Trial(task, run, status, attempts)


def _begun(run: Run) -> int:
    """Times that a worker began or took up a run; once at least."""
    with suppress(OSError):
        return max(1, (run.folder / "metrics.jsonl").read_bytes().count(b'"kind":"started"'))
    return 1


def _cut_short(trial: Trial) -> bool:
    return trial.status is None or trial.status.state in ("stopped", "interrupted")
