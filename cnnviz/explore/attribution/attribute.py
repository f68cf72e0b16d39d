"""Which pixels of an image speak for a class, by any method, and how far the answer adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.errors import CnnvizError
from cnnviz.explore.activations.activation_maps import batch_of
from cnnviz.explore.attribution import baselines
from cnnviz.explore.attribution.methods import METHODS
from cnnviz.explore.attribution.options import Options, RegionOptions
from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.explore.attribution.superpixels import superpixels
from cnnviz.models.checkpoint import Card
from cnnviz.progress import Work, within
from cnnviz.registry import entry


@dataclass(frozen=True)
class Attribution:
    """What one method says of one image and one class."""

    method: str
    target: int
    values: NDArray[np.float32]
    """(C, H, W), of the image's size; C is 1 where a pixel has one value for all its colours."""
    signed: bool
    """Values below zero speak against the class; otherwise there are none."""
    score: float
    """Logit of the class."""
    expected: float | None
    """What the values should add up to, where the method promises it."""
    superpixels: NDArray[np.int64] | None = None
    """Where the method asks of superpixels, which each pixel is in: (H, W). All pixels of one have its value."""

    @property
    def map(self) -> NDArray[np.float32]:
        """Values summed over colours: (H, W)."""
        summed: NDArray[np.float32] = self.values.sum(axis=0)
        return summed

    @property
    def sum(self) -> float:
        """All values together, that of a superpixel once."""
        values = self.values
        if self.superpixels is not None:
            first = np.unique(self.superpixels, return_index=True)[1]
            values = values.reshape(len(values), -1)[:, first]
        return float(values.sum(dtype=np.float64))

    @property
    def missing(self) -> float | None:
        """Completeness error: how far the values' sum is off, in logits; None where nothing was promised."""
        return None if self.expected is None else self.sum - self.expected


@dataclass(frozen=True)
class AttributionSetting:
    """What all methods share, so that their maps answer the same question."""

    baseline: str = baselines.DEFAULT
    """One of `baselines.BASELINES`."""
    layer: str | None = None
    """Of Grad-CAM."""
    seed: int = 0
    """Of a baseline of noise."""


def attribute(
    model: nn.Module,
    card: Card,
    image: NDArray[np.float32],
    *,
    method: str,
    targets: Sequence[int],
    options: Options | None = None,
    setting: AttributionSetting = AttributionSetting(),
) -> Work[list[Attribution]]:
    """Ends with an attribution for each class of `targets`, by number.

    `image` is (C, H, W), normalised as the network of `card` expects. The network itself is never touched.
    Raises NotFound for a method, baseline or class that is not there, CnnvizError for what the method can't do.
    """
    question = attribution_request(model, card, image, method=method, targets=targets, setting=setting)
    found = METHODS.get(method)
    assert found is not None
    chosen = options or found.options()
    if not isinstance(chosen, found.options):
        raise TypeError(f"{method} takes {found.options.__name__}, not {type(chosen).__name__}.")
    values = yield from within(found.run(question, chosen), 0.0, 1.0, found.title)
    if values.ndim != 4 or not len(values) == len(targets):
        raise AssertionError(f"{method} gave {tuple(values.shape)}.")
    whole = question.scores(question.image)[0]
    expected: list[float | None] = [None] * len(targets)
    if found.complete == "difference":
        expected = (whole - question.scores(question.baseline[:1])[0]).tolist()
    elif found.complete == "score":
        expected = whole.tolist()
    labels = superpixels(image, chosen.regions) if isinstance(chosen, RegionOptions) else None
    return [
        Attribution(
            method=method,
            target=target,
            values=np.ascontiguousarray(one.float().numpy()),
            signed=chosen.signed,
            score=float(score),
            expected=promised,
            superpixels=labels,
        )
        for target, one, score, promised in zip(targets, values, whole, expected, strict=True)
    ]


def attribution_request(
    model: nn.Module,
    card: Card,
    image: NDArray[np.float32],
    *,
    method: str,
    targets: Sequence[int],
    setting: AttributionSetting,
) -> AttributionRequest:
    """The question that a method is to answer. Raises NotFound."""
    entry("method", method, METHODS)
    for target in targets:
        if not 0 <= target < len(card.classes):
            raise CnnvizError(f"There is no class {target}: they are numbered 0 to {len(card.classes) - 1}.")
    if not targets:
        raise CnnvizError("Choose a class to ask about.")
    batch = batch_of(image)
    made: list[Tensor] = [
        baselines.baseline(setting.baseline, batch, mean=card.mean, std=card.std, seed=setting.seed + number)
        for number in range(max(1, METHODS[method].baselines))
    ]
    return AttributionRequest(
        network=model, image=batch, targets=tuple(targets), baseline=torch.cat(made), layer=setting.layer
    )
