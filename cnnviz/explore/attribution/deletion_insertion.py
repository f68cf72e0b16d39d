"""Deletion and insertion: does the score follow when the pixels that a map calls important go, or come?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.progress import Progress, Work


@dataclass(frozen=True)
class ScoreCurve:
    """Probability of a class while pixels are replaced, those of the largest values first."""

    shares: NDArray[np.float64]
    """Of pixels that are replaced, 0 to 1."""
    probabilities: NDArray[np.float64]

    @property
    def area(self) -> float:
        """Under the curve, by trapezoids: the mean probability on the way."""
        return float(np.trapezoid(self.probabilities, self.shares))


@dataclass(frozen=True)
class Curves:
    """Both curves, each beside that of a random order of pixels."""

    deletion: ScoreCurve
    """From the image to the baseline: falls at once where the map is right. Small areas are good."""
    insertion: ScoreCurve
    """From the baseline to the image: rises at once where the map is right. Large areas are good."""
    deletion_at_random: ScoreCurve
    insertion_at_random: ScoreCurve


def curves(
    question: AttributionRequest,
    values: NDArray[np.float32],
    *,
    nothing: Tensor,
    steps: int = 32,
    seed: int = 0,
) -> Work[Curves]:
    """Yields how much is done; ends with the curves of a map `values` (H, W) for the question's first class.

    Deleted pixels become those of `nothing`, (1, C, H, W), inserted ones take the place of the question's baseline
    (Petsiuk et al. 2018, who delete to the mean colour and insert into a blurred image).
    """
    orders = {
        "map": np.argsort(-values.ravel(), kind="stable"),
        "random": np.random.default_rng(seed).permutation(values.size),
    }
    counts = np.unique(np.round(np.linspace(0, values.size, steps + 1)).astype(int))
    found: dict[str, ScoreCurve] = {}
    work = [
        (way, order, start, end)
        for order in orders
        for way, start, end in (
            ("deletion", question.image, nothing),
            ("insertion", question.baseline[:1], question.image),
        )
    ]
    for number, (way, order, start, end) in enumerate(work):
        ranks = np.empty(values.size, np.int64)
        ranks[orders[order]] = np.arange(values.size)
        places = torch.from_numpy(ranks.reshape(values.shape))
        parts = []
        for first in range(0, len(counts), question.at_once):
            yield Progress((number + first / len(counts)) / len(work))
            some = torch.from_numpy(counts[first : first + question.at_once]).reshape(-1, 1, 1)
            parts.append(_probabilities(question, torch.where((places < some)[:, None], end, start)))
        found[f"{way} {order}"] = ScoreCurve(counts / values.size, np.concatenate(parts))
    return Curves(
        deletion=found["deletion map"],
        insertion=found["insertion map"],
        deletion_at_random=found["deletion random"],
        insertion_at_random=found["insertion random"],
    )


def _probabilities(question: AttributionRequest, batch: Tensor) -> NDArray[np.float64]:
    with torch.inference_mode():
        logits = question.model(batch).double()
    found: NDArray[np.float64] = torch.softmax(logits, dim=1)[:, question.targets[0]].numpy()
    return found
