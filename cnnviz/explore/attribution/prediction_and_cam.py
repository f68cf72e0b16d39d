"""Prediction and Grad-CAM of one image from a single pass: what follows a slider."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cnnviz.explore.activations.activation_maps import batch_of, predict
from cnnviz.explore.attribution.cam import laid_over, pass_through, weighted


@dataclass(frozen=True, eq=False)
class PredictionAndCam:
    """What a network says of an image, and what Grad-CAM says of that."""

    probabilities: NDArray[np.float64]
    """(K,)."""
    target: int
    """The class that the map is of."""
    map: NDArray[np.float32] | None
    """(H, W), laid over the image as cells; None where no layer has maps."""


def glance(
    model: nn.Module, image: NDArray[np.float32], *, layer: str | None, target: int | None = None
) -> PredictionAndCam:
    """What the network says of `image` (C, H, W, normalised), and Grad-CAM of a layer for `target`.

    Of the likeliest class, if none is given. The network itself is never touched. Raises LayerNotFound, ImageError,
    and CnnvizError for a layer without maps.
    """
    if layer is None:
        probabilities = predict(model, image)
        return PredictionAndCam(
            probabilities, int(probabilities.argmax()) if target is None else target, None
        )
    batch = batch_of(image)
    logits, maps = pass_through(model, batch, layer)
    probabilities = torch.softmax(logits[0].detach().double(), dim=0).numpy()
    asked = int(probabilities.argmax()) if target is None else target
    values = laid_over(weighted(logits, maps, asked), batch.shape[2:], "nearest")
    return PredictionAndCam(probabilities, asked, np.ascontiguousarray(values[0, 0].float().numpy()))
