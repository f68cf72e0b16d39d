"""Images of another size than those of training: which a network can read, and why not others."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from cnnviz.errors import ConfigError
from cnnviz.explore.layers.capture import evaluating, fitting, watched
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import Shape, outline
from cnnviz.models.tracing import ModuleCall, tracing

MOST_BYTES = 1_000_000_000
"""Of all maps together, for one image: a look at the layers holds them all at once."""
MOST_SIDE = 512
"""Larger than training only up to here: pages tell larger images apart by a sample of their values."""
_OFTEN = (112, 224)


def shape_at(card: Card, size: int | None) -> Shape:
    """Height, width and channels of an image of height `size`, as wide as one of training is; None is training's.

    Raises ConfigError for less than one pixel.
    """
    height, width, channels = card.image_shape
    if size is None or size == height:
        return card.image_shape
    if size < 1:
        raise ConfigError(f"An image can't be {size} pixels high: choose a size of 1 or more.")
    return size, max(1, round(size * width / height)), channels


def offered(model: nn.Module, card: Card) -> tuple[list[int], str]:
    """Heights at which a look makes sense, that of training first, and why there is no other ("" where there is)."""
    own = card.image_shape[0]
    wanted = sorted({2 * own, 4 * own, *(size for size in _OFTEN if size > own)})
    idle = _idle(model, card)
    reasons = {size: _obstacle(*idle, card, size) for size in wanted}
    fitting = [size for size in wanted if not reasons[size]]
    return [own, *fitting], "" if fitting else reasons[wanted[0]]


def check(model: nn.Module, card: Card, size: int | None) -> None:
    """Raise ConfigError, saying why, where the network can't read images of that height."""
    if size is not None and size != card.image_shape[0] and (why := obstacle(model, card, size)):
        raise ConfigError(f"{why} Choose another size, or none: it was trained at {card.image_shape[0]}.")


def obstacle(model: nn.Module, card: Card, size: int) -> str:
    """Why the network can't read images of height `size`, in a sentence; "" where it can.

    Found by a pass that computes nothing. Raises ConfigError for less than one pixel.
    """
    return _obstacle(*_idle(model, card), card, size)


def _idle(model: nn.Module, card: Card) -> tuple[nn.Module, int]:
    """The network to ask, and the images of a batch with which it computes nothing."""
    if card.network.name not in ("torchvision", "exported"):
        # None at all: on the meta device, layers would load PyTorch's compiler, which takes seconds.
        return model, 0
    # A view of no numbers fits any shape, so that windows of attention would not complain.
    return outline(card.network, image_shape=card.image_shape, classes=len(card.classes)).eval(), 1


def _obstacle(network: nn.Module, images: int, card: Card, size: int) -> str:
    height, width, channels = shape_at(card, size)
    if (height, width) == card.image_shape[:2]:
        return ""
    entered: list[ModuleCall] = []
    held = 0

    def leave(call: ModuleCall, output: Any) -> None:
        nonlocal held
        held += output.shape[1:].numel() * 4 if isinstance(output, Tensor) else 0

    trace = tracing(network, watched(network), enter=entered.append, leave=leave)
    try:
        with evaluating(network), trace, torch.inference_mode():
            network(fitting(network, torch.empty(images, channels, height, width)))
    except (RuntimeError, ValueError, AssertionError, NotImplementedError) as error:
        return _reason(entered[-1:], card, (height, width), str(error))
    if max(height, width) > MOST_SIDE:
        return f"Images of {height} × {width} are too large: {MOST_SIDE} × {MOST_SIDE} is the most."
    if held > MOST_BYTES:
        return (
            f"The maps of an image of {height} × {width} take {held / 1e9:.1f} GB, "
            f"and at most {MOST_BYTES / 1e9:.0f} GB is taken."
        )
    return ""


def _reason(last: list[ModuleCall], card: Card, size: tuple[int, int], message: str) -> str:
    for call in last:
        name, module = call.name, call.module
        given = call.args[0] if call.args else None
        if isinstance(module, nn.Linear) and isinstance(given, Tensor) and given.ndim == 2:
            height, width, _ = card.image_shape
            return (
                f"{name} takes {module.in_features:,} numbers, as many as an image of {height} × {width} gives; "
                f"one of {size[0]} × {size[1]} gives {given.shape[1]:,}."
            )
    where = f" at {last[0].name}" if last else ""
    first = (message.splitlines() or ["no reason given"])[0].rstrip(".!")
    return f"The network can't read images of {size[0]} × {size[1]}{where}: {first}."
