"""Many who ask for the same at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from cnnviz.config import RunConfig
from cnnviz.errors import CnnvizError
from cnnviz.runs import control, lease
from cnnviz.runs.run import every
from faults.kills import PLAIN
from faults.outcome import Outcome, require, tally
from faults.place import Place, place, workers_at_once

_AT_ONCE = 4
_ASKED: Mapping[str, Callable[[RunConfig, str], object]] = {
    "start": lambda config, run: control.start(config),
    "stop": lambda config, run: control.stop(run),
    "resume": lambda config, run: control.resume(run),
    "delete": lambda config, run: control.delete(run),
}


def run(*, quick: bool) -> Outcome:
    """Four processes start, stop, resume and delete the same run at the same moment, chosen at random."""
    random = np.random.default_rng(7)
    count = 6 if quick else 100
    with place() as here, workers_at_once():
        config = RunConfig.parse(PLAIN | {"epochs": 100_000})
        return tally(
            "races",
            f"{_AT_ONCE} processes at once start, stop, resume or delete the same run: one wins, the others are told "
            "in a sentence; never two workers, never a traceback, nothing half deleted",
            ((f"race {number}", partial(_race, here, config, random)) for number in range(count)),
        )


def _race(here: Place, config: RunConfig, random: np.random.Generator) -> None:
    asked = [list(_ASKED)[at] for at in random.integers(len(_ASKED), size=_AT_ONCE)]
    there = [one for one in every() if one.config == config]
    name = there[0].id if there else "none"
    begin = time.monotonic() + 0.05
    children = [
        _ask(here.root / f"said {number}", what, config, name, begin) for number, what in enumerate(asked)
    ]
    for child in children:
        _, code = os.waitpid(child, 0)
        require(code == 0, f"{asked}: {[_said(here.root, number) for number in range(_AT_ONCE)]}")
    active = [one for one in every() if one.status().active]
    require(len(active) <= 1, f"{asked}: {len(active)} runs are under way")
    workers = [one.id for one in every() if lease.held(one.folder / "lease") and not one.status().active]
    until = time.monotonic() + 10
    while workers and time.monotonic() < until:
        time.sleep(0.05)
        workers = [one.id for one in every() if lease.held(one.folder / "lease") and not one.status().active]
    require(not workers, f"{asked}: a worker trains a run that is over")


def _ask(said: Path, what: str, config: RunConfig, name: str, begin: float) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        time.sleep(max(0.0, begin - time.monotonic()))
        _ASKED[what](config, name)
        code = 0
    except CnnvizError as error:
        code = 0 if len(str(error).splitlines()) == 1 else 1
    except BaseException as error:
        said.write_text(f"{what}: {type(error).__name__}: {error}")
    finally:
        os._exit(code)


def _said(root: Path, number: int) -> str:
    path = root / f"said {number}"
    return path.read_text() if path.exists() else ""
