"""Everything that is checked of one map, in one go."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import nn

from cnnviz.explore.attribution.attribute import (
    Attribution,
    AttributionSetting,
    attribute,
    attribution_request,
)
from cnnviz.explore.attribution.deletion_insertion import Curves, curves
from cnnviz.explore.attribution.faithfulness import infidelity, max_sensitivity
from cnnviz.explore.attribution.options import Options
from cnnviz.explore.attribution.randomisation import Destroyed, cascade
from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.explore.layers.structure import layers
from cnnviz.models.checkpoint import Card
from cnnviz.progress import Work, finish, within

DELETED, INSERTED_INTO = "mean", "blur"
"""Baselines of the two curves, those of Petsiuk et al. 2018."""
RADIUS = 0.02
DRAWS = 10
SQUARES = 100


@dataclass(frozen=True)
class Checks:
    """How far a map can be trusted."""

    curves: Curves
    sensitivity: float
    """Largest relative change of the map for noise up to `RADIUS`: see `max_sensitivity`."""
    infidelity: float
    """Share of what squares cost that the map does not foretell: see `infidelity`."""
    destroyed: tuple[Destroyed, ...]
    """Likeness of the map to that of a network whose weights are noise, from the last layer on."""


def checks(
    model: nn.Module,
    card: Card,
    image: NDArray[np.float32],
    found: Attribution,
    *,
    options: Options,
    setting: AttributionSetting,
) -> Work[Checks]:
    """Yields how much is done, 0 to 1, and with what; ends with all checks of `found`, made with these options."""

    def explain(network: nn.Module, values: NDArray[np.float32]) -> NDArray[np.float32]:
        work = attribute(
            network,
            card,
            values,
            method=found.method,
            targets=[found.target],
            options=options,
            setting=setting,
        )
        return finish(work)[0].values

    def question(baseline: str) -> AttributionRequest:
        chosen = replace(setting, baseline=baseline)
        return attribution_request(
            model, card, image, method="integrated_gradients", targets=[found.target], setting=chosen
        )

    drawn = yield from within(
        curves(question(INSERTED_INTO), found.map, nothing=question(DELETED).baseline),
        0.0, 0.2, "Deleting and inserting pixels",
    )  # fmt: skip
    unfaithful = yield from within(
        infidelity(question(setting.baseline), found.values, draws=SQUARES), 0.2, 0.3, "Covering squares"
    )
    sensitive = yield from within(
        max_sensitivity(
            lambda values: explain(model, values), image, found.values, radius=RADIUS, draws=DRAWS
        ),
        0.3, 0.65, "Changing the image a little",
    )  # fmt: skip
    listed = layers(model, image.shape)
    destroyed = yield from within(
        cascade(model, listed, lambda network: explain(network, image).sum(axis=0), found.map),
        0.65, 1.0, "Destroying the network layer by layer",
    )  # fmt: skip
    return Checks(curves=drawn, sensitivity=sensitive, infidelity=unfaithful, destroyed=tuple(destroyed))
