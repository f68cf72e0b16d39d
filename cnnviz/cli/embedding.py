"""`embedding`: a map of test images by what a layer makes of them, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from cnnviz.cli import checkpoint, files, progress
from cnnviz.cli.answer import answer
from cnnviz.cli.options import Force, Json, Network, Seed, Snapshot
from cnnviz.diagnosis import embedding_file, embedding_words
from cnnviz.diagnosis.embedding import METHODS, Embedding, embed
from cnnviz.diagnosis.embedding_file import ImageFeatures
from cnnviz.errors import CnnvizError, NotFound
from cnnviz.progress import Work

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.data.prepared import Dataset
    from cnnviz.explore.predictions import Predictions
    from cnnviz.models.checkpoint import Card

_SUFFIXES = (".csv", ".npz", ".png")


def embedding(
    run: Network,
    *,
    layer: Annotated[
        str | None, typer.Option(help="As `layers` lists it; without it, what the last linear layer reads.")
    ] = None,
    method: Annotated[
        str, typer.Option(help=f"How features are laid out in a plane: {', '.join(METHODS)}.")
    ] = "pca",
    images: Annotated[int, typer.Option(min=5, help="How many test images, evenly spaced.")] = 500,
    perplexity: Annotated[int | None, typer.Option(min=2, help="Of t-SNE.")] = None,
    neighbours: Annotated[int | None, typer.Option(min=2, help="Of UMAP.")] = None,
    seed: Seed = 0,
    snapshot: Snapshot = "last",
    out: Annotated[
        Path | None, typer.Option(help="Write the points as .csv, the map as .png, or features as .npz.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """A map of test images by a layer's features: PCA, t-SNE or UMAP, with a figure of its trustworthiness."""
    if method not in METHODS:
        raise NotFound("method", method, available=METHODS)
    given = {"perplexity": perplexity, "neighbours": neighbours}
    options = {name: value for name, value in given.items() if value is not None}
    for name in options:
        if name not in METHODS[method].options:
            raise typer.BadParameter(f"{METHODS[method].title} takes none.", param_hint=f"--{name}")
    missing = METHODS[method].missing
    if missing:
        raise CnnvizError(missing)
    target = files.destination(out, suffixes=_SUFFIXES, force=force) if out else None
    where, model, card = checkpoint.opened(run, snapshot)
    data = checkpoint.data_of(card)

    from cnnviz.explore.predictions import some_of

    numbers = some_of(len(data.test_labels), images)
    name = layer or _penultimate(model, card)
    rows = progress.run(_rows(model, card, data, layer=name, numbers=numbers), "Looking")
    with progress.reporting(METHODS[method].title) as report:
        found = embed(
            rows.features, method=method, labels=rows.labels, seed=seed, options=options, report=report
        )
    said = progress.run(_said(model, card, data, numbers), "Predicting")
    if target:
        title = f"{where.name}: {len(numbers):,} test images by {name}"
        files.write(target, _CONTENTS[target.suffix.lower()](rows, found, said, card, title))
    document = {
        "checkpoint": where.document(card),
        "layer": name,
        "images": len(numbers),
        "of": len(data.test_labels),
        **embedding_file.about(found),
        "points": [
            {
                "image": f"test.{number}",
                "x": float(x),
                "y": float(y),
                "class": card.classes[label],
                "predicted": card.classes[guess],
            }
            for number, (x, y), label, guess in zip(
                numbers, found.points, rows.labels, said.guesses, strict=True
            )
        ],
        "file": str(target) if target else None,
    }
    text = (
        f"{where.name} (epoch {card.epoch}), {len(numbers):,} of {len(data.test_labels):,} test images of {card.data}\n"
        f"{found.width:,} features of {name}, {embedding_words.how(found)}\n{embedding_words.trust(found)}"
    )
    answer(document, text, as_json=as_json)


def _penultimate(model: nn.Module, card: Card) -> str:
    from cnnviz.explore.features import penultimate
    from cnnviz.explore.layers.structure import layers

    height, width, channels = card.image_shape
    return penultimate(layers(model, (channels, height, width)))


def _rows(model: nn.Module, card: Card, data: Dataset, *, layer: str, numbers: Any) -> Work[ImageFeatures]:
    from cnnviz.explore.features import features

    found = yield from features(model, card, data.test_images, layer=layer, numbers=numbers)
    return ImageFeatures(found, numbers, np.asarray(data.test_labels)[numbers])


def _said(model: nn.Module, card: Card, data: Dataset, numbers: Any) -> Work[Predictions]:
    from cnnviz.explore.predictions import predicting

    return predicting(model, card, data.test_images, data.test_labels, numbers=numbers, of="test images")


def _csv(rows: ImageFeatures, found: Embedding, said: Predictions, card: Card, title: str) -> bytes:
    text = embedding_words.table(
        found, rows.numbers, rows.labels, said.guesses, sureness=said.sureness, names=card.classes, prefix="test"
    )  # fmt: skip
    return text.encode()


def _npz(rows: ImageFeatures, found: Embedding, said: Predictions, card: Card, title: str) -> bytes:
    return embedding_file.archive(rows, found)


def _png(rows: ImageFeatures, found: Embedding, said: Predictions, card: Card, title: str) -> bytes:
    from cnnviz.render.marks import by_class
    from cnnviz.render.scatter import picture

    lines = (title, f"{embedding_words.how(found)}; trustworthiness {found.trust:.3f}")
    marks = by_class(rows.labels, said.right, card.classes)
    return picture(found.points, marks, axes=embedding_words.axes(found), lines=lines)


_CONTENTS: dict[str, Callable[[ImageFeatures, Embedding, Predictions, Card, str], bytes]] = {
    ".csv": _csv,
    ".npz": _npz,
    ".png": _png,
}
