"""Which pixels really move a cell: the effective receptive field."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.explore.layers.capture import evaluating, first_tensor, fitting, watched
from cnnviz.explore.layers.channel_order import channels_first
from cnnviz.explore.layers.receptive_field import Field
from cnnviz.models.tracing import ModuleCall, tracing
from cnnviz.progress import Progress, Work

HELD = 0.9
"""Share of the gradient that `side` asks for. A square of ±2σ around a Gaussian, which is the size of Luo et al.,
holds 91 %."""


def effective_fields(model: nn.Module, batches: list[Tensor]) -> Work[dict[str, NDArray[np.float64]]]:
    """|∂y/∂pixel| summed over colours, mean over all images, by layer: (H, W). Yields how much is done, 0 to 1.

    y is the sum over the channels of a layer's middle cell; of units, it is their sum. `batches` are normalised
    images (N, C, H, W). A layer that gives neither maps nor units, or no gradient, is left out.
    Source: Luo et al. 2016, Understanding the Effective Receptive Field in Deep Convolutional Neural Networks.
    """
    sums: dict[str, Tensor] = {}
    for number, batch in enumerate(batches):
        image = fitting(model, batch).detach().clone().requires_grad_()
        centres = _centres(model, image)
        for done, (names, centre) in enumerate(centres):
            (gradient,) = torch.autograd.grad(centre, image, retain_graph=True, allow_unused=True)
            if gradient is not None:
                found = gradient.double().abs().sum((0, 1)).cpu()
                sums.update({name: sums.get(name, 0) + found for name in names})
            yield Progress((number + (done + 1) / len(centres)) / len(batches))
    count = sum(map(len, batches))
    return {name: found.numpy() / count for name, found in sums.items()}


def side(picture: NDArray[np.floating], field: Field | None, cell: tuple[int, int]) -> int | None:
    """Side in pixels of the smallest square around a cell's field that holds HELD of the picture's sum.

    The square may go beyond the image. None where the picture is zero everywhere, or not finite.
    """
    total = picture.sum()
    if not np.isfinite(total) or total <= 0:
        return None
    height, width = picture.shape
    middle = ((height - 1) / 2, (width - 1) / 2)
    if field is not None and not field.whole:
        middle = field.centre(*cell)
    rows = np.abs(np.arange(height) - middle[0])
    columns = np.abs(np.arange(width) - middle[1])
    reach = np.ceil(2 * np.maximum(rows[:, None], columns[None]) + 1).astype(int)
    held = np.cumsum(np.bincount(reach.ravel(), picture.ravel().astype(np.float64)))
    return int(np.argmax(held >= HELD * total * (1 - 1e-9)))


def middle_cell(shape: tuple[int, ...]) -> tuple[int, int]:
    """Row and column of the cell in the middle of maps (…, H, W); of units, 0 and 0."""
    return (shape[-2] // 2, shape[-1] // 2) if len(shape) > 2 else (0, 0)


def _centres(model: nn.Module, image: Tensor) -> list[tuple[list[str], Tensor]]:
    """What is derived: the middle cells' sums, over channels and over the images of the batch, with their layers.

    Layers that give the same tensor (a block, and the ReLU that it ends with) share one.
    """
    centres: dict[tuple[int, int], tuple[list[str], Tensor]] = {}
    outputs: list[Tensor] = []
    lay = channels_first(model)

    def keep(call: ModuleCall, output: Any) -> None:
        tensor = first_tensor(output)
        if tensor is None or tensor.ndim not in (2, 4) or not tensor.requires_grad:
            return
        maps = lay(call, tensor)
        if maps.ndim not in (2, 4):
            return
        same = (id(tensor), tensor._version)
        outputs.append(tensor)  # kept, so that no other gets its number
        if same in centres:
            centres[same][0].append(call.layer)
            return
        row, column = middle_cell(tuple(maps.shape[1:]))
        # Taken at once, because the next layer may work in place.
        picked = maps if maps.ndim == 2 else maps[:, :, row, column]
        centres[same] = [call.layer], picked.sum()

    with evaluating(model), tracing(model, watched(model), leave=keep), torch.enable_grad():
        # A copy: a first layer that works in place must not touch what gradients are taken of.
        model(image.clone())
    return list(centres.values())
