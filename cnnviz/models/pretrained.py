"""ImageNet weights, downloaded by torchvision on this machine or put in its cache by hand."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torchvision.models import WeightsEnum

from cnnviz.errors import WeightsUnavailable

_PATIENCE = 20.0
"""Seconds without an answer after which a download is given up."""


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
