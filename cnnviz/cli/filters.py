"""`filters`: the filters of a layer, which are dead or near-duplicates, and what each is most like."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cnnviz.cli import checkpoint, files, progress
from cnnviz.cli.answer import answer, table, tell
from cnnviz.cli.options import Force, Json, Network
from cnnviz.errors import CnnvizError
from cnnviz.progress import Progress, Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cnnviz.explore.filters.history import History
    from cnnviz.explore.filters.redundancy import Redundancy
    from cnnviz.explore.filters.weights import FilterLayer, Filters

_MOST = 20


def filters(
    run: Network,
    *,
    layer: Annotated[
        str | None, typer.Option(help="A convolution; without it, all layers with filters are listed.")
    ] = None,
    epoch: Annotated[
        int | None,
        typer.Option(min=0, help="0 is untrained; without it, the newest. The first layer has every epoch."),
    ] = None,
    snapshot: Annotated[
        str | None, typer.Option(help="In place of an epoch, one of the run's snapshots: last, best, …")
    ] = None,
    sort: Annotated[
        Literal["index", "norm", "similarity"], typer.Option(help="The order of the filters.")
    ] = "index",
    out: Annotated[
        Path | None,
        typer.Option(help="Write the filters: a picture as .png, arrays as .npz, a table as .csv."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """The filters of a layer: norms, dead ones, near-duplicates (cosine ≥ 0.95), through the epochs of a run."""
    from cnnviz.explore.filters.redundancy import redundancy
    from cnnviz.explore.filters.redundancy import table as figures
    from cnnviz.explore.filters.similarity import ORDERS
    from cnnviz.explore.filters.weights import layer_named

    if epoch is not None and snapshot is not None:
        raise typer.BadParameter("Give an epoch or a snapshot, not both.", param_hint="--epoch")
    if out and layer is None:
        raise typer.BadParameter("A file needs one --layer.", param_hint="--out")
    target = files.destination(out, suffixes=(".png", ".npz", ".csv"), force=force) if out else None
    found = _history(run, snapshot)
    if layer is None:
        listed = progress.run(_compared(found, epoch), "Comparing the filters")
        _list(run, found, listed, epoch, as_json=as_json)
        return
    chosen = layer_named(found.layers, layer)
    at = _epoch(found, chosen, epoch)
    kept = found.filters(chosen, at)
    known = redundancy(kept)
    order = ORDERS[sort].of(kept.weights)
    rows = figures(kept, known, order)
    if target:
        files.write(target, _file(target, kept, order, rows, at))
    document = {
        "run": run,
        "layer": layer,
        "epoch": at,
        "epochs": found.epochs(chosen),
        "drawn_again": found.drawn_again(chosen, at),
        "shape": list(kept.weights.shape),
        "groups": chosen.groups,
        "dead": int(known.dead.sum()),
        "near_duplicates": int(known.duplicate.sum()),
        "sort": sort,
        "filters": rows,
        "file": str(target) if target else None,
    }
    answer(document, _text(document, known), as_json=as_json)


def _compared(found: History, epoch: int | None) -> Work[list[tuple[FilterLayer, Redundancy]]]:
    from cnnviz.explore.filters.redundancy import redundancy

    listed = []
    for number, one in enumerate(found.layers):
        yield Progress(number / len(found.layers), one.name)
        listed.append((one, redundancy(found.filters(one, _epoch(found, one, epoch)))))
    return listed


def _history(text: str, snapshot: str | None) -> History:
    """The filters of a run through time, or those of one file."""
    import numpy as np

    from cnnviz.explore.filters.history import History
    from cnnviz.runs.run import find

    nothing = np.zeros(0, np.int64), np.zeros((0, 0, 1, 1, 1), np.float16)
    path = Path(text)
    if snapshot is not None or path.suffix or "/" in text:
        found = History(None, [checkpoint.source(text, snapshot or "last").file], *nothing)
    else:
        run = find(text)
        names = [run.folder / "snapshots" / f"{name}.safetensors" for name in run.snapshots()]
        found = History(run.config, names, *run.filters())
    for line in found.damaged:
        tell(line)
    if not found.layers:
        raise CnnvizError(f"{text} has no filters yet: wait for its first snapshot.")
    return found


def _epoch(found: History, layer: FilterLayer, epoch: int | None) -> int:
    return found.epochs(layer)[-1] if epoch is None else epoch


def _list(
    run: str,
    found: History,
    listed: Sequence[tuple[FilterLayer, Redundancy]],
    epoch: int | None,
    *,
    as_json: bool,
) -> None:
    documents = [
        {
            "layer": layer.name,
            "filters": layer.count,
            "channels": layer.channels,
            "size": list(layer.size),
            "groups": layer.groups,
            "batch_norm": layer.batch_norm,
            "epochs": found.epochs(layer),
            "epoch": _epoch(found, layer, epoch),
            "dead": int(known.dead.sum()),
            "near_duplicates": int(known.duplicate.sum()),
        }
        for layer, known in listed
    ]
    head = ["LAYER", "FILTERS", "EACH", "EPOCH", "DEAD", "NEAR-DUPLICATES"]
    rows = [
        [
            layer.name,
            str(layer.count),
            f"{layer.channels}×{layer.size[0]}×{layer.size[1]}",
            str(one["epoch"]),
            str(one["dead"]),
            str(one["near_duplicates"]),
        ]
        for one, (layer, _) in zip(documents, listed, strict=True)
    ]
    answer({"run": run, "layers": documents}, table([head, *rows], right=[1, 2, 3, 4, 5]), as_json=as_json)


def _text(document: dict[str, Any], known: Redundancy) -> str:
    shape = "×".join(map(str, document["shape"]))
    epochs = ", ".join(map(str, document["epochs"]))
    again = ", drawn again from the run's seed" if document["drawn_again"] else ""
    lines = [
        f"{document['layer']}, {shape}, epoch {document['epoch']}{again} (known: {epochs})",
        known.in_words(),
    ]
    rows = [["FILTER", "NORM", "NEAREST", "COSINE", ""]]
    for one in document["filters"][:_MOST]:
        near = one["nearest"] is not None
        rows.append(
            [
                str(one["filter"]),
                f"{one['norm']:.4g}",
                str(one["nearest"]) if near else "–",
                f"{one['cosine']:.3f}" if near else "–",
                "dead" if one["dead"] else "near-duplicate" if one["near_duplicate"] else "",
            ]
        )
    lines.append(table(rows, right=[0, 1, 2, 3]))
    if len(document["filters"]) > _MOST:
        lines.append(
            f"… the first {_MOST} of {len(document['filters'])}; --json or --out FILE.csv gives all."
        )
    return "\n".join([*lines, *([f"file  {document['file']}"] if document["file"] else [])])


def _file(
    target: Path, kept: Filters, order: NDArray[np.intp], rows: Sequence[dict[str, Any]], epoch: int
) -> bytes:
    """The filters in their order, in the format that the file's name asks for."""
    import numpy as np

    from cnnviz.render.filters import picture

    if target.suffix.lower() == ".png":
        try:
            return picture(kept.weights[order], tiled=kept.layer.tiled).png
        except ValueError as error:
            raise CnnvizError(f"{error} Or write them as .npz.") from None
    if target.suffix.lower() == ".csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()
    content = io.BytesIO()
    np.savez_compressed(
        content, filters=kept.weights[order], numbers=order, epoch=epoch, layer=kept.layer.name
    )
    return content.getvalue()
