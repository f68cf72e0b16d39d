"""Two figures about a map: how much it changes when the image hardly does, and how well it foretells the score."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from captum.metrics import infidelity as captum_infidelity
from captum.metrics import sensitivity_max
from numpy.typing import NDArray
from torch import Tensor

from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.progress import Progress, Work

Explain = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From an image (C, H, W) to the values of its attribution."""


def max_sensitivity(
    explain: Explain,
    image: NDArray[np.float32],
    known: NDArray[np.float32],
    *,
    radius: float = 0.02,
    draws: int = 10,
    seed: int = 0,
) -> Work[float]:
    """Yields how much is done; ends with the largest relative change of the map `known` of `image`.

    The image is changed by noise, evenly spread up to `radius` (of the normalised input) either way; the change is the
    norm of the difference by the norm of the map (Yeh et al. 2019, by Captum). A blank map counts as of norm 1.
    """
    random = torch.Generator().manual_seed(seed)
    original = torch.from_numpy(np.ascontiguousarray(image))[None]

    def explanation(given: Tensor | tuple[Tensor, ...]) -> tuple[Tensor]:
        batch = given if isinstance(given, Tensor) else given[0]
        # In a tuple: of a bare tensor, Captum takes the norm of the first channel alone.
        maps = [known if torch.equal(one, original[0]) else explain(one.numpy()) for one in batch.detach()]
        return (torch.stack([torch.from_numpy(one) for one in maps]),)

    def nearby(inputs: Tensor, radius: float = radius) -> Tensor:
        return inputs + (torch.rand(inputs.shape, generator=random) * 2 - 1) * radius

    largest = 0.0
    for number in range(draws):
        yield Progress(number / draws)
        found = sensitivity_max(explanation, original, nearby, perturb_radius=radius, n_perturb_samples=1)
        largest = max(largest, float(found))
    return largest


def infidelity(
    question: AttributionRequest, values: NDArray[np.float32], *, draws: int = 100, seed: int = 0
) -> Work[float]:
    """Yields how much is done; ends with how badly the map foretells what the score loses when a square is covered.

    Mean squared error, as a share of the mean squared loss: 0 is perfect, 1 no better than nothing. The map may be
    scaled by one number, the best one, so that methods of different units can be compared (Yeh et al. 2019, by
    Captum with `normalize`). Squares of a quarter to a half of the side, at random, become the question's baseline.
    """
    random = np.random.default_rng(seed)
    image, baseline = question.image, question.baseline[:1]
    height, width = image.shape[2:]
    masks = torch.zeros(draws, 1, height, width)
    for mask in masks:
        high, wide = (max(1, round(length * random.uniform(0.25, 0.5))) for length in (height, width))
        top, left = random.integers(height - high + 1), random.integers(width - wide + 1)
        mask[:, top : top + high, left : left + wide] = 1
    at = 0

    def cover(inputs: Tensor, baselines: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal at
        mask = masks[at : at + len(inputs)].expand_as(inputs)
        at += len(inputs)
        return mask.clone(), torch.where(mask > 0, baselines, inputs)

    yield Progress(0.0)
    # A value for all colours of a pixel counts once.
    spread = torch.from_numpy(values)[None].expand_as(image) / (image.shape[1] // len(values))
    with torch.no_grad():
        error = captum_infidelity(
            question.model,
            cover,
            image,
            spread,
            baselines=baseline,
            target=question.targets[0],
            n_perturb_samples=draws,
            max_examples_per_batch=question.at_once,
            normalize=True,
        )
    losses = _losses(question, masks)
    power = float((losses**2).mean())
    return float(error) / power if power > 0 else float("nan")


def _losses(question: AttributionRequest, masks: Tensor) -> NDArray[np.float64]:
    found = []
    whole = question.scores(question.image)[0, 0]
    for first in range(0, len(masks), question.at_once):
        some = masks[first : first + question.at_once] > 0
        batch = torch.where(some, question.baseline[:1], question.image)
        found.append((whole - question.scores(batch)[:, 0]).double().numpy())
    return np.concatenate(found)
