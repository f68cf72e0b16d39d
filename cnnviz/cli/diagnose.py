"""`diagnose`: where a network fails: confusion, scores by class, calibration, images to look at first."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from cnnviz.cli import checkpoint, files, progress
from cnnviz.cli.answer import answer, table
from cnnviz.cli.options import Force, ImageCount, Json, Network, Snapshot
from cnnviz.config import Data
from cnnviz.errors import CnnvizError
from cnnviz.formatting import accuracy, per_cent

if TYPE_CHECKING:
    from cnnviz.diagnosis.scores import ClassScore
    from cnnviz.explore.predictions import Predictions
    from cnnviz.models.checkpoint import Card

_HEAD = ["CLASS", "IMAGES", "PRECISION", "RECALL", "F1"]


class Split(StrEnum):
    test = "test"
    validation = "validation"


def diagnose(
    run: Network,
    *,
    snapshot: Snapshot = "last",
    split: Annotated[Split, typer.Option(help="Images of which split.")] = Split.test,
    count: ImageCount = 2000,
    bins: Annotated[int, typer.Option(min=1, max=100, help="Bins of the calibration.")] = 15,
    most: Annotated[int, typer.Option(min=0, help="Images in each list.")] = 20,
    out: Annotated[Path | None, typer.Option(help="Write the scores by class as .csv.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Confusion, precision, recall, F1, calibration with temperature, surest mistakes, labels to check."""
    from cnnviz.diagnosis import scores

    target = files.destination(out, suffixes=(".csv",), force=force) if out else None
    where, model, card = checkpoint.opened(run, snapshot)
    data = checkpoint.data_of(card)
    if split is Split.validation and where.run is None:
        raise CnnvizError("A file alone does not say which images validated it: name its run.")
    how = where.run.config.data if where.run else Data(name=card.data)

    from cnnviz.explore.predictions import SPLITS, predicting, some_of

    pool = SPLITS[split.value](data, how)
    numbers = pool.numbers[some_of(len(pool.numbers), count)]
    work = predicting(model, card, pool.images, pool.labels, numbers=numbers, of=f"{split.value} images")
    found = progress.run(work, "Predicting")
    by_class = scores.by_class(found.confusion(), card.classes)
    if target:
        files.write(target, scores.table(by_class).encode())
    document = {
        "checkpoint": where.document(card),
        "split": split.value,
        "of": len(pool.numbers),
        **_document(found, by_class, card, bins=bins, most=most, prefix=_PREFIX[split]),
        "file": str(target) if target else None,
    }
    of = f"{len(found):,} of {len(pool.numbers):,} {split.value} images of {card.data}"
    title = f"{where.name} (epoch {card.epoch}), {of}"
    answer(document, f"{title}\n{_text(document, by_class, card)}", as_json=as_json)


_PREFIX = {Split.test: "test", Split.validation: "train"}
"""What names of images begin with: validation images are some of the training images."""


def _document(
    found: Predictions, by_class: tuple[ClassScore, ...], card: Card, *, bins: int, most: int, prefix: str
) -> dict[str, Any]:
    from cnnviz.diagnosis import calibration, label_errors, ranking, scores, temperature

    labels, shares = found.labels, found.probabilities
    fitted = temperature.scaling(labels, shares, bins=bins)
    suspects = label_errors.suspects(labels, shares)

    def images(places: Any) -> list[dict[str, Any]]:
        return [
            {
                "image": f"{prefix}.{found.numbers[place]}",
                "class": card.classes[labels[place]],
                "predicted": card.classes[found.guesses[place]],
                "probability": float(found.sureness[place]),
                "probability_of_class": float(shares[place, labels[place]]),
            }
            for place in places[:most]
        ]

    return {
        "images": len(found),
        "accuracy": float(found.right.mean()),
        "top_5": ranking.top_k_accuracy(labels, shares, 5),
        "macro_f1": scores.macro_f1(by_class),
        "classes": [asdict(one) for one in by_class],
        "confusion": found.confusion().tolist(),
        "calibration": asdict(calibration.calibration(labels, shares, bins=bins)),
        "temperature": asdict(fitted) if fitted else None,
        "surest_mistakes": images(ranking.surest_mistakes(labels, shares)),
        "least_sure": images(ranking.least_sure(shares)),
        "labels_to_check": {
            "count": len(suspects),
            "images": images(np.array([one.place for one in suspects], np.int64)),
        },
    }


def _text(document: dict[str, Any], by_class: tuple[ClassScore, ...], card: Card) -> str:
    from cnnviz.diagnosis.confusion import commonest

    def share(value: float | None, error: float | None) -> str:
        return "–" if value is None else per_cent(value, error or 0)

    rows = [
        [
            one.name, f"{one.support:,}", share(one.precision, one.precision_error),
            share(one.recall, one.recall_error), share(one.f1, one.f1_error),
        ]
        for one in by_class
    ]  # fmt: skip
    count = document["images"]
    lines = [
        f"Accuracy {accuracy(document['accuracy'], count)}, top 5 {accuracy(document['top_5'], count)}",
        table([_HEAD, *rows], right=range(1, 5)),
    ]
    worst = commonest(np.array(document["confusion"]), most=3)
    if worst:
        listed = "; ".join(f"{card.classes[a]} taken for {card.classes[b]} ({n})" for a, b, n in worst)
        lines.append(f"Most often: {listed}")
    said = document["calibration"]
    lines.append(
        f"Calibration: ECE {100 * said['ece']:.1f} points, MCE {100 * said['mce']:.1f} ({said['of']} bins)"
    )
    fitted = document["temperature"]
    if fitted and not fitted["at_bound"]:
        lines.append(
            f"Temperature {fitted['temperature']:.2f}, fitted on {fitted['fitted_on']:,} images: ECE of the "
            f"others {100 * fitted['before']['ece']:.1f} → {100 * fitted['after']['ece']:.1f} points"
        )
    sure = ", ".join(
        f"{one['image']} ({one['class']} taken for {one['predicted']}, {per_cent(one['probability'])})"
        for one in document["surest_mistakes"][:5]
    )
    lines.append(f"Surest mistakes: {sure or 'none'}")
    lines.append(f"Labels to check (a list to look at, no verdict): {document['labels_to_check']['count']:,}")
    return "\n".join(lines)
