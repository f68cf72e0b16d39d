"""How large a run is and how long it will take, before it is started."""

import time
from dataclasses import dataclass

import torch
from torch.nn import functional

from cnnviz.config import Network
from cnnviz.errors import ConfigError
from cnnviz.models.registry import Shape, build, outline
from cnnviz.models.tracing import ModuleCall, tracing
from cnnviz.train.evaluate import forward
from cnnviz.train.execution import Execution, find_device, wait

_IMAGES = 32
_LONG = 0.2
"""Seconds: a step that takes longer is long enough to be measured once."""


@dataclass(frozen=True)
class Speed:
    """What a training step on this machine takes, measured just now."""

    device: str
    images_per_second: float


def measure(network: Network, *, device: str, precision: str, image_shape: Shape, classes: int) -> Speed:
    """Training images a second, from a few small steps on noise in each arithmetic that is allowed.

    Raises ConfigError for a device that is not there.
    """
    device = find_device(device)
    height, width, channels = image_shape
    inputs = torch.randn(_IMAGES, channels, height, width, device=device)
    labels = torch.arange(_IMAGES, device=device) % classes
    model = build(network, image_shape=image_shape, classes=classes).to(device).train()
    fastest = float("inf")
    for tried in ("fp32", "bf16") if precision == "auto" else (precision,):
        way = Execution(device, tried, "contiguous" if tried == "fp32" else "channels_last")
        model = way.arrange(model)
        for repeat in range(3):
            start = time.perf_counter()
            functional.cross_entropy(forward(model, inputs, way), labels).backward()
            model.zero_grad(set_to_none=True)
            wait(device)
            took = time.perf_counter() - start
            if repeat:
                fastest = min(fastest, took)
                if took > _LONG:
                    break
    return Speed(device, _IMAGES / fastest)


def parameter_count(network: Network, *, image_shape: Shape, classes: int) -> int:
    """Number of values; nothing is allocated or computed.

    Raises ConfigError when the network can't be built for such images or can't read them, with the layer.
    """
    height, width, channels = image_shape
    try:
        model = outline(network, image_shape=image_shape, classes=classes).eval()
        images, device = 1, "meta"
        if network.name != "torchvision":
            # None at all, and weights that are views of no memory: on the meta device, layers load PyTorch's compiler.
            images, device = 0, "cpu"
            model._apply(lambda weights: torch.zeros((), dtype=weights.dtype).expand(weights.shape))
    except (RuntimeError, ValueError) as error:
        raise ConfigError(f"This network does not fit images of {height}×{width}: {error}.") from error
    entered: list[ModuleCall] = []
    try:
        with tracing(model, dict(model.named_modules()), enter=entered.append), torch.no_grad():
            model(torch.empty(images, channels, height, width, device=device))
    except (RuntimeError, ValueError, AssertionError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConfigError(
            f"This network does not fit images of {height}×{width}: its layer {entered[-1].name!r} can't go on ({why})."
        ) from error
    return sum(parameter.numel() for parameter in model.parameters())
