"""`attribute`: which pixels speak for a class."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cnnviz.cli import checkpoint, files, progress
from cnnviz.cli.answer import answer, table
from cnnviz.cli.options import Fit, Force, Image, Invert, Json, Network, Size, Snapshot
from cnnviz.cli.picture import picture
from cnnviz.errors import CnnvizError, NotFound
from cnnviz.formatting import decimal, whole_number
from cnnviz.registry import entry

if TYPE_CHECKING:
    from cnnviz.explore.attribution.attribute import Attribution
    from cnnviz.explore.attribution.checks import Checks
    from cnnviz.explore.attribution.options import Options
    from cnnviz.explore.inputs.preprocessing import Input
    from cnnviz.models.checkpoint import Card

T = TypeVar("T")


def attribute(
    run: Network,
    *,
    method: Annotated[
        list[str] | None, typer.Option(help="May be repeated; without it, all methods are listed.")
    ] = None,
    of_class: Annotated[
        list[str] | None,
        typer.Option("--class", help="Name or number, may be repeated; without it, the predicted one."),
    ] = None,
    image: Image = None,
    size: Size = None,
    fit: Fit = "crop",
    invert: Invert = False,
    snapshot: Snapshot = "last",
    baseline: Annotated[
        str, typer.Option(help="What is compared with: mean, black, blur or noise.")
    ] = "mean",
    layer: Annotated[
        str | None, typer.Option(help="Of Grad-CAM; without it, the last one with maps.")
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="An option of the method, steps=200; may be repeated.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Put each map to the test as well.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the maps: a picture as .png, or arrays as .npz.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Which pixels speak for a class, by one or several methods, and whether the maps can be trusted."""
    if not method and out:
        raise typer.BadParameter("--out needs a --method.", param_hint="--out")
    target = files.destination(out, suffixes=(".png", ".npz"), force=force) if out else None
    where, model, card = checkpoint.opened(run, snapshot)

    from cnnviz.explore.activations.activation_maps import predict
    from cnnviz.explore.attribution import attribute as exploring
    from cnnviz.explore.attribution import cam
    from cnnviz.explore.attribution.applicability import reasons
    from cnnviz.explore.attribution.checks import checks
    from cnnviz.explore.attribution.methods import METHODS
    from cnnviz.explore.inputs.preprocessing import as_input
    from cnnviz.explore.layers.input_sizes import shape_at
    from cnnviz.explore.layers.structure import layers

    height, width, channels = shape_at(card, size)
    shape = channels, height, width
    if not method:
        _list(where.document(card), reasons(model, card, shape), as_json=as_json)
        return
    for name in method:
        entry("method", name, METHODS)
    options = _options(method, setting or [])
    name, pixels = picture(image, card)
    fed = as_input(pixels, card, invert=invert, size=size, way=fit)
    targets = _targets(of_class, card) or [int(predict(model, fed.values).argmax())]
    best = cam.best_layer(layers(model, shape))
    shared = exploring.AttributionSetting(baseline=baseline, layer=layer or (best[0] if best else None))
    not_possible = reasons(model, card, shape)
    found: list[Attribution] = []
    tested: dict[tuple[str, int], Checks] = {}
    for one in dict.fromkeys(method):
        if why := not_possible[one]:
            raise CnnvizError(f"{METHODS[one].title} can't be asked of this network: {why}")
        maps = progress.run(
            exploring.attribute(
                model, card, fed.values, method=one, targets=targets, options=options[one], setting=shared
            ),
            METHODS[one].title,
        )
        found += maps
        for each in maps if check else []:
            steps = checks(model, card, fed.values, each, options=options[one], setting=shared)
            tested[one, each.target] = progress.run(steps, "Checking")
    if target:
        files.write(target, _content(target, found, fed, card))
    document = {
        "checkpoint": where.document(card),
        "image": name,
        "size": list(fed.shape[1:]),
        "baseline": baseline,
        "layer": shared.layer,
        "attributions": [
            _document(one, card, options[one.method], tested.get((one.method, one.target))) for one in found
        ],
        "file": str(target) if target else None,
    }
    answer(document, _text(document), as_json=as_json)


def _list(where: dict[str, Any], why_not: Mapping[str, str], *, as_json: bool) -> None:
    from cnnviz.explore.attribution.methods import METHODS

    document = {
        "checkpoint": where,
        "methods": [
            {
                "name": name,
                "title": one.title,
                "paper": one.paper,
                "shows": one.shows,
                "misleads": one.misleads,
                "options": {key: field.default for key, field in one.options.model_fields.items()},
                "not_possible": why_not[name] or None,
            }
            for name, one in METHODS.items()
        ],
    }
    rows = [[name, why_not[name] or one.shows] for name, one in METHODS.items()]
    answer(document, table([["METHOD", "WHAT IT SHOWS, OR WHY IT CAN'T BE ASKED"], *rows]), as_json=as_json)


def _options(methods: Sequence[str], settings: Sequence[str]) -> dict[str, Options]:
    """The options of each method; a setting has to belong to at least one of them."""
    from pydantic import ValidationError

    from cnnviz.explore.attribution.methods import METHODS

    given = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text!r} is not of the form name=value.", param_hint="--set")
        given[key] = value
    known = {key for name in methods for key in METHODS[name].options.model_fields}
    for key in given:
        if key not in known:
            raise NotFound("option", key, available=sorted(known))
    found = {}
    for name in methods:
        kind = METHODS[name].options
        try:
            found[name] = kind.model_validate(
                {key: value for key, value in given.items() if key in kind.model_fields}
            )
        except ValidationError as error:
            first = error.errors()[0]
            raise CnnvizError(f"{first['loc'][0]}={first['input']}: {first['msg']}.") from None
    return found


def _targets(given: Sequence[str] | None, card: Card) -> list[int]:
    found = []
    for text in given or []:
        if text in card.classes:
            found.append(card.classes.index(text))
        elif (number := whole_number(text.removeprefix("-"))) is not None:
            found.append(-number if text.startswith("-") else number)
        else:
            raise NotFound("class", text, available=card.classes)
    return list(dict.fromkeys(found))


def _document(one: Attribution, card: Card, options: Options, tested: Checks | None) -> dict[str, Any]:
    from cnnviz.explore.attribution.warnings import oddities

    document: dict[str, Any] = {
        "method": one.method,
        "class": card.classes[one.target],
        "number": one.target,
        "options": options.model_dump(),
        "logit": one.score,
        "signed": one.signed,
        "minimum": float(one.map.min()),
        "maximum": float(one.map.max()),
        "sum": one.sum,
        "should_add_up_to": one.expected,
        "missing": one.missing,
        "warnings": oddities(one.map, score=one.score),
    }
    if tested:
        curves = tested.curves
        document["checks"] = {
            "deletion": curves.deletion.area,
            "deletion_at_random": curves.deletion_at_random.area,
            "insertion": curves.insertion.area,
            "insertion_at_random": curves.insertion_at_random.area,
            "max_sensitivity": tested.sensitivity,
            "infidelity": tested.infidelity,
            "destroyed": [
                {"down_to": each.layer, "layers": each.layers, "rank_correlation": each.correlation}
                for each in tested.destroyed
            ],
        }
    return document


def _text(document: dict[str, Any]) -> str:
    head = ["METHOD", "CLASS", "LOGIT", "LOWEST", "HIGHEST", "SUM", "SHOULD BE"]
    rows = [
        [
            one["method"],
            one["class"],
            *(f"{one[key]:.4g}" for key in ("logit", "minimum", "maximum", "sum")),
            "–" if one["should_add_up_to"] is None else f"{one['should_add_up_to']:.4g}",
        ]
        for one in document["attributions"]
    ]
    lines = [f"image  {document['image']}", table([head, *rows], right=[2, 3, 4, 5, 6])]
    for one in document["attributions"]:
        what = f"{one['method']}, {one['class']}"
        lines += [f"{what}: {warning}" for warning in one["warnings"]]
        if tested := one.get("checks"):
            lines.append(
                f"{what}: deletion {tested['deletion']:.3f} (random {tested['deletion_at_random']:.3f}), "
                f"insertion {tested['insertion']:.3f} (random {tested['insertion_at_random']:.3f}), "
                f"max sensitivity {tested['max_sensitivity']:.3g}, infidelity {tested['infidelity']:.3g}, "
                f"rank correlation with all layers destroyed {tested['destroyed'][-1]['rank_correlation']:.3f}"
            )
    return "\n".join([*lines, *([f"file  {document['file']}"] if document["file"] else [])])


def _content(path: Path, found: Sequence[Attribution], fed: Input, card: Card) -> bytes:
    """PNG or npz of all maps, as the name of the file says."""
    import numpy as np

    from cnnviz.explore.attribution.methods import METHODS
    from cnnviz.render.attribution import Titled, coloured, scale_of_sizes, sheet

    if path.suffix.lower() == ".npz":
        content = io.BytesIO()
        arrays: dict[str, Any] = {f"{one.method}.{card.classes[one.target]}": one.values for one in found}
        np.savez_compressed(content, image=fed.values, **arrays)
        return content.getvalue()
    rows = []
    for method in dict.fromkeys(one.method for one in found):
        maps = [one for one in found if one.method == method]
        scale = scale_of_sizes([one.map for one in maps], signed=maps[0].signed)
        line = f"{decimal(scale.low)} to {decimal(scale.high)}"
        rows.append(
            [Titled(fed.pixels, "Image")]
            + [
                Titled(
                    coloured(one.map, scale, "signed", fed.pixels),
                    f"{METHODS[method].title}: {card.classes[one.target]}",
                    line,
                )
                for one in maps
            ]
        )
    return sheet(rows)
