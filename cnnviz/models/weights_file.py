"""A file of weights from elsewhere, read without running anything that is in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor

from cnnviz import workspace
from cnnviz.config import Exported
from cnnviz.errors import CheckpointError
from cnnviz.formatting import size as in_words
from cnnviz.models.checkpoint import KEY, Card
from cnnviz.models.exported.graph import HEADER
from cnnviz.models.exported.library import remember
from cnnviz.models.unpickling import MOST_TENSORS

SUFFIXES = (".safetensors", ".pt", ".pth", ".pt2")
LARGEST = 4_000_000_000
"""Bytes of a file that is read: torchvision's largest classifier in 32 bits has 2.6 GB."""
_LARGEST_HEADER = 16_000_000
_PATIENCE = 300.0


@dataclass(frozen=True)
class Weights:
    """What a file held."""

    source: str
    """Name of the file, as the user has it."""
    tensors: Mapping[str, Tensor]
    """On the CPU, under the names in the file."""
    card: Card | None
    """What the file says of itself, if this bench wrote it."""
    notes: tuple[str, ...] = ()
    """What was left out, a sentence each."""
    graph: str = ""
    """Of an exported program, the network itself: see `cnnviz.models.exported.graph`."""


def read(path: Path, *, source: str = "") -> Weights:
    """The weights in a .safetensors, .pt, .pth or .pt2 file; `source` is its name for people.

    A .pt is read by PyTorch's restricted unpickler in a process with little memory. Nothing else is unpickled.
    Raises CheckpointError, one line with the remedy, for anything that is not plain finite weights by name.
    """
    name = source or path.name
    if not path.is_file():
        raise CheckpointError(f"There is no file {name}: check the path.")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise CheckpointError(f"{name} can't be read ({error.strerror}): check the path.") from None
    if size > LARGEST:
        raise CheckpointError(
            f"{name} has {in_words(size)}; at most {in_words(LARGEST)} are read: save the weights alone, in 16 bits."
        )
    if not _is_safetensors(start, size):
        if Path(name).suffix.lower() == ".safetensors":
            raise CheckpointError(
                f"{name} is no whole safetensors file (its header is damaged or oversized): copy it again."
            )
        if start[:4] != b"PK\x03\x04" and start[:1] != b"\x80":
            raise CheckpointError(
                f"{name} is no file of weights: give a .safetensors, a .pt of torch.save, or a .pt2 of torch.export."
            )
        return _from_pickle(path, name)
    return _from_safetensors(path, name)


def _is_safetensors(start: bytes, size: int) -> bool:
    header = int.from_bytes(start, "little")
    return len(start) == 8 and 2 <= header <= min(size - 8, _LARGEST_HEADER)


def _from_safetensors(path: Path, name: str) -> Weights:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            keys = list(file.keys())
            if len(keys) > MOST_TENSORS:
                raise CheckpointError(
                    f"{name} holds more than {MOST_TENSORS:,} tensors: no network here has so many."
                )
            tensors = {key: file.get_tensor(key) for key in keys}
    except (SafetensorError, OSError, ValueError, RuntimeError):
        raise CheckpointError(f"{name} is no whole safetensors file: copy it again.") from None
    if not tensors:
        raise CheckpointError(f"{name} holds no weights: save it again.")
    for key, value in tensors.items():
        if value.is_complex():
            raise CheckpointError(f"{name} holds complex numbers ({key!r}): no network here has them.")
        wrong = 0 if not value.is_floating_point() else int((~value.float().isfinite()).sum())
        if wrong:
            raise CheckpointError(
                f"{name} holds {wrong:,} values that are NaN or infinite, the first in {key!r}: "
                "its training broke down; take an earlier checkpoint."
            )
    return Weights(name, tensors, _card(metadata), graph=metadata.get(HEADER, ""))


def _card(metadata: Mapping[str, str]) -> Card | None:
    try:
        card = Card.model_validate_json(metadata[KEY])
    except (KeyError, ValidationError):
        return None
    whole = not isinstance(card.network, Exported) or remember(metadata.get(HEADER, "")) == card.network.graph
    return card if whole else None


def _from_pickle(path: Path, name: str) -> Weights:
    with tempfile.TemporaryDirectory(prefix="cnnviz-") as folder:
        target = Path(folder, "weights.safetensors")
        notes = _unpickle(path, target, name)
        return replace(_from_safetensors(target, name), notes=notes)


def _unpickle(path: Path, target: Path, name: str) -> tuple[str, ...]:
    """Have a child convert the file; what it left out. Raises CheckpointError."""
    search = os.pathsep.join(filter(None, [str(workspace.PACKAGES), os.environ.get("PYTHONPATH")]))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "cnnviz.models.unpickling", str(path.absolute()), str(target)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
            env=os.environ | {"PYTHONPATH": search, "OMP_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        raise CheckpointError(f"{name} takes too long to read: it is damaged, or made to do harm.") from None
    try:
        said = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        said = {}
    if said.get("ok") and target.exists():
        return tuple(said["notes"])
    if said.get("said"):
        raise CheckpointError(f"{name}: {said['said']}")
    reason = said.get("refused") or "can't be read safely: it is damaged, or made to do harm."
    raise CheckpointError(f"{name} {reason}")
