"""`predictions`: what a network says of the test images, one by one."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cnnviz.cli import checkpoint, files, progress
from cnnviz.cli.answer import answer, table
from cnnviz.cli.options import Force, ImageCount, Json, Network, Snapshot
from cnnviz.errors import NotFound
from cnnviz.formatting import accuracy, per_cent

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.data.prepared import Dataset
    from cnnviz.explore.predictions import Predictions
    from cnnviz.models.checkpoint import Card

_HEAD = ["IMAGE", "CLASS", "PREDICTED", "PROBABILITY"]


def predictions(
    run: Network,
    *,
    snapshot: Snapshot = "last",
    count: ImageCount = 2000,
    truth: Annotated[str | None, typer.Option(metavar="CLASS", help="Only images of this class.")] = None,
    guess: Annotated[
        str | None, typer.Option("--predicted", metavar="CLASS", help="Only images that are taken for it.")
    ] = None,
    right: Annotated[
        bool | None, typer.Option("--right/--wrong", help="Only those that are right, or wrong.")
    ] = None,
    order: Annotated[
        Literal["number", "surest", "unsure"], typer.Option(help="By number, surest or least sure first.")
    ] = "number",
    most: Annotated[int, typer.Option(min=1, help="Lines that are shown; --json and --out hold all.")] = 20,
    out: Annotated[Path | None, typer.Option(help="Write the list as .csv.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Test images with what the network says of them: all, right or wrong ones, surest or least sure first."""
    target = files.destination(out, suffixes=(".csv",), force=force) if out else None
    where, model, card = checkpoint.opened(run, snapshot)
    data = checkpoint.data_of(card)
    is_of, taken_for = _number(truth, card), _number(guess, card)
    found = _predicted(model, card, data, count)
    at = found.where(truth=is_of, guess=taken_for, right=right, order=order)
    rows = [
        (int(number), card.classes[label], card.classes[top], float(sure))
        for number, label, top, sure in zip(
            found.numbers[at], found.labels[at], found.guesses[at], found.sureness[at], strict=True
        )
    ]
    if target:
        content = io.StringIO()
        csv.writer(content).writerows([_HEAD, *rows])
        files.write(target, content.getvalue().encode())
    share = float(found.right.mean())
    document: dict[str, Any] = {
        "checkpoint": where.document(card),
        "count": len(found),
        "of": len(data.test_labels),
        "accuracy": share,
        "confusion": found.confusion().tolist(),
        "images": [
            dict(zip(("number", "class", "predicted", "probability"), row, strict=True)) for row in rows
        ],
        "file": str(target) if target else None,
    }
    shown = [[f"test.{row[0]}", row[1], row[2], per_cent(row[3])] for row in rows[:most]]
    more = f", of which {most:,} are shown" if len(rows) > most else ""
    text = (
        f"{len(rows):,} of {len(found):,} test images of {card.data}{more}; "
        f"{accuracy(share, len(found))} of the {len(found):,} are right"
    )
    answer(document, "\n".join([text, table([_HEAD, *shown], right=[3])]), as_json=as_json)


def _number(name: str | None, card: Card) -> int | None:
    if name is None:
        return None
    if name not in card.classes:
        raise NotFound("class", name, available=card.classes)
    return card.classes.index(name)


def _predicted(model: nn.Module, card: Card, data: Dataset, count: int) -> Predictions:
    from cnnviz.explore.predictions import predicting, some_of

    numbers = some_of(len(data.test_labels), count)
    work = predicting(model, card, data.test_images, data.test_labels, numbers=numbers, of="test images")
    return progress.run(work, "Predicting")
