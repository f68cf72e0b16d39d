"""Whether a stranger's `metrics.jsonl` holds what pages read of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from cnnviz.errors import ArchiveError
from cnnviz.train.events import EpochEnded, Finished, StepLogged

Count = Annotated[int, Field(ge=0, lt=2**63)]


class _Execution(BaseModel):
    device: str
    precision: str
    memory_format: str
    compile: bool


class _Started(BaseModel):
    execution: _Execution
    device_name: str
    parameters: Count
    train: Count
    validation: Count
    test: Count
    steps_per_epoch: Annotated[int, Field(gt=0)]
    classes: tuple[str, ...]
    image_shape: tuple[Count, Count, Count]
    probe_milliseconds: dict[str, float] = {}


class _Resumed(BaseModel):
    step: Count
    epoch: Count = 0


_KINDS: dict[str, TypeAdapter[Any]] = {
    "started": TypeAdapter(_Started),
    "resumed": TypeAdapter(_Resumed),
    "step": TypeAdapter(StepLogged),
    "epoch": TypeAdapter(EpochEnded),
    "finished": TypeAdapter(Finished),
}


def check_measurements(path: Path) -> None:
    """Nothing, where each line is one that a training writes. Raises ArchiveError that names the first other one."""
    classes: tuple[str, ...] | None = None
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        try:
            values = json.loads(line)
            seen = _KINDS[values.pop("kind")].validate_python(values)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ValidationError):
            raise _bad(number) from None
        if isinstance(seen, _Started):
            classes = seen.classes
        elif classes is None or (
            isinstance(seen, Finished) and len(seen.test_accuracy_by_class) != len(classes)
        ):
            raise _bad(number)


def _bad(number: int) -> ArchiveError:
    return ArchiveError(
        f"Line {number} of the zip's metrics.jsonl is none of a training: export the run again."
    )
