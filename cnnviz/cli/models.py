"""`models`: the families of networks, their options and how large they get."""

import json
import re
from dataclasses import asdict
from typing import Annotated, Any

import typer

from cnnviz.cli.answer import answer, table
from cnnviz.cli.options import Json
from cnnviz.config import RunConfig
from cnnviz.config.settings import kinds_of, options_of
from cnnviz.errors import ConfigError


def models(
    *,
    image: Annotated[
        str, typer.Option(metavar="HxWxC", help="Size of the images: height, width and channels (1 or 3).")
    ] = "32x32x3",
    classes: Annotated[int, typer.Option(min=2, max=100_000, help="Number of classes.")] = 10,
    as_json: Json = False,
) -> None:
    """List the networks that can be trained, with their options and number of parameters."""
    shape = _shape(image)
    found = _families(shape, classes)
    size = "×".join(map(str, shape))
    parts = [f"For {size} images and {classes:,} classes. Choose with --set network.name=NAME."]
    parts += [_text(one) for one in found]
    document = {"image_shape": shape, "classes": classes, "families": found}
    answer(document, "\n\n".join(parts), as_json=as_json)


def _shape(text: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"(\d{1,4})[x×](\d{1,4})[x×]([13])", text)
    if not match or "0" in (match[1].lstrip("0") or "0", match[2].lstrip("0") or "0"):
        raise typer.BadParameter(f"{text!r} is not HxWxC, such as 32x32x3 or 28x28x1.", param_hint="--image")
    height, width, channels = map(int, match.groups())
    return height, width, channels


def _families(shape: tuple[int, int, int], classes: int) -> list[dict[str, Any]]:
    from cnnviz.models.registry import FAMILIES

    found = []
    for name, kind in kinds_of("network").items():
        family = FAMILIES[name]
        parameters, problem = _parameters(RunConfig.parse({"network": {"name": name}}), shape, classes)
        found.append(
            {
                "name": name,
                "title": family.title,
                "summary": family.summary,
                "imagenet_weights": family.pretrained is not None,
                "parameters": parameters,
                "problem": problem,
                "options": [asdict(option) for option in options_of(kind)],
            }
        )
    return found


def _parameters(config: RunConfig, shape: tuple[int, int, int], classes: int) -> tuple[int | None, str]:
    """Number of parameters, or None and why there is no such network."""
    from cnnviz.train.estimate import parameter_count

    try:
        return parameter_count(config.network, image_shape=shape, classes=classes), ""
    except ConfigError as error:
        return None, str(error)


def _text(family: dict[str, Any]) -> str:
    size = f"{family['parameters']:,} parameters" if family["parameters"] is not None else family["problem"]
    start = ", ImageNet weights to start from" if family["imagenet_weights"] else ""
    head = f"{family['name']}: {family['title']}. {family['summary']}\n  {size}{start}"
    rows = [
        [f"  network.{one['key']}={json.dumps(one['value'])}", " | ".join(one["choices"]), one["description"]]
        for one in family["options"]
    ]
    return f"{head}\n{table(rows)}" if rows else head
