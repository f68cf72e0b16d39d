"""`statistics`: how the layers of a network differ from first to last, over many images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnviz.cli import checkpoint, files, progress
from cnnviz.cli.answer import answer, table
from cnnviz.cli.options import Force, ImageCount, Json, Network, Snapshot
from cnnviz.errors import NotFound
from cnnviz.formatting import per_cent

if TYPE_CHECKING:
    from cnnviz.explore.statistics.profile import LayerStatistics
    from cnnviz.models.checkpoint import Card

_HEAD = ["LAYER", "KIND", "ZEROS", "DEAD", "SPREAD", "SELECTIVE", "PROBE", "FIELD, PX", "OF"]


def statistics(
    run: Network,
    *,
    images: ImageCount = 500,
    of_class: Annotated[
        str | None, typer.Option("--class", help="Only images of this class, by its name; without it, all.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--every", help="List every layer, not only blocks and activations.")
    ] = False,
    snapshot: Snapshot = "last",
    out: Annotated[Path | None, typer.Option(help="Write every layer as .csv.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Sparsity, dead channels, spread, class selectivity, linear probe and effective field of every layer."""
    from cnnviz.explore.statistics import profile
    from cnnviz.explore.statistics.layer_statistics import statistics as measuring

    target = files.destination(out, suffixes=(".csv",), force=force) if out else None
    where, model, card = checkpoint.opened(run, snapshot)
    number = _class(card, of_class)
    data = checkpoint.data_of(card)
    chosen = profile.sample(data.test_labels, count=images, of_class=number, data=card.data)
    found = progress.run(
        measuring(model, card, data.test_images, data.test_labels, numbers=chosen, of_class=of_class),
        "Measuring",
    )
    if target:
        files.write(target, profile.table(found).encode())
    document = {
        "checkpoint": where.document(card),
        **asdict(found),
        "file": str(target) if target else None,
    }
    title = f"{where.name} (epoch {card.epoch}) over {found.images:,} test images of {found.data}"
    listed = found.layers if every else found.main
    answer(
        document,
        f"{title}, {f'only {of_class}' if of_class else 'all classes'}\n{_text(listed)}",
        as_json=as_json,
    )


def _class(card: Card, name: str | None) -> int | None:
    if name is None:
        return None
    if name not in card.classes:
        raise NotFound("class", name, available=card.classes)
    return card.classes.index(name)


def _text(layers: Sequence[LayerStatistics]) -> str:
    return table([_HEAD, *map(_row, layers)], right=range(2, len(_HEAD)))


def _row(one: LayerStatistics) -> list[str]:
    def share(value: float | None, error: float | None = None) -> str:
        if value is None:
            return "–"
        return per_cent(value, error)

    return [
        one.layer,
        one.kind,
        share(one.zeros, one.zeros_error),
        share(one.dead),
        share(one.spread, one.spread_error),
        share(one.selectivity),
        share(one.probe, one.probe_error),
        "–" if one.effective_field is None else str(one.effective_field),
        "all" if one.field is None else str(one.field),
    ]
