"""A live network as the bench keeps it: a graph, its weights, and what they don't tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cnnviz.config import Exported
from cnnviz.errors import ConfigError
from cnnviz.models.checkpoint import Card
from cnnviz.models.exported import library, program
from cnnviz.models.exported.program import Exported as ExportedNetwork

_NUMBERED = "class {}"


@dataclass(frozen=True)
class LiveNetwork:
    """A network that is being worked on, and how its snapshots are described."""

    exported: ExportedNetwork
    card: Card

    def weights(self, model: nn.Module) -> dict[str, Tensor]:
        """The network's weights as they are now, on the CPU; constants of its code as they were."""
        now = model.state_dict()
        return {name: now.get(name, value).detach().cpu() for name, value in self.exported.tensors.items()}

    def card_at(self, epoch: int, step: int) -> Card:
        return self.card.model_copy(update={"epoch": epoch, "step": step})


def describe(
    model: nn.Module,
    example: Tensor,
    *,
    classes: Sequence[str] | int | None = None,
    mean: Iterable[float] | None = None,
    std: Iterable[float] | None = None,
    data: str = "",
) -> LiveNetwork:
    """`model` as a graph with its weights; `example` is what it reads: (N, C, H, W), or one image (C, H, W).

    `classes` are names, or how many there are. `mean` and `std` are those by which images in 0..1 were normalised,
    a number a channel; without them, images are shown to the network as they are.
    Raises CheckpointError where the network can't be exported, ConfigError for what does not fit it.
    """
    if example.dim() == 3:
        example = example[None]
    if example.dim() != 4 or not example.is_floating_point():
        raise ConfigError(
            f"An example is images as the network reads them, floating point (N, C, H, W), not {_said(example)}."
        )
    compiled = getattr(model, "_orig_mod", model)
    wrapped = compiled.module if isinstance(compiled, nn.DataParallel) else compiled
    exported = program.export(wrapped, example[:1].detach())
    graph = exported.graph
    names = _names(classes, graph.classes)
    channels, height, width = (int(side) for side in example.shape[1:])
    card = Card(
        network=Exported(graph=library.remember(graph.text)),
        image_shape=(height, width, channels),
        classes=names,
        mean=_figures(mean, 0.0, channels, "mean"),
        std=_figures(std, 1.0, channels, "std"),
        data=data,
        epoch=0,
        step=0,
    )
    return LiveNetwork(exported, card)


def _said(example: Tensor) -> str:
    return f"{str(example.dtype).removeprefix('torch.')} {tuple(example.shape)}"


def _names(classes: Sequence[str] | int | None, count: int) -> tuple[str, ...]:
    names = classes if classes is not None and not isinstance(classes, int) else None
    given = count if classes is None else classes if isinstance(classes, int) else len(classes)
    if given != count:
        raise ConfigError(f"The network has {count:,} classes, not {given:,}.")
    return tuple(map(str, names)) if names else tuple(_NUMBERED.format(number) for number in range(count))


def _figures(values: Iterable[float] | None, usual: float, channels: int, what: str) -> tuple[float, ...]:
    found = (usual,) * channels if values is None else tuple(float(value) for value in values)
    if len(found) != channels or (what == "std" and not all(found)):
        raise ConfigError(f"{what} needs a number for each of {channels} channels, none of std 0.")
    return found


def device_name(model: nn.Module) -> tuple[str, str]:
    """Where a network's first weights are: cpu or cuda …, and that in words."""
    device = next((value.device for value in model.parameters()), torch.device("cpu"))
    if device.type == "cuda":
        return "cuda", torch.cuda.get_device_name(device)
    count = torch.get_num_threads()
    return (
        device.type,
        f"{count} CPU thread{'s' if count > 1 else ''}" if device.type == "cpu" else device.type,
    )
