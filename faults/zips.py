"""Zips of runs that nobody should take in whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial

import numpy as np

from cnnviz.config import Cnn, RunConfig
from cnnviz.errors import CnnvizError
from cnnviz.progress import finish
from cnnviz.report import importing
from cnnviz.runs.run import every
from faults.outcome import Case, Outcome, require, tally
from faults.place import Place, place
from tests.report import test_archive as kinds
from tests.report.conftest import made


def run(*, quick: bool) -> Outcome:
    """Those of the tests, and damage at random."""
    with place() as here:
        packed = _packed(here)
        return tally(
            "hostile zips",
            f"{len(kinds.AT_ONCE) + len(kinds.IN_TIME)} kinds of zips that climb out, link, lie, swell or hide a "
            "pickle or damaged at random: refused in one line, and nothing is left; or taken in as a whole run",
            list(_cases(here, packed))[:: 5 if quick else 1],
        )


def _packed(here: Place) -> bytes:
    from cnnviz.config import Data

    config = RunConfig(
        data=Data(name="tiny"), network=Cnn(convs=(4, 5), pool_after=(1,), linear=(6,)), epochs=2
    )
    found = made(config)
    packed = kinds.pack(found)
    from cnnviz.runs import control

    control.delete(found.id)
    return bytes(packed)


def _cases(here: Place, packed: bytes) -> Iterator[Case]:
    for name, (change, _) in {**kinds.AT_ONCE, **kinds.IN_TIME}.items():
        if name != "torn":  # that one is made for the zip of the tests
            yield name, partial(_refused, here, change(packed))
    random = np.random.default_rng(5)
    for number in range(60):
        raw_ = bytearray(packed)
        match number % 3:
            case 0:
                for at in random.integers(len(raw_), size=5):
                    raw_[at] ^= int(random.integers(1, 256))
            case 1:
                del raw_[int(random.integers(len(raw_))) :]
            case _:
                at = int(random.integers(len(raw_)))
                raw_[at : at + 40] = random.bytes(60)
        yield f"damaged {number}", partial(_whole_or_nothing, here, bytes(raw_))


def _refused(here: Place, raw: bytes) -> None:
    before = _files(here)
    try:
        finish(importing.import_zip(io.BytesIO(raw)))
    except CnnvizError as error:
        require(len(str(error).splitlines()) == 1, "the reason is not one line")
        require(_files(here) == before, "something is left")
        return
    require(False, "was taken in")


def _whole_or_nothing(here: Place, raw: bytes) -> None:
    before = _files(here)
    try:
        found = finish(importing.import_zip(io.BytesIO(raw)))
    except CnnvizError as error:
        require(len(str(error).splitlines()) == 1, "the reason is not one line")
        require(_files(here) == before, "something is left")
        return
    require(found.id in [one.id for one in every()], "it is not listed")
    require(found.status().state == "finished" and found.metrics().epochs, "it is not whole")


def _files(here: Place) -> set[str]:
    return {str(path) for path in here.root.rglob("*") if path.name != ".lock"}
