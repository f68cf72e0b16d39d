"""What takes a search further: trials that are given up, and the next ones."""

from collections.abc import Sequence
from contextlib import suppress
from statistics import mean
from typing import TYPE_CHECKING

from cnnviz.errors import CnnvizError
from cnnviz.runs import changes, queue
from cnnviz.studies import folder, search
from cnnviz.studies.search import Past
from cnnviz.studies.search_space import Search
from cnnviz.studies.variant import Variant

if TYPE_CHECKING:
    from cnnviz.studies.progress import Progress, Trial


def go_on(now: "Progress", space: Search) -> bool:
    """Whether a trial was added: one for each slot that has none. Those that the pruner gives up end with their epoch.

    To be called by who is alone with the study.
    """
    objective, epochs = now.study.objective, now.study.base.epochs
    past = [_past(now, variant, trials) for variant, trials in now.by_variant]
    for number in search.worse(space, objective, past, epochs=epochs):
        _give_up(now.by_variant[number][1])
    free = queue.settings().count - sum(not one.over for one in past)
    added = 0
    while added < free and len(past) < space.trials:
        proposed = search.propose(space, objective, past, epochs=epochs)
        folder.add_trial(now.id, space, proposed)
        past.append(Past(proposed, (), over=False))
        added += 1
    return added > 0


def _past(now: "Progress", variant: Variant, trials: Sequence["Trial"]) -> Past:
    outcomes = [found.figures[now.study.figure] for one in trials if (found := one.outcome)]
    first = trials[0].run
    return Past(
        variant,
        [getattr(line, now.study.objective) for line in first.metrics().epochs] if first else [],
        mean(outcomes) if outcomes else None,
        pruned=any(one.pruned for one in trials),
        over=not any(one.active or one.missing for one in trials),
    )


def _give_up(trials: Sequence["Trial"]) -> None:
    """Have them end with the epoch that is under way, if it is not their last."""
    for one in trials:
        if one.status is None or one.run is None or one.status.epoch + 1 >= one.task.config.epochs:
            continue
        if one.active and not (one.run.changed or changes.pending(one.run.folder)):
            with suppress(CnnvizError):  # it has ended meanwhile
                changes.request(one.run, "last_epoch", one.status.epoch + 1)
