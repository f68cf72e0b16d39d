"""Runs of a study as if they had been trained: their folders, with the figures that a test gives them."""

from collections.abc import Callable
from dataclasses import asdict

from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.runs.metrics import Journal
from cnnviz.runs.run import Run
from cnnviz.studies.definition import Study, Task, tasks
from cnnviz.studies.variant import Variant
from cnnviz.train.events import EpochEnded, Finished


def finish(
    study: Study, validation: Callable[[Task], float], trials: list[Variant] | None = None
) -> list[Run]:
    """Every run of the study, finished with that validation accuracy after one epoch."""
    return [finished(task, validation(task)) for task in tasks(study, trials)]


def finished(task: Task, right: float, *, energy: int = 0) -> Run:
    run = running.create(task.config, *running.environment())
    over = status.Status(state="finished", epoch=1, epochs=1, step=6, steps=6, seconds=2.0, updated=1)
    status.write(run.folder, over, durable=False)
    journal = Journal(run.folder)
    way = {"device": "cpu", "precision": "fp32", "memory_format": "contiguous", "compile": False}
    facts = {
        "execution": way, "probe_milliseconds": {}, "device_name": "1 CPU thread", "parameters": 100, "train": 180,
        "validation": 100, "test": 60, "steps_per_epoch": 6, "classes": [], "image_shape": (8, 8, 3),
    }  # fmt: skip
    journal.add("started", facts)
    journal.add(
        "epoch",
        asdict(EpochEnded(1, 6, 1.1, 0.5, 2 - right, right, 0.05, 1.0, 900.0, 2.0, 10**8, True, energy)),
    )
    journal.add("finished", asdict(Finished("completed", 1, 1, 1.2, right - 0.05, 60, (), 2.0, "")))
    journal.close()
    return run
