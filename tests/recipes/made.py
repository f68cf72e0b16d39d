"""The folder of a run that was never trained, with the figures that a test wants of it."""

import time

from cnnviz.recipes.plan import configuration
from cnnviz.recipes.recipe import Recipe
from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.runs.metrics import Journal
from cnnviz.runs.run import Run


def run_folder(
    right: float,
    *,
    recipe: Recipe,
    variant: str = "3x3-sgd",
    seed: int = 0,
    state: str = "finished",
    seconds: float = 60.0,
    **how: object,
) -> Run:
    """A run of a variant with that test accuracy, on this bench."""
    run = running.create(configuration(recipe, variant, seed=seed, **how), *running.environment())  # type: ignore[arg-type]
    status.write(run.folder, status.Status(state=state, reason="why", epochs=2, updated=time.time()))  # type: ignore[arg-type]
    journal = Journal(run.folder)
    journal.add("started", {"classes": ["cat", "dog"], "validation": 5000})
    journal.add("step", {"step": 1, "loss": 2.0})
    if state == "finished":
        for epoch, loss, found in ((1, 0.9, 0.6), (2, 1.0, right + 0.01)):
            journal.add(
                "epoch",
                {"epoch": epoch, "step": epoch, "train_loss": loss / 2, "train_accuracy": 0.9,
                 "validation_loss": loss, "validation_accuracy": found},
            )  # fmt: skip
        journal.add(
            "finished",
            {"reason": "early stopping", "epoch": 1, "test_accuracy": right, "test_loss": 0.8, "test_count": 10_000,
             "test_accuracy_by_class": [0.5, None], "seconds": seconds},
        )  # fmt: skip
    journal.close()
    return run
