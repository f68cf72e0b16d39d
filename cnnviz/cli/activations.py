"""`activations`: what one layer makes of one image."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cnnviz.cli import checkpoint, files
from cnnviz.cli.answer import answer, table
from cnnviz.cli.layers import layers_of, listing
from cnnviz.cli.options import Fit, Force, Image, Invert, Json, Network, Size, Snapshot
from cnnviz.cli.picture import picture
from cnnviz.errors import CnnvizError
from cnnviz.formatting import per_cent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cnnviz.explore.activations.activation_maps import MapSummary
    from cnnviz.explore.layers.structure import Layer
    from cnnviz.models.checkpoint import Card

_TOP = 5


def activations(
    run: Network,
    *,
    layer: Annotated[str | None, typer.Option(help="Without it, all layers are listed.")] = None,
    image: Image = None,
    size: Size = None,
    fit: Fit = "crop",
    snapshot: Snapshot = "last",
    scale: Annotated[
        Literal["layer", "channel"], typer.Option(help="One colour scale for the layer, or one a channel.")
    ] = "layer",
    invert: Invert = False,
    out: Annotated[
        Path | None, typer.Option(help="Write all maps: a mosaic as .png, or arrays as .npz.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Activations of one layer for one image: a summary, the prediction, and all maps in a file."""
    if layer is None and out is not None:
        raise typer.BadParameter("--out needs a --layer.", param_hint="--out")
    target = files.destination(out, suffixes=(".png", ".npz"), force=force) if out else None
    where, model, card = checkpoint.opened(run, snapshot)
    listed = layers_of(model, card, where.run, size=size)
    if layer is None:
        document: dict[str, Any] = {
            "checkpoint": where.document(card),
            "layers": [asdict(one) for one in listed],
        }
        answer(document, listing(listed), as_json=as_json)
        return

    from cnnviz.explore.activations import activation_maps as exploring
    from cnnviz.explore.inputs.preprocessing import as_input
    from cnnviz.explore.layers.structure import layer_named

    chosen = layer_named(listed, layer)
    name, pixels = picture(image, card)
    fed = as_input(pixels, card, invert=invert, size=size, way=fit)
    values = fed.values
    maps = exploring.channel_maps(model, values, layer)
    summary = exploring.summary(maps)
    prediction = _top(exploring.predict(model, values), card)
    usual = as_input(pixels, card, invert=invert, way=fit)
    trained = _top(exploring.predict(model, usual.values), card) if usual.shape != fed.shape else []
    if target:
        files.write(target, _content(target, maps, layer, scale))
    document = {
        "checkpoint": where.document(card),
        "image": name,
        "size": list(fed.shape[1:]),
        "layer": asdict(chosen),
        "summary": asdict(summary),
        "prediction": [{"class": one, "probability": share} for one, share in prediction],
        "prediction_at_training_size": [{"class": one, "probability": share} for one, share in trained]
        or None,
        "file": str(target) if target else None,
    }
    rows = _rows(name, chosen, summary, prediction, target)
    if trained:
        height, width, _ = card.image_shape
        rows.append([f"at {height}×{width}, as trained", f"{trained[0][0]} {per_cent(trained[0][1])}"])
    text = table(rows)
    answer(document, text, as_json=as_json)


def _top(probabilities: NDArray[np.float64], card: Card) -> list[tuple[str, float]]:
    order = (-probabilities).argsort(kind="stable")[:_TOP]
    return [(card.classes[number], float(probabilities[number])) for number in order]


def _content(path: Path, maps: NDArray[np.float32], layer: str, scale: Literal["layer", "channel"]) -> bytes:
    """PNG or npz of all maps, as the name of the file says."""
    import numpy as np

    from cnnviz.render.mosaic import grid

    if path.suffix.lower() == ".png":
        try:
            return grid(maps, scale=scale).png
        except ValueError as error:
            raise CnnvizError(f"{error} Or write them as .npz.") from None
    content = io.BytesIO()
    np.savez_compressed(content, activations=maps, layer=layer)
    return content.getvalue()


def _rows(
    image: str, layer: Layer, found: MapSummary, prediction: Sequence[tuple[str, float]], file: Path | None
) -> list[list[str]]:
    dead = ", ".join(map(str, found.dead[:8])) + (", …" if len(found.dead) > 8 else "")
    rows = [
        ["image", image],
        ["layer", layer.label],
        ["minimum", f"{found.minimum:.6g}"],
        ["maximum", f"{found.maximum:.6g}"],
        ["mean", f"{found.mean:.6g}"],
        ["zeros", f"{per_cent(found.zeros)} of values"],
        ["dead channels", f"{len(found.dead):,} of {found.channels:,}" + (f": {dead}" if dead else "")],
    ]
    if found.not_finite:
        rows.append(["not finite", f"{found.not_finite:,} values"])
    rows += [
        ["prediction" if not rank else "", f"{one} {per_cent(share)}"]
        for rank, (one, share) in enumerate(prediction)
    ]
    return rows + ([["file", str(file)]] if file else [])
