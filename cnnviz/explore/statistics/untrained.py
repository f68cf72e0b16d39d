"""The network of a run as it was before its first step, made again from its seed."""

import numpy as np
from numpy.typing import NDArray
from torch import nn

from cnnviz.config import RandomStart, RunConfig
from cnnviz.errors import CheckpointError
from cnnviz.models.checkpoint import Card
from cnnviz.models.first_layer import first_filters
from cnnviz.models.registry import build


def untrained(config: RunConfig, card: Card, filters: NDArray[np.floating] | None) -> tuple[nn.Module, Card]:
    """The network, in evaluation mode, and its card of epoch 0. `filters` are the run's own first ones, if kept.

    Raises CheckpointError for a run that did not start at random, or whose filters were others.
    """
    if not isinstance(config.start, RandomStart):
        raise CheckpointError("This run did not start at random: its first weights can't be made again.")
    model = build(config.network, image_shape=card.image_shape, classes=len(card.classes), seed=config.seed)
    if filters is not None:
        made = first_filters(model, image_shape=card.image_shape).numpy()[: len(filters)]
        if made.shape != filters.shape or not np.allclose(made, filters, atol=2e-3):
            raise CheckpointError("This run began with other weights than its seed gives here.")
    return model.eval(), card.model_copy(update={"epoch": 0, "step": 0})
