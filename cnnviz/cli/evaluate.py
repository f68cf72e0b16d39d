"""`evaluate`: how well a trained network does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cnnviz.cli import checkpoint, progress
from cnnviz.cli.answer import answer, table
from cnnviz.cli.checkpoint import Source
from cnnviz.cli.options import Json, Network, Snapshot
from cnnviz.config import Data
from cnnviz.errors import ConfigError
from cnnviz.formatting import accuracy, standard_error

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.data.batches import Images
    from cnnviz.data.prepared import Dataset
    from cnnviz.models.checkpoint import Card
    from cnnviz.train.evaluate import Score

Split = Literal["test", "validation", "train"]
Device = Literal["auto", "cpu", "cuda", "mps"]


def evaluate(
    run: Network,
    *,
    snapshot: Snapshot = "last",
    split: Annotated[
        Split, typer.Option(help="Which images; validation and train as the run split them.")
    ] = "test",
    device: Annotated[Device, typer.Option(help="Where to compute.")] = "auto",
    as_json: Json = False,
) -> None:
    """Loss and accuracy of a trained network, over all and by class, computed in float32."""
    where, model, card = checkpoint.opened(run, snapshot)
    data = checkpoint.data_of(card)
    images = _images(where, data, split)
    score, counts = _score(model, card, images, device=device, split=split)
    classes = {
        name: {
            "accuracy": share,
            "standard_error": None if share is None else standard_error(share, count),
            "count": count,
        }
        for name, share, count in zip(card.classes, score.by_class, counts, strict=True)
    }
    document = {
        "checkpoint": where.document(card),
        "split": split,
        "count": score.count,
        "loss": score.loss,
        "accuracy": score.accuracy,
        "standard_error": standard_error(score.accuracy, score.count),
        "by_class": classes,
    }
    title = f"{where.name} (epoch {card.epoch}) on {score.count:,} {split} images of {card.data}"
    answer(document, f"{title}\n{_text(score, classes)}", as_json=as_json)


def _text(score: Score, classes: dict[str, Any]) -> str:
    rows = [
        ["accuracy", accuracy(score.accuracy, score.count), "standard error"],
        ["loss", f"{score.loss:.4f}", ""],
    ]
    for name, found in classes.items():
        share, count = found["accuracy"], found["count"]
        rows.append([f"  {name}", "–" if share is None else accuracy(share, count), f"{count:,} images"])
    return table(rows)


def _images(where: Source, data: Dataset, split: Split) -> tuple[Any, Any, Any]:
    """Pixels and labels that hold the split, and the indices of its images in them."""
    from cnnviz.data import split as splitting

    if split == "test":
        how = where.run.config.data if where.run else Data()
        return data.test_images, data.test_labels, splitting.for_test(data, how)
    if where.run is None:
        raise ConfigError(f"{where.file.name} alone does not say how its data was split: use --split test.")
    train, validation = splitting.of_run(data, where.run.config.data)
    return data.train_images, data.train_labels, train if split == "train" else validation


def _score(
    model: nn.Module, card: Card, images: tuple[Any, Any, Any], *, device: Device, split: Split
) -> tuple[Score, list[int]]:
    """The score, and the number of images of each class."""
    import torch

    from cnnviz.data.batches import Normalise, on_device
    from cnnviz.train.execution import Execution, find_device

    place = torch.device(find_device(device))
    here: Images = on_device(*images, place, card.image_shape[:2])
    normalise = Normalise.of(card.mean, card.std, place)
    model = Execution(place.type).arrange(model)
    counts = here.labels.bincount(minlength=len(card.classes)).tolist()
    return _evaluated(model, here, normalise, len(card.classes), split), counts


def _evaluated(model: nn.Module, images: Images, normalise: Any, classes: int, split: Split) -> Score:
    from cnnviz.train.evaluate import evaluating

    work = evaluating(model, images, normalise, classes=classes, of=f"{split} images")
    return progress.run(work, "Evaluating")
