"""A network on disk: one safetensors file that says all it needs to be used again."""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import BinaryIO, Literal

import safetensors.torch
import torch
from pydantic import ValidationError, model_validator
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from cnnviz import atomic
from cnnviz.config import Exported, Network, Strict
from cnnviz.errors import CheckpointError, ConfigError
from cnnviz.models.exported import library
from cnnviz.models.exported.graph import HEADER
from cnnviz.models.registry import Shape, WithoutRandomWeights, build, outline

KEY = "cnnviz"
"""Under which name the card stands in the header of a file."""


class Card(Strict):
    """What a file of weights is: enough to rebuild the network and to feed it an image."""

    format: Literal[1] = 1
    network: Network
    image_shape: Shape
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    """Subtracted from each channel of an image in 0..1 …"""
    std: tuple[float, ...]
    """… which is then divided by this."""
    data: str
    """Data set by its name in the catalogue; empty for a network that came without one."""
    epoch: int
    step: int

    @model_validator(mode="after")
    def _one_figure_a_channel(self) -> "Card":
        channels = self.image_shape[2]
        if len(self.mean) != channels or len(self.std) != channels or not all(self.std):
            raise ValueError("mean and std need a value for each channel, std none that is 0")
        return self


def save(path: Path, weights: Mapping[str, Tensor], card: Card, *, half: bool = False) -> None:
    """Write a checkpoint atomically; with `half`, floating-point weights are stored as float16.

    Raises OSError when the disk is full; the old file stays.
    """
    atomic.replace(path, content(weights, card, half=half))


def write(file: BinaryIO, weights: Mapping[str, Tensor], card: Card) -> None:
    """Write a checkpoint into an open file, in float32."""
    file.write(content({name: _single(value) for name, value in weights.items()}, card))


def _single(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value


def content(weights: Mapping[str, Tensor], card: Card, *, half: bool = False) -> bytes:
    """What `save` writes."""
    tensors, stored = dict[str, Tensor](), set[int]()
    for name, value in weights.items():
        tensor = (value.half() if half and value.is_floating_point() else value).detach().cpu().contiguous()
        # The format has no sharing: weights that two layers share are stored twice.
        shared = tensor.untyped_storage().data_ptr() in stored
        tensors[name] = tensor.clone() if shared else tensor
        stored.add(tensor.untyped_storage().data_ptr())
    metadata = {KEY: card.model_dump_json()}
    if isinstance(card.network, Exported):
        metadata[HEADER] = library.text(card.network.graph)
    return bytes(safetensors.torch.save(tensors, metadata=metadata))


def read(path: Path) -> tuple[Card, dict[str, Tensor]]:
    """The card and the tensors of a checkpoint, as stored. Runs no code from the file.

    Raises CheckpointError for a file that is missing, cut off, a pickle or not made by cnnviz.
    """
    return _read(path, None)


def read_some(path: Path, names: Collection[str]) -> tuple[Card, dict[str, Tensor]]:
    """As `read`, with only those tensors of `names` that are there: the rest of the file is not touched."""
    return _read(path, names)


def _read(path: Path, names: Collection[str] | None) -> tuple[Card, dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            there = file.keys()
            tensors = {name: file.get_tensor(name) for name in there if names is None or name in names}
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint {path.name} in {path.parent}.") from None
    except (SafetensorError, OSError) as error:
        raise CheckpointError(_why_unreadable(path)) from error
    try:
        card = Card.model_validate_json(metadata[KEY])
    except (KeyError, ValidationError):
        raise CheckpointError(
            f"{path.name} is a safetensors file, but not a checkpoint of cnnviz: its network is unknown."
        ) from None
    if (
        isinstance(card.network, Exported)
        and library.remember(metadata.get(HEADER, "")) != card.network.graph
    ):
        raise CheckpointError(f"{path.name} has the graph of another network: copy it again.")
    return card, tensors


def load(path: Path) -> tuple[nn.Module, Card]:
    """The network of a checkpoint, in evaluation mode with float32 weights on the CPU, and its card.

    Raises CheckpointError as `read` does, and when weights and network do not match.
    """
    card, tensors = read(path)
    try:
        # A card can claim any size: compare before anything is allocated.
        claimed = outline(card.network, image_shape=card.image_shape, classes=len(card.classes))
    except (RuntimeError, ConfigError) as error:
        raise CheckpointError(f"{path.name} describes a network that can't be built.") from error
    _compare(claimed.state_dict(), tensors, source=path.name)
    with WithoutRandomWeights():
        model = build(card.network, image_shape=card.image_shape, classes=len(card.classes))
    copy_weights(model, tensors, source=path.name)
    return model.eval(), card


def copy_weights(model: nn.Module, tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Copy `tensors` into `model` after comparing every name and shape.

    Raises CheckpointError that names the first difference; nothing is copied then.
    """
    own = model.state_dict()
    _compare(own, tensors, source=source)
    # In the place of its own values, because some networks look at the version that is noted beside them.
    own.update({name: value.to(own[name].dtype) for name, value in tensors.items()})
    model.load_state_dict(own)


def _compare(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], *, source: str) -> None:
    for name in sorted(own.keys() | tensors.keys()):
        if name not in tensors or name not in own:
            side = "lacks" if name not in tensors else "has an extra"
            raise CheckpointError(f"{source} belongs to another network: it {side} {name!r}.")
        if tensors[name].shape != own[name].shape:
            raise CheckpointError(
                f"{source} belongs to another network: {name!r} is {tuple(tensors[name].shape)}, "
                f"expected {tuple(own[name].shape)}."
            )


def fingerprint(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and bytes of all weights: equal only for equal networks."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        value = weights[name].detach().cpu().contiguous()
        digest.update(json.dumps([name, str(value.dtype), list(value.shape)]).encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _why_unreadable(path: Path) -> str:
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        return f"{path.name} can't be read ({error.strerror}): check where it is and who may read it."
    if path.suffix == ".pt2" and start[:2] == b"PK":
        return f"{path.name} is an exported program: import it first (python -m cnnviz import FILE)."
    if start[:2] == b"PK" or start[:1] == b"\x80":
        return f"{path.name} is a pickle, which can run code and is never loaded: save it as .safetensors instead."
    return f"{path.name} is damaged or cut off: copy it again, or use another snapshot of the run."
