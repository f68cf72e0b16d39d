"""`data`: the data sets, and how to get more."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cnnviz import workspace
from cnnviz.cli import progress
from cnnviz.cli.answer import Command, Group, answer, table
from cnnviz.cli.options import Json
from cnnviz.data import catalogue, importing, prepared
from cnnviz.data.prepared import Dataset
from cnnviz.progress import Work

data = typer.Typer(name="data", cls=Group, invoke_without_command=True)


@data.callback()
def show(context: typer.Context, *, as_json: Json = False) -> None:
    """List the data sets: what is here, what is made when it is needed, what can be downloaded."""
    if context.invoked_subcommand:
        return
    found = _listed()
    rows = [["DATA SET", "STATE", "IMAGES", "CLASSES", "SIZE", ""]]
    for one in found:
        images = f"{one['train']:,} + {one['test']:,}"
        size = "×".join(map(str, one["image_shape"]))
        rows.append(
            [
                one["name"],
                one["state"],
                images,
                str(len(one["classes"] or ()) or one["class_count"]),
                size,
                one["summary"],
            ]
        )
    answer(found, table(rows, right=[2, 3]), as_json=as_json)


@data.command("get", cls=Command)
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set, as `data` lists it.")],
    *,
    as_json: Json = False,
) -> None:
    """Download a data set, or make it."""
    _prepare(catalogue.prepare(name), as_json=as_json)


@data.command("import", cls=Command)
def import_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder or a zip with a folder a class.")],
    *,
    name: Annotated[str, typer.Option(help="What to call it; by default as the folder or zip.")] = "",
    side: Annotated[int, typer.Option(help="Side in pixels that all pictures get, 8 to 512.")] = 64,
    as_json: Json = False,
) -> None:
    """Import your own pictures: train/<class>/ and val/<class>/ (and test/), or <class>/ alone, which is split."""
    called = name or workspace.slug(path.absolute().stem, fallback="my-images")
    take = importing.import_zip if path.is_file() else importing.import_folder
    _prepare(take(path, name=called, side=side), as_json=as_json)


def _prepare(work: Work[Dataset], *, as_json: bool) -> None:
    made = progress.run(work, "Starting")
    found = _document(made)
    text = (
        f"{made.name} is here: {found['train']:,} training and {found['test']:,} test images. {made.source}."
    )
    answer(found, text, as_json=as_json)


def _listed() -> list[dict[str, Any]]:
    """Every data set that is here or known: those that can be trained on at once first."""
    entries, ready = catalogue.entries(), catalogue.available()
    found = []
    for name in [*ready, *(name for name in entries if name not in ready)]:
        place = workspace.dataset_folder(name)
        if name in ready and place.exists():
            found.append(_document(prepared.read(place)))
            continue
        entry = entries[name]
        found.append(
            {
                "name": name,
                "title": entry.title,
                "state": "made when needed" if name in ready else f"{entry.download_mb:.0f} MB to download",
                "train": entry.train,
                "test": entry.test,
                "image_shape": entry.shape,
                "class_count": entry.classes,
                "classes": None,
                "summary": entry.summary,
                "folder": None,
            }
        )
    return found


def _document(made: Dataset) -> dict[str, Any]:
    entry = catalogue.entries().get(made.name)
    return {
        "name": made.name,
        "title": entry.title if entry else made.name,
        "state": "here",
        "train": len(made.train_labels),
        "test": len(made.test_labels),
        "image_shape": made.image_shape,
        "class_count": len(made.classes),
        "classes": made.classes,
        "summary": entry.summary if entry else made.source,
        "folder": str(made.folder),
    }
