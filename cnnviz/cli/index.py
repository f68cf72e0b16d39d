"""`index`: look through the test images once, so that what excites every channel of a network is known."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from cnnviz.cli import progress
from cnnviz.cli.answer import answer, tell
from cnnviz.cli.options import Json, RunName, Snapshot
from cnnviz.errors import CnnvizError
from cnnviz.formatting import duration, size
from cnnviz.index import control, store
from cnnviz.progress import Progress, Work
from cnnviz.runs.run import find
from cnnviz.runs.status import Status

_ALL = 1 << 31
_PAUSE = 0.2


def index(
    run: RunName,
    *,
    snapshot: Snapshot = "last",
    images: Annotated[
        int | None, typer.Option(min=1, help="The first so many test images; without it, all of them.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look through the test images for all layers at once; `channel` and the app then answer from it."""
    try:
        control.start(run, snapshot, images=images or _ALL)
        now = progress.run(_watched(run, snapshot), "Loading.")
    except KeyboardInterrupt:
        control.stop(run, snapshot)
        tell("Stopped; an index that was there before stays.")
        raise typer.Exit(130) from None
    if now is None or now.state != "finished":
        raise CnnvizError(now.reason if now else f"The run {run} was deleted meanwhile.")
    artifact = store.artifact(run, snapshot, find(run).config.data.name)
    found = artifact.load()
    if found is None:
        raise CnnvizError("The index is damaged, or its weights were written anew just now: make it again.")
    bytes_ = artifact.path.stat().st_size
    document = {
        "run": run,
        "snapshot": snapshot,
        "images": found.images,
        "layers": len(found.layers),
        "seconds": now.seconds,
        "file": str(artifact.path),
        "bytes": bytes_,
    }
    answer(
        document,
        f"{found.images:,} test images, {len(found.layers)} layers, {duration(now.seconds)}: "
        f"{artifact.path} ({size(bytes_)}).",
        as_json=as_json,
    )


def _watched(run: str, snapshot: str) -> Work[Status | None]:
    """How it goes, until nobody is at it any more."""
    while (now := control.state(run, snapshot)) is not None and now.active:
        left = f", {duration(now.seconds_left)} left" if now.seconds_left else ""
        done = f"{now.step:,} of {now.steps:,} images{left}" if now.step else now.reason
        yield Progress(now.share, done)
        time.sleep(_PAUSE)
    return now
