"""How a recipe is computed: arithmetic, memory order and compiling. Never what is computed."""

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from cnnviz.config import RunConfig
from cnnviz.errors import ConfigError
from cnnviz.failure import out_of_memory
from cnnviz.models.tracing import ModuleCall, tracing

_LONG_RUN = 20 * 60
"""Seconds of training from which compiling (a minute or so) may pay."""
_BETTER = 0.95
"""A less plain way has to take at most this share of the time."""
_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Execution:
    """One way to compute a training step."""

    device: str
    precision: str = "fp32"
    """fp32, bf16 or fp16: of the forward and backward pass; weights and updates are fp32."""
    memory_format: str = "contiguous"
    compile: bool = False

    def autocast(self) -> torch.autocast:
        """The context of a forward pass; without effect where everything is float32."""
        enabled = self.precision != "fp32"
        return torch.autocast(self.device, dtype=_TYPES.get(self.precision), enabled=enabled)

    def arrange(self, model: nn.Module) -> nn.Module:
        """`model` itself, on the device and in the memory order."""
        return model.to(self.device, memory_format=self.layout)  # type: ignore[call-overload,no-any-return]

    @property
    def layout(self) -> torch.memory_format:
        """Memory format of weights and inputs."""
        return torch.channels_last if self.memory_format == "channels_last" else torch.contiguous_format


@dataclass(frozen=True)
class ExecutionProbe:
    """What was tried before a run, and what was chosen."""

    chosen: Execution
    milliseconds: dict[str, float]
    """Time of a step for each way; none where there was no choice."""


def find_device(wanted: str) -> str:
    """`wanted`, or for "auto" the best device there is.

    Raises ConfigError for a device that this machine does not have.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there[wanted]:
        raise ConfigError(
            f"This machine has no {wanted} device that PyTorch can use: set device to auto or cpu."
        )
    return wanted


def choose(
    config: RunConfig,
    model: nn.Module,
    step: Callable[[nn.Module, Execution], None],
    *,
    steps: int,
    device: str,
) -> ExecutionProbe:
    """The fastest of the ways that `config` leaves open, by timing `step` on copies of `model`.

    `steps` is the length of the run. Compiling is tried only when asked for, or when the run is long.
    A way that is the only one is tried for a step, to hear of what fails, and not timed.
    """
    timings: dict[Execution, float] = {}
    ways = list(_ways(config, model, device))
    settled = len(ways) == 1 and config.compile == "off"
    for way in ways:
        candidate = copy.deepcopy(model)
        try:
            with _strided_pixels(candidate) as pixels:
                if settled:
                    step(way.arrange(candidate), way)
                    wait(way.device)
                else:
                    timings[way] = _time(candidate, way, step)
        except (RuntimeError, ValueError) as error:
            if config.precision != "auto" or way.precision == "fp32":
                raise _in_words(error, way) from error
        if pixels and device == "cpu" and way.precision != "fp32":
            if config.precision != "auto":
                raise ConfigError(
                    f"Such small images can't be trained in {way.precision} on a CPU: "
                    "set precision to auto, or the network's stem to cifar."
                )
            timings.pop(way, None)
    if settled:
        return ExecutionProbe(ways[0], {})
    best = _plainest_fast(timings)
    if config.compile == "on" or (config.compile == "auto" and steps * timings[best] > _LONG_RUN):
        compiled = replace(best, compile=True)
        try:
            timings[compiled] = _time(copy.deepcopy(model), compiled, step)
        except Exception as error:  # whatever the compiler, or its absence, raised
            if config.compile == "on":
                raise ConfigError(
                    f"The network can't be compiled here ({_first_line(error)}): set compile to off."
                ) from error
        if compiled in timings and (config.compile == "on" or timings[compiled] < _BETTER * timings[best]):
            best = compiled
    return ExecutionProbe(best, {_label(way): round(1000 * seconds, 2) for way, seconds in timings.items()})


def _in_words(error: Exception, way: Execution) -> Exception:
    """Why a way fails; where memory runs out, as PyTorch says it, which names a batch size later."""
    if out_of_memory(error):
        return error
    return ConfigError(
        f"A training step in {way.precision} fails on {way.device} ({_first_line(error)}): "
        "try a smaller batch, or set precision to auto."
    )


def _ways(config: RunConfig, model: nn.Module, device: str) -> Iterator[Execution]:
    convolutional = any(isinstance(module, nn.Conv2d) for module in model.modules())
    precisions = ["fp32", "bf16"] if config.precision == "auto" else [config.precision]
    if not convolutional and config.precision == "auto":
        precisions = ["fp32"]
    layouts = ["contiguous", "channels_last"] if config.memory_format == "auto" else [config.memory_format]
    if not convolutional:
        layouts = ["contiguous"]
    for precision in precisions:
        for layout in layouts:
            plain = precision == "fp32" and layout == "channels_last"  # no faster, where there is a choice
            if not (plain and config.precision == "auto" and config.memory_format == "auto"):
                yield Execution(device, precision, layout)


def _plainest_fast(timings: dict[Execution, float]) -> Execution:
    """The first way, unless a later one is clearly faster: small differences are noise."""
    best = next(iter(timings))
    for way, seconds in timings.items():
        if seconds < _BETTER * timings[best]:
            best = way
    return best


@contextmanager
def _strided_pixels(model: nn.Module) -> Iterator[list[nn.Module]]:
    """Convolutions with a stride that read maps of one pixel when `model` runs in the block.

    Their bf16 weight gradient is uninitialised memory on CPUs (oneDNN in PyTorch 2.15).
    """
    found: list[nn.Module] = []

    def look(call: ModuleCall) -> None:
        if min(call.args[0].shape[2:]) == 1:
            found.append(call.module)

    strided = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d) and max(module.stride) > 1
    }
    with tracing(model, strided, enter=look):
        yield found


def _time(model: nn.Module, way: Execution, step: Callable[[nn.Module, Execution], None]) -> float:
    """Seconds of a step: the fastest of a few after one that warms up."""
    arranged: Any = way.arrange(model)
    if way.compile:
        arranged = torch.compile(arranged)
    seconds: list[float] = []
    for _ in range(5):
        start = time.perf_counter()
        step(arranged, way)
        wait(way.device)
        seconds.append(time.perf_counter() - start)
        if len(seconds) > 1 and sum(seconds) > 2:
            break
    return min(seconds[1:])


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def wait(device: str) -> None:
    """Return when the device has done all it was given."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


def _label(way: Execution) -> str:
    return " ".join([way.precision, way.memory_format.replace("_", " ")] + ["compiled"] * way.compile)
