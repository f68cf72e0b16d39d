"""Slots: how many runs train at once on this machine, one a GPU and one where there is none."""

import os
from pathlib import Path

from cnnviz.runs import lease

_GPUS = Path("/proc/driver/nvidia/gpus")


def default() -> int:
    """One a GPU, and one on a machine without; asks the system, not torch."""
    return max(1, len(_visible()))


def take(folder: Path, count: int) -> tuple[int, int] | None:
    """The number of a free slot of `count`, and the descriptor that holds it until it is closed; None if none is."""
    for number in range(count):
        descriptor = lease.take(folder / f"slot-{number}", patience=0)
        if descriptor is not None:
            return number, descriptor
    return None


def settle(number: int) -> None:
    """Give this process the GPU of its slot, if there are any; before CUDA is used."""
    if devices := _visible():
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[number % len(devices)]


def share(count: int) -> float:
    """The part of the processor that belongs to each of `count` slots."""
    return min(1.0, default() / count)


def _visible() -> list[str]:
    """Names of the GPUs that this process may use."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name for name in named.split(",") if name not in {"", "-1"}]
    try:
        return [str(number) for number, _ in enumerate(_GPUS.iterdir())]
    except OSError:
        return []
