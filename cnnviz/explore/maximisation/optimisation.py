"""Pictures that excite an objective more and more, from noise."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.errors import CnnvizError
from cnnviz.explore.inputs.preprocessing import as_fed
from cnnviz.explore.maximisation.colours import Colours
from cnnviz.explore.maximisation.graph import outputs
from cnnviz.explore.maximisation.objectives import Objective
from cnnviz.explore.maximisation.parametrisations import PARAMETRISATIONS
from cnnviz.explore.maximisation.settings import Settings
from cnnviz.explore.maximisation.transforms import Transform, apply, usual
from cnnviz.models.checkpoint import Card
from cnnviz.progress import Progress


@dataclass(frozen=True, eq=False, kw_only=True)
class MaximisationStep(Progress):
    """How far it is, and what there is so far."""

    pictures: NDArray[np.uint8]
    """(N, H, W, C)"""
    scores: NDArray[np.float64]
    """What the pictures scored before this step, as they were transformed: (N,)."""


@dataclass(frozen=True, eq=False)
class Maximised:
    """Pictures that excite an objective, the strongest first."""

    objective: str
    pictures: NDArray[np.uint8]
    """(N, H, W, C)"""
    scores: NDArray[np.float64]
    """What the pictures score as they are, in 256 shades and not transformed: (N,)."""
    trace: NDArray[np.float64]
    """Scores of the transformed pictures at each step that was done: (steps, N)."""
    settings: Settings

    def times(self, other: float) -> float | None:
        """How many times as strong as `other` the strongest is; None where that has no meaning."""
        best = float(self.scores[0])
        return best / other if other > 0 and best > 0 else None


def maximise(
    model: nn.Module,
    card: Card,
    objective: Objective,
    *,
    settings: Settings | None = None,
    colours: Colours | None = None,
    transforms: Sequence[Transform] | None = None,
) -> Generator[MaximisationStep, bool | None, Maximised]:
    """Learn pictures for `objective`: yields MaximisationStep after each step, and returns Maximised.

    Sending True ends it with what is there. `colours` are those of the data (without them, of photographs with
    the mean and deviation of `card`); `transforms` replace the usual ones. Equal for equal settings on one machine.

    The network is held only while a step is computed, and is as before after each: no weight has a gradient,
    because only those of the pictures are computed. Raises LayerNotFound, and CnnvizError for a channel that is
    not there, a layer without channels and scores that are not finite.
    """
    settings = settings or Settings()
    height, width, channels = card.image_shape
    if settings.parametrisation not in PARAMETRISATIONS:
        raise CnnvizError(f"No parametrisation {settings.parametrisation!r}: {', '.join(PARAMETRISATIONS)}.")
    parametrisation = PARAMETRISATIONS[settings.parametrisation].build((channels, height, width))
    if not settings.decorrelate:
        colours = Colours.independent(channels)
    elif colours is None:
        colours = Colours.of_photographs(card.mean, card.std)
    if transforms is None:
        transforms = usual(min(height, width)) if settings.transforms else ()
    random = torch.Generator().manual_seed(settings.seed)
    mean, std = (torch.tensor(values)[:, None, None] for values in (card.mean, card.std))
    values = parametrisation.draw(settings.pictures, random).requires_grad_()
    learning = torch.optim.Adam([values], lr=settings.rate)
    trace: list[NDArray[np.float64]] = []
    pictures = _pixels(colours.image(parametrisation.planes(values)))
    for step in range(settings.steps):
        with torch.inference_mode(False), torch.enable_grad():
            images = apply(transforms, colours.image(parametrisation.planes(values)), random)
            scores = objective.score(outputs(model, (images - mean) / std, objective.layers))
            (gradient,) = torch.autograd.grad(scores.sum(), values)
        trace.append(_finite(scores, objective))
        values.grad = -gradient
        learning.step()
        pictures = _pixels(colours.image(parametrisation.planes(values)))
        share, doing = (step + 1) / settings.steps, f"Step {step + 1} of {settings.steps}"
        if (yield MaximisationStep(share, doing, pictures=pictures, scores=trace[-1])):
            break
    found = score(model, card, objective, pictures)
    order = np.argsort(-found, kind="stable")
    return Maximised(objective.name, pictures[order], found[order], np.stack(trace)[:, order], settings)


def score(
    model: nn.Module, card: Card, objective: Objective, pictures: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """What pictures, uint8 (N, H, W, C), score: (N,)."""
    batch = torch.from_numpy(np.stack([as_fed(picture, card).values for picture in pictures]))
    with torch.no_grad():
        return _finite(objective.score(outputs(model, batch, objective.layers)), objective)


def _finite(scores: Tensor, objective: Objective) -> NDArray[np.float64]:
    found: NDArray[np.float64] = scores.detach().double().cpu().numpy()
    if not np.isfinite(found).all():
        raise CnnvizError(
            f"The score of {objective.name} is not finite: the network's weights may be damaged."
        )
    return found


def _pixels(images: Tensor) -> NDArray[np.uint8]:
    """uint8 (N, H, W, C) from pictures in 0..1."""
    shades = images.detach().permute(0, 2, 3, 1).cpu().numpy()
    pixels: NDArray[np.uint8] = np.rint(shades * 255).astype(np.uint8)
    return pixels
