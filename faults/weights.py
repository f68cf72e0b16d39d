"""Files of weights whose header says something else than it should."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from cnnviz.errors import CheckpointError
from faults.outcome import Outcome, require, tally


def run(*, quick: bool) -> Outcome:
    """Headers of safetensors files changed as JSON and as bytes, and lengths that are not true."""
    from cnnviz.config import Mlp
    from cnnviz.models import checkpoint, registry
    from cnnviz.models.checkpoint import Card

    network = Mlp(hidden=(5,))
    model = registry.build(network, image_shape=(4, 4, 1), classes=3)
    card = Card(
        network=network, image_shape=(4, 4, 1), classes=("a", "b", "c"), mean=(0.5,), std=(0.25,), data="", epoch=1,
        step=1,
    )  # fmt: skip
    whole = checkpoint.content(model.state_dict(), card)
    random = np.random.default_rng(4)
    with TemporaryDirectory() as folder:
        path = Path(folder, "weights.safetensors")
        return tally(
            "damaged files of weights",
            "safetensors files with headers that lie about names, shapes, types, places, lengths and the network, or "
            "are no JSON: read as what they are, or refused in one line",
            (
                (f"file {number}", partial(_read_or_refused, path, _damaged(whole, random)))
                for number in range(100 if quick else 2000)
            ),
        )


def _read_or_refused(path: Path, raw: bytes) -> None:
    from cnnviz.models import checkpoint, weights_file

    path.write_bytes(raw)
    for read in (weights_file.read, checkpoint.load):
        try:
            read(path)
        except CheckpointError as error:
            require(len(str(error).splitlines()) == 1, "the reason is not one line")


def _damaged(whole: bytes, random: np.random.Generator) -> bytes:
    (length,) = struct.unpack("<Q", whole[:8])
    head, body = whole[8 : 8 + length], whole[8 + length :]
    match int(random.integers(4)):
        case 0:
            changed = bytearray(whole)
            for at in random.integers(8 + length, size=random.integers(1, 12)):
                changed[at] = int(random.integers(256))
            return bytes(changed)
        case 1:
            lies = (
                0,
                1,
                length - 1,
                length + 1,
                len(whole),
                2**31,
                2**63,
                2**64 - 1,
                int(random.integers(2**40)),
            )
            return struct.pack("<Q", lies[random.integers(len(lies))]) + head + body
        case 2:
            return whole[: int(random.integers(len(whole)))]
    content = json.loads(head)
    for _ in range(int(random.integers(1, 4))):
        _CHANGES[random.integers(len(_CHANGES))](content, random)
    text = json.dumps(content).encode()
    return struct.pack("<Q", len(text)) + text + body


def _some(content: dict[str, Any], random: np.random.Generator) -> dict[str, Any]:
    names = [name for name, one in content.items() if name != "__metadata__" and isinstance(one, dict)]
    return content[names[random.integers(len(names))]] if names else {}


def _number(random: np.random.Generator) -> Any:
    numbers: tuple[Any, ...] = (-1, 0, 1, 2, 7, 2**31, 2**63, 2**64, 10**30, 1.5, "4", None, [], True)
    return numbers[random.integers(len(numbers))]


def _shape(content: dict[str, Any], random: np.random.Generator) -> None:
    _some(content, random)["shape"] = [_number(random) for _ in range(random.integers(0, 12))]


def _offsets(content: dict[str, Any], random: np.random.Generator) -> None:
    _some(content, random)["data_offsets"] = [_number(random) for _ in range(random.integers(0, 4))]


def _dtype(content: dict[str, Any], random: np.random.Generator) -> None:
    kinds = ("F16", "F64", "I8", "BOOL", "F8_E4M3", "C64", "F4", "X", 3, None)
    _some(content, random)["dtype"] = kinds[random.integers(len(kinds))]


def _rename(content: dict[str, Any], random: np.random.Generator) -> None:
    names = [name for name in content if name != "__metadata__"]
    strange = ("", "..", "a" * 100_000, "fc1.weight\0", "__class__", "😀", "fc1.weight.weight", "\ud800"[:0])
    if names:
        content[strange[random.integers(len(strange))]] = content.pop(names[random.integers(len(names))])


def _drop(content: dict[str, Any], random: np.random.Generator) -> None:
    if content:
        content.pop(list(content)[random.integers(len(content))])


def _card(content: dict[str, Any], random: np.random.Generator) -> None:
    metadata = content.get("__metadata__")
    if not isinstance(metadata, dict) or "cnnviz" not in metadata:
        return
    try:
        card = json.loads(metadata["cnnviz"])
    except (ValueError, TypeError, RecursionError):
        return
    keys = list(card)
    card[keys[random.integers(len(keys))]] = _number(random)
    metadata["cnnviz"] = json.dumps(card)[: int(random.integers(1, 4000))]


def _metadata(content: dict[str, Any], random: np.random.Generator) -> None:
    kinds: tuple[Any, ...] = (
        {},
        {"cnnviz": 3},
        {"cnnviz": "[" * 10_000},
        {"cnnviz.graph": "{}"},
        [],
        None,
        "x",
        {"a": {}},
    )
    content["__metadata__"] = kinds[random.integers(len(kinds))]


_CHANGES: tuple[Callable[[dict[str, Any], np.random.Generator], None], ...] = (
    _shape, _offsets, _dtype, _rename, _drop, _card, _metadata,
)  # fmt: skip
