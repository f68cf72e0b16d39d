"""`import`: a network, a run or a study from elsewhere, which all other commands understand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cnnviz.cli import progress
from cnnviz.cli.answer import answer, table
from cnnviz.cli.document import lines, whole_document
from cnnviz.cli.options import Json, Seed
from cnnviz.errors import CnnvizError

if TYPE_CHECKING:
    from cnnviz.runs.run import Run


def import_network(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="A .safetensors, a .pt or .pth with a state dict, a .pt2, or the .zip of a run or a study.",
        ),
    ] = None,
    *,
    torchvision: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One of torchvision's classifiers instead: resnet50, vit_b_16, …"),
    ] = None,
    weights: Annotated[
        Literal["imagenet", "random"],
        typer.Option(help="Of torchvision's: ImageNet's are downloaded if need be."),
    ] = "random",
    seed: Seed = 0,
    network: Annotated[
        str, typer.Option(help="What the file holds; without it, it is recognised from names and shapes.")
    ] = "",
    size: Annotated[
        int | None,
        typer.Option(min=4, max=1024, help="Width and height of the images; without it, the usual."),
    ] = None,
    classes: Annotated[
        str, typer.Option(help="Their names, separated by commas, or a file of a name a line.")
    ] = "",
    data: Annotated[
        str, typer.Option(help="Data set that it knows: names, test images, mean and deviation.")
    ] = "",
    mean: Annotated[str, typer.Option(help="Of images in 0..1, a number a channel: 0.485,0.456,0.406")] = "",
    std: Annotated[str, typer.Option(help="Standard deviation, likewise.")] = "",
    activation: Annotated[str, typer.Option(help="Of an mlp or cnn: weights don't tell it.")] = "",
    padding: Annotated[
        Literal["same", "none", "first"] | None,
        typer.Option(help="Of a cnn's convolutions; without it, what fits the sizes."),
    ] = None,
    pool_after: Annotated[
        str, typer.Option(help="Of a cnn, the convolutions that pooling follows: 1,2,3")
    ] = "",
    title: Annotated[str, typer.Option(help="Your name for it.")] = "",
    as_json: Json = False,
) -> None:
    """Bring in a network that was not trained here, or a run or study that was exported. Runs nothing in the file."""
    from cnnviz.runs import import_settings, importing
    from cnnviz.runs.network_file import examine

    if (file is None) == (torchvision is None):
        raise typer.BadParameter("Give a FILE or --torchvision NAME, one of the two.", param_hint="FILE")
    given = {"--network": network, "--classes": classes, "--mean": mean, "--std": std,
             "--activation": activation, "--padding": padding, "--pool-after": pool_after}  # fmt: skip
    if file is not None and file.suffix.lower() == ".zip":
        _refuse(given | {"--size": size, "--data": data, "--title": title}, "The zip of a run or a study")
        _zip(file, as_json=as_json)
        return
    if torchvision is not None:
        _refuse(given, "One of torchvision's networks")
        work = importing.from_torchvision(
            torchvision, weights=weights, seed=seed, side=size, data=data, title=title
        )
        _say(progress.run(work, f"Adding {torchvision}"), as_json=as_json)
        return
    assert file is not None
    contents = examine(file, network=network)
    chosen = {"activation": activation, "padding": padding, "pool_after": pool_after}
    for name, value in chosen.items():
        if value and name not in contents.match.options:
            raise CnnvizError(f"A {contents.match.network.name} has no {name} to choose: leave it out.")
    reading = import_settings.usual(contents)
    if data:
        reading = import_settings.with_data(reading, data)
    pools = tuple(int(number) for number in _numbers(pool_after, "--pool-after")) if pool_after else None
    reading = import_settings.with_layout(contents, reading, side=size, padding=padding, pool_after=pools)
    changed: dict[str, Any] = {
        "title": title,
        "classes": _names(classes),
        "mean": _numbers(mean, "--mean"),
        "std": _numbers(std, "--std"),
        "options": (*reading.options, ("activation", activation)) if activation else (),
    }
    reading = replace(reading, **{key: value for key, value in changed.items() if value})
    _say(importing.from_file(contents, reading), as_json=as_json)


def _refuse(given: Mapping[str, Any], whose: str) -> None:
    """Raises CnnvizError for an option that says what is known already."""
    if extra := [name for name, value in given.items() if value]:
        raise CnnvizError(f"{whose} brings its own {', '.join(extra)}: leave it out.")


def _zip(file: Path, *, as_json: bool) -> None:
    from cnnviz.cli import study_document
    from cnnviz.report.importing import import_zip
    from cnnviz.report.study_archive import holds_study, import_study
    from cnnviz.studies.progress import look

    doing = f"Importing {file.name}"
    if not holds_study(file):
        _say(progress.run(import_zip(file), doing), as_json=as_json)
        return
    done = progress.run(import_study(file), doing)
    study = look(done.id)
    said = f"Study {done.id}: {len(done.runs):,} run{'' if len(done.runs) == 1 else 's'} imported"
    said += f", {done.known:,} here already" if done.known else ""
    said += "." if study.state == "finished" else f"; `study run {done.id}` makes what is missing."
    come = {"imported": [run.id for run in done.runs], "known": done.known}
    answer(study_document.summary(study) | come, said, as_json=as_json)


def _say(run: Run, *, as_json: bool) -> None:
    answer(whole_document(run), table(lines(run)), as_json=as_json)


def _names(text: str) -> tuple[str, ...]:
    path = Path(text)
    try:
        parts = path.read_text(encoding="utf-8").splitlines() if text and path.is_file() else text.split(",")
    except (OSError, ValueError):
        raise CnnvizError(f"{text[:80]} can't be read as names: give text, a name a line.") from None
    return tuple(part.strip() for part in parts if part.strip())


def _numbers(text: str, option: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no list of numbers.", param_hint=option) from None
