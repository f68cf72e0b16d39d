"""Shapley values of superpixels, by regression."""

from __future__ import annotations

from math import comb

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnviz.explore.attribution import options
from cnnviz.explore.attribution.occlusion import mixed, spread_out
from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.explore.attribution.superpixels import superpixels
from cnnviz.progress import Progress, Work


def kernel_shap(question: AttributionRequest, chosen: options.KernelShap) -> Work[Tensor]:
    """Each superpixel's share of the way from baseline to image (Lundberg & Lee 2017).

    The shares add up to the difference of the two scores exactly. Where all sets of superpixels are no more than
    `samples`, all of them are looked at, and the values are exact.
    """
    labels = superpixels(question.image[0].numpy(), chosen.regions)
    regions = int(labels.max()) + 1
    nothing, everything = question.scores(torch.cat([question.baseline[:1], question.image])).double()
    if regions == 1:
        return spread_out((everything - nothing).float()[:, None], labels)
    sets, weights = _sets(regions, chosen.samples, np.random.default_rng(chosen.seed))
    scores = []
    for first in range(0, len(sets), question.at_once):
        yield Progress(first / len(sets))
        kept = torch.from_numpy(sets[first : first + question.at_once][:, labels])
        scores.append(question.scores(mixed(question, kept)))
    found = _solved(
        sets, weights, torch.cat(scores).double().numpy() - nothing.numpy(), (everything - nothing).numpy()
    )
    return spread_out(torch.from_numpy(found).float(), labels)


def _sets(
    regions: int, samples: int, random: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Sets of regions (S, R), neither empty nor whole, and the weight of each."""
    sizes = np.arange(1, regions)
    kernel = (regions - 1) / (sizes * (regions - sizes))  # Shapley's kernel, of all sets of a size together
    if regions < 20 and 2**regions - 2 <= samples:
        sets = (np.arange(1, 2**regions - 1)[:, None] >> np.arange(regions)) % 2 == 1
        weights = np.array([kernel[size - 1] / comb(regions, size) for size in sets.sum(1)])
        return sets, weights
    drawn = random.choice(sizes, size=(samples + 1) // 2, p=kernel / kernel.sum())
    ranks = random.random((len(drawn), regions)).argsort(1).argsort(1)
    half = ranks < drawn[:, None]
    # A set and its complement: their errors take each other back (Covert & Lee 2021).
    return np.concatenate([half, ~half]), np.ones(2 * len(half))


def _solved(
    sets: NDArray[np.bool_],
    weights: NDArray[np.float64],
    gains: NDArray[np.float64],
    total: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The values (T, R) that fit gains (S, T) best among those that add up to `total` (T,)."""
    # The last value is what the others leave of the total: then no constraint is left.
    free = sets[:, :-1].astype(float) - sets[:, -1:]
    left = gains - sets[:, -1:] * total
    root = np.sqrt(weights)[:, None]
    values = np.linalg.lstsq(free * root, left * root, rcond=None)[0]
    return np.concatenate([values, total[None] - values.sum(0, keepdims=True)]).T
