"""Runs to look at that nobody has to train first."""

import time
from pathlib import Path

from benchmarks.sessions import Stem
from cnnviz.config import Data, ResNet18, RunConfig
from cnnviz.data import catalogue
from cnnviz.data.split import IMAGENET_MEAN, IMAGENET_STD
from cnnviz.models import checkpoint
from cnnviz.models.registry import build
from cnnviz.runs import run as runs
from cnnviz.runs import status


def untrained(*, size: int = 32, stem: Stem = "cifar", data: str = "shapes") -> runs.Run:
    """A finished run of a network with random weights."""
    network = ResNet18(stem=stem)
    config = RunConfig(title=f"Benchmark {size} px", data=Data(name=data), network=network, epochs=1)
    run = runs.create(config, *runs.environment())
    model = build(network, image_shape=(size, size, 3), classes=10)
    card = checkpoint.Card(
        network=network,
        image_shape=(size, size, 3),
        classes=catalogue.load(data).classes,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        data=data,
        epoch=0,
        step=0,
    )
    snapshots: Path = run.folder / "snapshots"
    snapshots.mkdir()
    checkpoint.save(snapshots / "last.safetensors", model.state_dict(), card)
    status.write(run.folder, status.Status(state="finished", epochs=1, updated=time.time()))
    return run
