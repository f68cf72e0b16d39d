"""`layers`: every layer of a network, what it learns, computes and sees."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnviz.cli import checkpoint, files
from cnnviz.cli.answer import answer, table
from cnnviz.cli.options import Force, Json, Network, Size, Snapshot

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.explore.layers.structure import Layer
    from cnnviz.models.checkpoint import Card
    from cnnviz.runs.run import Run

_HEAD = ["LAYER", "KIND", "OUTPUT", "PARAMETERS", "", "MACS", "SEES", ""]


def layers(
    run: Network,
    *,
    snapshot: Snapshot = "last",
    size: Size = None,
    out: Annotated[Path | None, typer.Option(help="Write the table as .csv.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """All layers in the order in which they run: sizes, parameters, multiply-accumulates, receptive fields."""
    target = files.destination(out, suffixes=(".csv",), force=force) if out else None
    where, model, card = checkpoint.opened(run, snapshot)
    listed = layers_of(model, card, where.run, size=size)
    if target:
        content = io.StringIO()
        csv.writer(content).writerows([_HEAD, *map(_row, listed)])
        files.write(target, content.getvalue().encode())
    document = {
        "checkpoint": where.document(card),
        "parameters": sum(one.parameters for one in listed),
        "macs": sum(one.macs for one in listed),
        "layers": [asdict(one) for one in listed],
        "file": str(target) if target else None,
    }
    answer(document, listing(listed), as_json=as_json)


def layers_of(model: nn.Module, card: Card, run: Run | None, *, size: int | None = None) -> list[Layer]:
    """The layers of a checkpoint's network, with what its run has frozen, for images of height `size`.

    Raises ConfigError where it can't read these.
    """
    from cnnviz.explore.layers import input_sizes, structure
    from cnnviz.models.freezing import frozen_weights

    input_sizes.check(model, card, size)
    height, width, channels = input_sizes.shape_at(card, size)
    frozen = frozen_weights(model, run.config.freeze) if run else set()
    return structure.layers(model, (channels, height, width), frozen=frozen)


def listing(listed: Sequence[Layer]) -> str:
    """The layers as a table, with their sums below."""
    total = f"{sum(one.parameters for one in listed):,}", "", f"{sum(one.macs for one in listed):,}"
    return table([_HEAD, *map(_row, listed), ["all", "", "", *total, "", ""]], right=[3, 5])


def _row(layer: Layer) -> list[str]:
    return [
        layer.name,
        layer.kind,
        "×".join(map(str, layer.output_shape)),
        f"{layer.parameters:,}",
        layer.arithmetic,
        f"{layer.macs:,}",
        _sees(layer),
        "frozen" if layer.frozen else "",
    ]


def _sees(layer: Layer) -> str:
    """What a cell of the layer sees of the image."""
    if layer.field is None:
        return ""
    return "all" if layer.field.whole else "×".join(map(str, layer.field.size))
