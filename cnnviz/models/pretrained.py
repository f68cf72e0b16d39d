"""ImageNet weights, downloaded by torchvision on this machine or put in its cache by hand."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from cnnviz.config import Torchvision
from cnnviz.errors import ConfigError, WeightsUnavailable
from cnnviz.models.freezing import head_of
from cnnviz.models.head import first_convolution
from cnnviz.models.legacy import as_now
from cnnviz.models.registry import outline
from cnnviz.models.torchvision_models import WeightsEnum, get_model_weights

_PATIENCE = 20.0
"""Seconds without an answer after which a download is given up."""


def copy_imagenet(model: nn.Module, name: str, *, progress: bool = False) -> None:
    """Copy the ImageNet weights of torchvision's network `name` into `model`.

    Its head keeps its own weights unless it has a thousand classes, and so does a first convolution of another
    size; one that reads grey images gets the sum over the three colours.
    Raises WeightsUnavailable, and ConfigError where anything else has another size.
    """
    version = weights_of(name)
    weights = as_now(imagenet_weights(version, progress=progress))
    expected = outline(Torchvision(model=name), image_shape=(224, 224, 3), classes=1000).state_dict()  # type: ignore[arg-type]
    optional = {key for key in expected if key.endswith("num_batches_tracked")}
    for key, value in expected.items():
        if key not in optional and (key not in weights or weights[key].shape != value.shape):
            raise damaged(version)
    own = model.state_dict()
    stem = f"{first_convolution(model)[0]}.weight"
    if own[stem].shape[1] == 1 and stem in weights:
        weights[stem] = weights[stem].sum(dim=1, keepdim=True)
    free = (stem.removesuffix("weight"), f"{head_of(model)}.")
    for key, value in own.items():
        fits = key in weights and weights[key].shape == value.shape
        if not fits and not key.startswith(free) and key not in optional:
            raise ConfigError(
                f"The ImageNet weights of {name} do not fit: its {key!r} has another size for such images. "
                "Set data.size to 224."
            )
    fitting = {key: value for key, value in weights.items() if key in own and value.shape == own[key].shape}
    own.update(fitting)  # in its place: some networks look at the version that is noted beside the values
    model.load_state_dict(own)


def weights_of(name: str) -> WeightsEnum:
    """The ImageNet weights of torchvision's network `name`: the first version, which reports mean."""
    versions = get_model_weights(name)
    first: WeightsEnum = next(
        version for version in versions if version.name in {"IMAGENET1K_V1", "IMAGENET1K_SWAG_LINEAR_V1"}
    )
    return first


def imagenet_weights(weights: WeightsEnum, *, progress: bool = False) -> dict[str, torch.Tensor]:
    """State dict of torchvision's ImageNet weights.

    Raises WeightsUnavailable, saying which file to put where, when they can be neither found nor fetched.
    """
    file = cached_file(weights)
    there = file.exists()
    try:
        with _timeout(_PATIENCE):
            return dict(weights.get_state_dict(progress=progress, check_hash=True, weights_only=True))
    except Exception as error:  # torch.hub raises whatever the socket, the disk or the unpickler raised
        if there:
            raise damaged(weights) from error
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsUnavailable(
            f"ImageNet weights could not be downloaded ({reason}). "
            f"Go online once, or put {file.name} into {file.parent}."
        ) from error


def cached_file(weights: WeightsEnum) -> Path:
    """Where torchvision keeps the file of these weights, whether or not it is there."""
    return Path(torch.hub.get_dir(), "checkpoints", str(weights.url).rpartition("/")[2])


def damaged(weights: WeightsEnum) -> WeightsUnavailable:
    """What to raise when the file that is there holds something else."""
    return WeightsUnavailable(
        f"The ImageNet weights in {cached_file(weights)} are damaged: delete that file."
    )


@contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
