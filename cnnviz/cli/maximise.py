"""`maximise`: the image that would excite a channel most."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnnviz.cli import checkpoint, files, progress
from cnnviz.cli.answer import answer, table
from cnnviz.cli.channel import place
from cnnviz.cli.layers import layers_of
from cnnviz.cli.options import Channel, Force, Json, LayerName, Network, Seed, Snapshot
from cnnviz.formatting import decimal, per_cent


def maximise(
    run: Network,
    layer: LayerName,
    number: Channel,
    *,
    cell: Annotated[
        str | None,
        typer.Option(
            metavar="ROW,COLUMN", help="One cell of the map; without it, the mean of the whole map."
        ),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, max=4096, help="Steps of learning.")] = 64,
    pictures: Annotated[
        int | None, typer.Option(min=1, max=16, help="Pictures made at once; 4 up to 64 pixels, else 1.")
    ] = None,
    parametrisation: Annotated[
        str, typer.Option(help="What is learnt: spectrum (waves, slow ones stronger) or pixels.")
    ] = "spectrum",
    decorrelate: Annotated[
        bool, typer.Option("--decorrelate/--plain-colours", help="Colours go together as in real images.")
    ] = True,
    transforms: Annotated[
        bool,
        typer.Option("--transforms/--no-transforms", help="Shift, turn and scale a little at every step."),
    ] = True,
    seed: Seed = 0,
    snapshot: Snapshot = "last",
    out: Annotated[Path | None, typer.Option(help="Write the pictures, strongest first: a .png.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """The image that would excite a channel most, drawn from noise, and what it scores."""
    from cnnviz.explore.activations.activation_maps import predict
    from cnnviz.explore.inputs.preprocessing import as_input
    from cnnviz.explore.layers.structure import layer_named
    from cnnviz.explore.maximisation import objectives, optimisation
    from cnnviz.explore.maximisation.colours import colours_of
    from cnnviz.explore.maximisation.settings import Settings, usual_pictures
    from cnnviz.render.mosaic import grid_pictures

    target = files.destination(out, suffixes=(".png",), force=force) if out else None
    where, model, card = checkpoint.opened(run, snapshot)
    layer_named(layers_of(model, card, where.run), layer)
    settings = Settings(
        steps=steps,
        pictures=pictures or usual_pictures(card.image_shape[0]),
        parametrisation=parametrisation,
        decorrelate=decorrelate,
        transforms=transforms,
        seed=seed,
    )
    objective = objectives.cell(layer, number, *place(cell)) if cell else objectives.channel(layer, number)
    made = optimisation.maximise(model, card, objective, settings=settings, colours=colours_of(card))
    found = progress.run(made, f"Drawing {objective.name}")
    says = [predict(model, as_input(picture, card).values) for picture in found.pictures]
    if target:
        files.write(
            target,
            grid_pictures(found.pictures, columns=2 if len(found.pictures) > 1 else 1, gap=2, tile=256).png,
        )
    document = {
        "checkpoint": where.document(card),
        "objective": found.objective,
        "settings": settings.model_dump(mode="json"),
        "pictures": [
            {"score": score, "class": card.classes[one.argmax()], "probability": float(one.max())}
            for score, one in zip(found.scores.tolist(), says, strict=True)
        ],
        "trace": found.trace.tolist(),
        "file": str(target) if target else None,
    }
    rows = [
        ["excites", found.objective],
        *(
            [
                f"picture {rank}",
                f"{decimal(score, '.6g')}, taken for {card.classes[one.argmax()]} ({per_cent(one.max())})",
            ]
            for rank, (score, one) in enumerate(zip(found.scores, says, strict=True), 1)
        ),
        *([["file", str(target)]] if target else []),
    ]
    answer(document, table(rows), as_json=as_json)
