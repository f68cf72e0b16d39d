"""The weights a run starts from."""

from torch import nn

from cnnviz import workspace
from cnnviz.config import CheckpointStart, ImageNetStart, RandomStart, RunConfig
from cnnviz.errors import CheckpointError, ConfigError
from cnnviz.models import checkpoint
from cnnviz.models.freezing import freeze, head_of
from cnnviz.models.pretrained import copy_imagenet
from cnnviz.models.registry import FAMILIES, Shape, build


def starting_network(config: RunConfig, *, image_shape: Shape, classes: int) -> nn.Module:
    """The network with its first weights, on the CPU, and what is frozen; random parts depend on the seed only.

    Raises ConfigError, WeightsUnavailable or CheckpointError when the start can't be had.
    """
    model = build(config.network, image_shape=image_shape, classes=classes, seed=config.seed)
    match config.start:
        case RandomStart():
            pass
        case ImageNetStart():
            pretrained = FAMILIES[config.network.name].pretrained
            if pretrained is None:
                raise ConfigError(
                    f"There are no ImageNet weights for {config.network.name}: start at random."
                )
            copy_imagenet(model, pretrained(config.network), progress=True)
        case CheckpointStart(run=run, snapshot=snapshot):
            _copy_fitting(model, run, snapshot)
    freeze(model, config.freeze)
    return model


def _copy_fitting(model: nn.Module, run: str, snapshot: str) -> None:
    path = workspace.snapshot_file(run, snapshot)
    _, weights = checkpoint.read(path)
    own = model.state_dict()
    head = head_of(model)
    for name, value in own.items():
        fits = name in weights and weights[name].shape == value.shape
        if not fits and not name.startswith(f"{head}."):
            raise CheckpointError(f"{run} can't be the start: its {name!r} does not fit this network.")
    own.update(
        {
            name: weights[name].to(value.dtype)
            for name, value in own.items()
            if name in weights and weights[name].shape == value.shape
        }
    )
    model.load_state_dict(own)
