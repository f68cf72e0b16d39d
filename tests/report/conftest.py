"""A run of a small convolutional network with all that a report can show of it."""

from dataclasses import asdict

import numpy as np
import pytest
import torch

from cnnviz.config import Cnn, RunConfig
from cnnviz.models import checkpoint, registry
from cnnviz.models.checkpoint import Card
from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.runs.metrics import Journal
from cnnviz.runs.run import Run
from cnnviz.train.events import EpochEnded, Finished
from tests.conftest import Bench

CLASSES = ("one", "two", "three", "four")


def made(config: RunConfig, *, seed: int = 0, accuracy: float = 0.4) -> Run:
    """A finished run of `config` under that seed, whose network was drawn and not trained."""
    config = config.model_copy(update={"seed": seed})
    run = running.create(config, *running.environment())
    torch.manual_seed(seed)
    model = registry.build(config.network, image_shape=(8, 8, 3), classes=4)
    card = Card(
        network=config.network, image_shape=(8, 8, 3), classes=CLASSES, mean=(0.5,) * 3, std=(0.25,) * 3,
        data=config.data.name, epoch=2, step=12,
    )  # fmt: skip
    (run.folder / "snapshots").mkdir()
    weights = {name: one * (1 + seed) for name, one in model.state_dict().items()}
    checkpoint.save(run.folder / "snapshots" / "last.safetensors", weights, card)
    filters = np.random.default_rng(seed).normal(size=(2, 4, 3, 3, 3)).astype(np.float16)
    np.savez(run.folder / "filters.npz", epochs=np.array([0, 2]), filters=filters)
    now = status.Status(state="finished", epoch=2, epochs=2, step=12, steps=12, updated=1.0)
    status.write(run.folder, now)
    journal = Journal(run.folder)
    way = {"device": "cpu", "precision": "fp32", "memory_format": "contiguous", "compile": False}
    journal.add(
        "started",
        {"execution": way, "device_name": "1 CPU thread", "parameters": 400, "train": 180, "validation": 20,
         "test": 60, "steps_per_epoch": 6, "classes": CLASSES, "image_shape": (8, 8, 3)},
    )  # fmt: skip
    for epoch in (1, 2):
        loss = 1.4 - 0.1 * epoch
        line = EpochEnded(
            epoch, 6 * epoch, loss, 0.4, loss + 0.1, accuracy, 0.05, 1.0, 900.0, 2.0 * epoch, 10**8, True
        )
        journal.add("epoch", asdict(line))
    by_class = (accuracy, accuracy, accuracy, None)
    journal.add("finished", asdict(Finished("completed", 2, 2, 1.3, accuracy, 60, by_class, 4.0, "")))
    journal.close()
    return run


@pytest.fixture
def small_cnn(tiny_config: RunConfig) -> RunConfig:
    return tiny_config.model_copy(
        update={"network": Cnn(convs=(4, 5), pool_after=(1,), linear=(6,)), "epochs": 2}
    )


@pytest.fixture
def looked_into(bench: Bench, tiny_data: str, small_cnn: RunConfig) -> Run:
    return made(small_cnn)
