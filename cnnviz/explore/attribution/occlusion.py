"""Attributions from covering parts of the image: what the score loses is what the part was worth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnviz.errors import CnnvizError
from cnnviz.explore.attribution import options
from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.explore.attribution.superpixels import superpixels
from cnnviz.progress import Progress, Work


def occlusion(question: AttributionRequest, chosen: options.Occlusion) -> Work[Tensor]:
    """The mean loss over all squares that cover a pixel (Zeiler & Fergus 2013), many a pass."""
    height, width = question.image.shape[2:]
    window, stride = window_of((height, width), chosen)
    if window > min(height, width):
        raise CnnvizError(
            f"A window of {window} px doesn't fit into an image of {width} × {height}: take a smaller one."
        )
    boxes = list(_boxes(height, width, window, stride))
    total = torch.zeros(len(question.targets), 1, height, width)
    covered = torch.zeros(height, width)
    whole = question.scores(question.image, precision=chosen.precision)[0]
    for first in range(0, len(boxes), question.at_once):
        yield Progress(first / len(boxes))
        some = boxes[first : first + question.at_once]
        batch = question.image.repeat(len(some), 1, 1, 1)
        for number, box in enumerate(some):
            batch[(number, slice(None), *box)] = question.baseline[(0, slice(None), *box)]
        losses = whole - question.scores(batch, precision=chosen.precision)
        for loss, box in zip(losses, some, strict=True):
            total[(slice(None), slice(None), *box)] += loss.reshape(-1, 1, 1, 1)
            covered[box] += 1
    return total / covered


def feature_ablation(question: AttributionRequest, chosen: options.FeatureAblation) -> Work[Tensor]:
    """The loss when one superpixel is covered, for each of them."""
    labels = superpixels(question.image[0].numpy(), chosen.regions)
    regions = int(labels.max()) + 1
    whole = question.scores(question.image)[0]
    losses = []
    for first in range(0, regions, question.at_once):
        yield Progress(first / regions)
        gone = torch.arange(first, min(first + question.at_once, regions))
        kept = torch.from_numpy(labels)[None] != gone.reshape(-1, 1, 1)
        losses.append(whole - question.scores(mixed(question, kept)))
    return spread_out(torch.cat(losses).T, labels)


def mixed(question: AttributionRequest, kept: Tensor) -> Tensor:
    """The image where `kept` (N, H, W) holds, the baseline elsewhere: (N, C, H, W)."""
    return torch.where(kept[:, None], question.image, question.baseline[:1])


def spread_out(values: Tensor, labels: NDArray[np.int64]) -> Tensor:
    """Values (T, R) of regions as maps (T, 1, H, W)."""
    return values[:, torch.from_numpy(labels)][:, None]


def window_of(size: tuple[int, ...], chosen: options.Occlusion) -> tuple[int, int]:
    """Window and stride in pixels: an eighth of the shorter side and half of that, unless they are chosen."""
    window = chosen.window or max(1, min(size) // 8)
    return window, min(chosen.stride or max(1, window // 2), window)


def _boxes(height: int, width: int, window: int, stride: int) -> Iterator[tuple[slice, slice]]:
    """Where the squares lie; the last of a row or column ends with the image."""
    for top in range(0, height - window + stride, stride):
        for left in range(0, width - window + stride, stride):
            yield slice(top, min(top + window, height)), slice(left, min(left + window, width))
