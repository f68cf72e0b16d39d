"""Arguments and options that commands share, each with the same words everywhere."""

from typing import Annotated

import typer

from cnnviz.cli.answer import JSON_KEY
from cnnviz.data.fitting import WAYS
from cnnviz.errors import NotFound
from cnnviz.registry import entry


def _note_json(context: typer.Context, value: bool) -> bool:
    """Whether JSON is asked for, here or before the name of the command."""
    wanted: bool = context.meta.setdefault(JSON_KEY, False) or value
    context.meta[JSON_KEY] = wanted
    return wanted


def _known_fit(name: str) -> str:
    try:
        entry("way to fit a picture", name, WAYS)
    except NotFound as error:
        raise typer.BadParameter(str(error)) from None
    return name


Json = Annotated[
    bool, typer.Option("--json", callback=_note_json, help="Print one JSON document instead of text.")
]
Network = Annotated[str, typer.Argument(metavar="RUN|FILE", help="A run, or a .safetensors file.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as `runs` lists it.")]
LayerName = Annotated[str, typer.Argument(metavar="LAYER", help="As `layers` lists it.")]
Channel = Annotated[int, typer.Argument(metavar="CHANNEL", min=0, help="Counted from 0.")]
Snapshot = Annotated[str, typer.Option(help="Which of the run's snapshots: last, best, epoch_0001, …")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Decides what is drawn at random.")]
ImageCount = Annotated[int, typer.Option(min=1, help="How many images at most, evenly spaced.")]
Image = Annotated[
    str | None,
    typer.Option(help="A file, photo.NAME (built in) or test.NUMBER; without it, a built-in one."),
]
Size = Annotated[
    int | None,
    typer.Option(
        min=1, max=4096, help="Height in pixels at which it is looked at; without it, that of training."
    ),
]
Fit = Annotated[
    str,
    typer.Option(
        callback=_known_fit,
        metavar="|".join(WAYS),
        help="How a picture of another shape is fitted: its middle, squashed, or padded with black.",
    ),
]
Invert = Annotated[bool, typer.Option("--invert", help="Swap black and white: dark ink on light paper.")]
