"""A network as ONNX with its preprocessing inside, held against PyTorch before anyone gets it.

Exporters have been wrong without a word: what another runtime says of the test images is compared first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cnnviz import workspace
from cnnviz.errors import CheckpointError, DataError
from cnnviz.progress import Progress, Work, within
from cnnviz.runs.network_source import opened
from cnnviz.runs.run import Run

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.models.checkpoint import Card

_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
_NEAR = 1e-4
"""How far a logit may be from PyTorch's: of the largest one, where that is above 1."""
_PICTURES = 100
"""Images whose logits are compared; on all test images, what is predicted."""
_BATCH = 100

Pixels = NDArray[np.uint8]
Logits = NDArray[np.float32]
Runtime = Callable[[Pixels], Logits]


def missing() -> str:
    """Why there is no ONNX here; empty if there is."""
    if all(find_spec(one) for one in _PACKAGES):
        return ""
    packages = "'cnnviz[onnx]'" if workspace.INSTALLED else " ".join(_PACKAGES)
    return f"ONNX and its runtime are not installed: pip install {packages}"


def write(run: Run, file: BinaryIO, snapshots: Sequence[str]) -> Work[None]:
    """Write it: pixels, uint8 (N, H, W, C), in; logits, float32 (N, classes), out; N is free.

    Raises CheckpointError where the network can't be exported, or ONNX Runtime says something else than PyTorch.
    """
    yield Progress(0.0, "Reading the network")
    _, model, card = opened(run.id, snapshots[0] if snapshots else run.snapshots()[0])
    yield Progress(0.05, "Exporting it")
    content = exported(model, card)
    yield from within(check(content, model, card), 0.4, 1.0)
    file.write(content)


def exported(model: nn.Module, card: Card) -> bytes:
    """The network of `card` as ONNX, unchecked. Raises CheckpointError where PyTorch can't export it."""
    import torch

    height, width, channels = card.image_shape
    example = torch.zeros(2, height, width, channels, dtype=torch.uint8)
    try:
        program = torch.onnx.export(
            _whole(model, card),
            (example,),
            dynamo=True,
            verbose=False,
            external_data=False,
            input_names=["pixels"],
            output_names=["logits"],
            dynamic_shapes={"pixels": {0: torch.export.Dim("batch")}},
        )
    except Exception as error:  # of many kinds: the exporter's, and those of what it runs
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"PyTorch can't export this network as ONNX ({said[:200]}).") from error
    assert program is not None
    written = program.model_proto
    for key, value in {
        "classes": json.dumps(card.classes, ensure_ascii=False),
        "pixels": f"uint8, (N, {height}, {width}, {channels}), {'grey' if channels == 1 else 'RGB'}, 0 to 255",
        "logits": f"float32, (N, {len(card.classes)}), before softmax",
    }.items():
        entry = written.metadata_props.add()
        entry.key, entry.value = key, value
    return bytes(written.SerializeToString())


def _whole(model: nn.Module, card: Card) -> nn.Module:
    """The network with what is done to pixels before."""
    import torch

    class Whole(torch.nn.Module):
        mean: torch.Tensor
        std: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.network = model
            self.register_buffer("mean", torch.tensor(card.mean)[:, None, None])
            self.register_buffer("std", torch.tensor(card.std)[:, None, None])

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            values = pixels.permute(0, 3, 1, 2).float() / 255
            scores: torch.Tensor = self.network((values - self.mean) / self.std)
            return scores

    return Whole().eval()


def check(content: bytes, model: nn.Module, card: Card) -> Work[None]:
    """Hold it against PyTorch: logits of a hundred images, and which class each test image is given.

    Without its test images, random ones take their place. Raises CheckpointError where the two differ.
    """
    theirs, ours = _runtime(content), _pytorch(model, card)
    try:
        from cnnviz.explore.inputs.test_images import data_of

        data = yield from data_of(card)
        images = data.test_images
    except DataError:
        images = np.random.default_rng(0).integers(256, size=(_PICTURES, *card.image_shape), dtype=np.uint8)
    for start, part in _parts(images):
        yield Progress.of(start, len(images), "test images compared with PyTorch's answers")
        found, due = theirs(part), ours(part)
        near = _NEAR * max(1.0, float(np.abs(due).max()))
        if start < _PICTURES and not (
            found.shape == due.shape and np.allclose(found, due, rtol=0, atol=near, equal_nan=True)
        ):
            raise CheckpointError(
                "ONNX Runtime gives other logits than PyTorch: the export is wrong, and is not written."
            )
        other = found.argmax(1) != due.argmax(1)
        first, second = np.sort(due, 1)[:, -1], np.sort(due, 1)[:, -2]
        if (other & (first - second > near)).any():
            raise CheckpointError(
                f"ONNX Runtime gives {int(other.sum())} of {len(part)} test images another class than PyTorch: "
                "the export is wrong, and is not written."
            )


def _parts(images: Pixels) -> Iterator[tuple[int, Pixels]]:
    for start in range(0, len(images), _BATCH):
        yield start, np.array(images[start : start + _BATCH])


def _runtime(content: bytes) -> Runtime:
    import onnxruntime

    options: Any = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda pixels: np.asarray(session.run(None, {"pixels": pixels})[0])


def _pytorch(model: nn.Module, card: Card) -> Runtime:
    import torch

    whole = _whole(model, card)

    def logits(pixels: Pixels) -> Logits:
        with torch.inference_mode():
            return np.asarray(whole(torch.from_numpy(pixels)))

    return logits
