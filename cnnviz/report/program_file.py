"""A network as PyTorch's exported program, which `torch.export.load` and `import` read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from cnnviz.progress import Progress, Work
from cnnviz.runs.network_source import opened
from cnnviz.runs.run import Run


def write(run: Run, file: BinaryIO, snapshots: Sequence[str]) -> Work[None]:
    """Write it: batch and, where they can be, height and width are free. Raises CheckpointError where it can't be."""
    import torch

    from cnnviz.models.exported.program import exported_program

    yield Progress(0.0, "Reading the network")
    _, model, card = opened(run.id, snapshots[0] if snapshots else run.snapshots()[0])
    height, width, channels = card.image_shape
    yield Progress(0.2, "Exporting it")
    program = exported_program(model, torch.zeros(1, channels, height, width))
    yield Progress(0.8, "Writing")
    torch.export.save(program, file)
