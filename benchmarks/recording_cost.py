"""What it costs a plain training loop to tell `cnnviz.record` how it goes."""

import time
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from benchmarks.images import environment, images, source
from benchmarks.pairs import SHARE, Row, spread
from benchmarks.sessions import recipe
from cnnviz.library.recording import Recording, record
from cnnviz.models.registry import build

_BATCH = 128


def measure(*, quick: bool) -> list[Row]:
    """One row: what of whole epochs stays with the loop; before them, the graph of the network is written once."""
    dataset = images()
    model = build(recipe("imagenet").network, image_shape=dataset.image_shape, classes=len(dataset.classes))
    start = time.perf_counter()
    with TemporaryDirectory() as checkpoints, environment(CNNVIZ_CHECKPOINTS=checkpoints):
        pixels = torch.tensor(dataset.train_images[:_BATCH]).permute(0, 3, 1, 2).float() / 255
        with record(model, pixels, epochs=2, classes=10) as recording:
            begun = time.perf_counter() - start
            kept = [
                100 * (1 - spent / whole)
                for spent, whole in (epoch(model, recording) for _ in range(1 if quick else 2))
            ]
    cost = spread([100 - one for one in kept])
    return [
        Row(
            name="recording",
            what="of a plain loop's time (ResNet-18 with 7×7 stem, batch 128, fp32, Adam), what stays with it while "
            f"step() of every batch and epoch() with snapshots are told to record(); whole epochs; {source()}",
            unit=SHARE,
            ours=kept,
            theirs=[100.0] * len(kept),
            target=0.99,
            notes=[
                f"cost {cost.median:.2f} % ({cost.low:.2f}..{cost.high:.2f} %)",
                f"not counted: {begun:.1f} s before the first step, for the graph and the untrained weights",
            ],
        )
    ]


def epoch(model: nn.Module, recording: Recording, *, steps: int | None = None) -> tuple[float, float]:
    """Seconds that recording took of an epoch, and those of all of it."""
    dataset = images()
    optimiser = torch.optim.Adam(model.parameters())
    spent = 0.0

    def told(tell: Callable[..., None], **figures: Any) -> None:
        nonlocal spent
        before = time.perf_counter()
        tell(**figures)
        spent += time.perf_counter() - before

    model.train()
    start = time.perf_counter()
    for at in range(steps or len(dataset.train_labels) // _BATCH):
        part = slice(at * _BATCH, (at + 1) * _BATCH)
        pixels = torch.tensor(dataset.train_images[part]).permute(0, 3, 1, 2).float() / 255
        labels = torch.tensor(dataset.train_labels[part]).long()
        logits = model(pixels)
        loss = nn.functional.cross_entropy(logits, labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        right = (logits.argmax(1) == labels).float().mean()
        told(recording.step, loss=loss, accuracy=right, images=len(labels))
    told(recording.epoch, validation_loss=loss)
    return spent, time.perf_counter() - start
