"""`robustness`: accuracy against the strength of a perturbation, over a sample of the test set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnviz.cli import checkpoint, files, progress
from cnnviz.cli.answer import answer, table
from cnnviz.cli.options import Force, Json, Network, Seed, Snapshot
from cnnviz.data.perturbation import PERTURBATIONS
from cnnviz.formatting import accuracy, per_cent
from cnnviz.registry import entry

if TYPE_CHECKING:
    from cnnviz.explore.robustness.curve import Curve

_HEAD = ["STRENGTH", "ACCURACY", "TRUE CLASS"]


def robustness(
    run: Network,
    *,
    perturbation: Annotated[
        list[str] | None,
        typer.Option(
            help=f"How the images are shaken; several by giving it again. One of {', '.join(PERTURBATIONS)}; "
            "without it, rotation."
        ),
    ] = None,
    images: Annotated[
        int, typer.Option(min=1, help="How many test images, drawn from every class alike.")
    ] = 500,
    seed: Seed = 0,
    snapshot: Snapshot = "last",
    out: Annotated[Path | None, typer.Option(help="Write the curves as .csv.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Accuracy on test images that are shifted, turned, covered, blurred or otherwise shaken, by strength."""
    from cnnviz.explore.robustness.accuracy import robustness as measuring
    from cnnviz.explore.robustness.curve import sample
    from cnnviz.explore.robustness.curve import table as as_csv

    wanted = list(dict.fromkeys(perturbation or ["rotation"]))
    for name in wanted:
        entry("perturbation", name, PERTURBATIONS)
    target = files.destination(out, suffixes=(".csv",), force=force) if out else None
    where, model, card = checkpoint.opened(run, snapshot)
    data = checkpoint.data_of(card, any_size=True)
    numbers = sample(data.test_labels, count=images, seed=seed, data=card.data)
    curves = [
        progress.run(
            measuring(
                model, card, data.test_images, data.test_labels,
                numbers=numbers, perturbation=name, seed=seed,
            ),
            "Shaking",
        )
        for name in wanted
    ]  # fmt: skip
    if target:
        files.write(target, as_csv(curves).encode())
    document = {
        "checkpoint": where.document(card),
        "images": len(numbers),
        "chance": curves[0].chance,
        "curves": [asdict(one) for one in curves],
        "file": str(target) if target else None,
    }
    title = (
        f"{where.name} (epoch {card.epoch}) over {len(numbers):,} test images of {card.data}; "
        f"guessing scores {per_cent(curves[0].chance)}"
    )
    answer(document, "\n\n".join([title, *map(_text, curves)]), as_json=as_json)


def _text(curve: Curve) -> str:
    shaking = PERTURBATIONS[curve.perturbation]
    setting = shaking.settings[shaking.strength]
    rows = [
        [setting.words(strength), accuracy(share, curve.count), per_cent(sure)]
        for strength, share, sure in zip(curve.strengths, curve.accuracy, curve.true_probability, strict=True)
    ]
    return f"{shaking.title}: {shaking.what}\n{table([_HEAD, *rows], right=range(3))}"
