"""`channel`: one channel of a layer, and how one cell of its map came by its number."""

from __future__ import annotations

import io
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from cnnviz import workspace
from cnnviz.cli import checkpoint, files
from cnnviz.cli.answer import answer, table
from cnnviz.cli.layers import layers_of
from cnnviz.cli.options import Channel, Fit, Force, Image, Invert, Json, LayerName, Network, Size, Snapshot
from cnnviz.cli.picture import picture
from cnnviz.errors import CnnvizError
from cnnviz.formatting import per_cent, whole_number
from cnnviz.index import store
from cnnviz.render.mosaic import grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnviz.cli.checkpoint import Source
    from cnnviz.explore.activations.cell import Cell
    from cnnviz.explore.channels.excitation import Excitation
    from cnnviz.models.checkpoint import Card


def channel(
    run: Network,
    layer: LayerName,
    number: Channel,
    *,
    cell: Annotated[
        str | None, typer.Option(metavar="ROW,COLUMN", help="Counted from 0; without it, the largest one.")
    ] = None,
    image: Image = None,
    size: Size = None,
    fit: Fit = "crop",
    snapshot: Snapshot = "last",
    invert: Invert = False,
    out: Annotated[
        Path | None, typer.Option(help="Write its map as .png, or map, input patch and kernel as .npz.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """One channel for one image: what a cell sees, its number worked out, and the prediction without the channel."""
    from cnnviz.explore.activations.activation_maps import channel_maps, predict, predict_without
    from cnnviz.explore.activations.cell import cell as worked_out
    from cnnviz.explore.inputs.preprocessing import as_input
    from cnnviz.explore.layers.receptive_field import box
    from cnnviz.explore.layers.structure import layer_named

    target = files.destination(out, suffixes=(".png", ".npz"), force=force) if out else None
    where, model, card = checkpoint.opened(run, snapshot)
    listed = layers_of(model, card, where.run, size=size)
    chosen = layer_named(listed, layer)
    name, pixels = picture(image, card)
    fed = as_input(pixels, card, invert=invert, size=size, way=fit)
    values = fed.values
    maps = channel_maps(model, values, layer)
    if number >= len(maps):
        raise CnnvizError(f"{layer} has channels 0 to {len(maps) - 1}, not {number}.")
    row, column = place(cell) if cell else map(int, np.unravel_index(maps[number].argmax(), maps.shape[1:]))
    try:
        found = worked_out(model, values, listed, layer, channel=number, row=row, column=column)
    except IndexError:
        raise CnnvizError(f"The map has cells 0,0 to {maps.shape[1] - 1},{maps.shape[2] - 1}.") from None
    if target:
        files.write(target, _content(target, maps[number], found))
    seen = None if chosen.field is None else box(chosen.field, row, column, image=fed.shape[1:])
    before, after = predict(model, values), predict_without(model, values, layer, number)
    top = int(before.argmax())
    known = _known(where, card, layer)
    document = {
        "checkpoint": where.document(card),
        "image": name,
        "size": list(fed.shape[1:]),
        "layer": layer,
        "channel": number,
        "cell": [row, column],
        "value": found.value,
        "sees": seen,
        "steps": [asdict(step) for step in found.steps],
        "class": card.classes[top],
        "probability": float(before[top]),
        "probability_without": float(after[top]),
        "test_images": _of_test_images(known, card, number) if known else None,
        "file": str(target) if target else None,
    }
    rows = [
        ["image", name],
        ["cell", f"row {row}, column {column} of {maps.shape[1]} × {maps.shape[2]}"],
        ["value", f"{found.value:.6g}"],
        [
            "sees",
            "–" if seen is None else f"rows {seen[0]} to {seen[2] - 1}, columns {seen[1]} to {seen[3] - 1}",
        ],
        *([step.layer, f"{step.title}: {step.formula}"] for step in found.steps),
        ["without it", f"{card.classes[top]} {per_cent(before[top])} becomes {per_cent(after[top])}"],
        *(_lines(known, card, number) if known else []),
        *([["written", str(target)]] if target else []),
    ]
    answer(document, table(rows), as_json=as_json)


def _content(target: Path, values: NDArray[np.float32], found: Cell) -> bytes:
    """The map as a picture, or with what the cell was worked out from."""
    if target.suffix.lower() == ".png":
        return grid(values[None], max_width=1024).png
    arrays: dict[str, Any] = {"map": values, "cell": np.array([found.row, found.column])}
    parts = {"patch": found.patch, "kernel": found.kernel, "contributions": found.contributions}
    arrays |= {name: part for name, part in parts.items() if part is not None}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def _known(where: Source, card: Card, layer: str) -> Excitation | None:
    """What excites the layer, if its test images were looked through (see `index`)."""
    if not card.data or where.run is None or where.run.folder.parent != workspace.checkpoints_root():
        return None
    run_id, snapshot = where.run.id, where.file.stem
    found = store.artifact(run_id, snapshot, card.data).load()
    return store.layer(found, layer) if found and layer in found.layers else None


def _of_test_images(known: Excitation, card: Card, number: int) -> dict[str, Any]:
    """What is known of a channel over the test images."""
    return {
        "count": known.count,
        "strongest": [one._asdict() for one in known.strongest(number)],
        "mean_by_class": dict(zip(card.classes, map(float, known.by_class(number)), strict=True)),
        "zeros": float(known.zeros[number]),
        "dead": bool(known.dead[number]),
        "class_selectivity": float(known.selectivity[number]),
    }


def _lines(known: Excitation, card: Card, number: int) -> list[list[str]]:
    best = ", ".join(f"test.{one.image} ({one.value:.3g})" for one in known.strongest(number, 9))
    means = known.by_class(number)
    top = [at for at in np.argsort(-means) if np.isfinite(means[at])][:3]
    return [
        ["excited most by", f"{best} of {known.count:,}"],
        ["mean by class", ", ".join(f"{card.classes[at]} {means[at]:.3g}" for at in top) + ", …"],
        ["zero", f"{per_cent(known.zeros[number])} of the time" + (": dead" if known.dead[number] else "")],
        ["class selectivity", f"{known.selectivity[number]:.2f}"],
    ]


def place(text: str) -> tuple[int, int]:
    row, _, column = text.partition(",")
    found = whole_number(row.strip()), whole_number(column.strip())
    if found[0] is None or found[1] is None:
        raise typer.BadParameter(f"{text[:40]!r} is not ROW,COLUMN, such as 3,4.", param_hint="--cell")
    return found[0], found[1]
