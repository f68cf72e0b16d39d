"""A network, some pictures and all that works it out, as one HTML page without server or network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from numpy.typing import NDArray

from cnnviz import workspace
from cnnviz.errors import RunError
from cnnviz.explore.inputs.builtin_images import photos
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.formatting import accuracy, size
from cnnviz.progress import Progress, Work
from cnnviz.render.colour import DIVERGING, LEVELS, VIRIDIS, palette
from cnnviz.render.picture import png
from cnnviz.runs.network_source import opened
from cnnviz.runs.outcome import outcome
from cnnviz.runs.run import Run

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.models.checkpoint import Card
    from cnnviz.models.exported.graph import Call, Graph

MOST = 60_000_000
"""Bytes of the weights of a network that a browser works out within seconds."""
_SCRIPTS = 50_000
"""Bytes of the page but its weights, about."""
_HERE = Path(__file__).parent
_MODULES = ("operations", "functions", "network", "maps", "elements", "pen", "pad", "page")
_COLOUR = ("frog", "ship", "car", "airplane", "flower", "china")
_GREY = tuple(f"digit-{digit}" for digit in range(10))


def obstacle(run: Run) -> str:
    """Why a run has no such page, as far as that is seen from outside; empty where nothing is."""
    weights = _weights(run)
    if not weights:
        return "No weights were stored."
    return "" if weights <= MOST else f"A browser would take long over {size(weights)} of weights."


def estimate(run: Run) -> str:
    """How large the page will be, in words."""
    return f"About {size(_SCRIPTS + _weights(run) * 4 // 3)}."


def _weights(run: Run) -> int:
    """Bytes of the last weights as they are stored, which is how the page has them; 0 without any."""
    try:
        return workspace.snapshot_file(run.id, run.snapshots()[0]).stat().st_size
    except (IndexError, OSError):
        return 0


def write(run: Run, file: BinaryIO, snapshots: Sequence[str]) -> Work[None]:
    """Write the page. Raises RunError for a network that needs what the page does not have."""
    snapshot = snapshots[0] if snapshots else run.snapshots()[0]
    yield Progress(0.1, "Reading the network")
    _, model, card = opened(run.id, snapshot)
    yield Progress(0.4, "Writing the network down")
    file.write(page(model, card, title=run.title, facts=_facts(run, card)).encode())


def page(model: nn.Module, card: Card, *, title: str, facts: str) -> str:
    """The whole page of a network in evaluation mode."""
    import torch

    from cnnviz.explore.layers.structure import layers
    from cnnviz.models.exported import program

    height, width, channels = card.image_shape
    exported = program.fixed(model, torch.zeros(1, channels, height, width))
    calls = [_call(call) for call in exported.graph.calls]
    listed = layers(model, (channels, height, width))
    places = _places(exported.graph)
    shown = [
        layer
        for layer in listed
        if layer.name in places and not layer.idle and len(layer.output_shape) in (1, 3)
    ]
    numbers = {name: tensor.float().contiguous().numpy().ravel() for name, tensor in exported.tensors.items()}
    offsets = np.cumsum([0, *(len(one) for one in numbers.values())]).tolist()
    weights = np.concatenate([np.zeros(0, np.float32), *numbers.values()])
    with np.errstate(over="ignore"):
        half = bool((weights == weights.astype("<f2")).all())
    content = {
        "graph": {
            "calls": calls,
            "output": exported.graph.output,
            "shape": [1, channels, height, width],
            "layers": [[places[layer.name], number] for number, layer in enumerate(shown)],
            "weights": {
                name: [list(exported.tensors[name].shape), offset]
                for name, offset in zip(numbers, offsets, strict=False)
            },
        },
        "half": half,
        "classes": card.classes,
        "mean": card.mean,
        "std": card.std,
        "layers": [{"name": layer.name, "kind": layer.kind} for layer in shown],
        "pictures": _pictures(card),
        "unsigned": _base64(palette(VIRIDIS, signed=False)[:LEVELS]),
        "signed": _base64(palette(DIVERGING, signed=True)[:LEVELS]),
    }
    templates = Environment(loader=FileSystemLoader(_HERE), autoescape=True)
    return templates.get_template("page.html").render(
        title=title,
        facts=facts,
        css=Markup((_HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704
        content=_script(content),
        weights=Markup(_base64(weights.astype("<f2" if half else "<f4"))),  # noqa: S704
        modules=_script({"imports": {f"{name}.js": _module(name) for name in _MODULES}}),
    )


def _facts(run: Run, card: Card) -> str:
    from cnnviz.models.registry import FAMILIES

    found = outcome(run)
    right = found.figures.get("test_accuracy") if found else None
    test = (
        f", {accuracy(right, found.test_count)} of {found.test_count:,} test images"
        if found and right
        else ""
    )
    return f"{FAMILIES[card.network.name].title}, epoch {card.epoch}{test}"


def _call(call: Call) -> list[Any]:
    """An operation as the page has it. Raises RunError for another one."""
    name = call.operation
    plain = name[:-1] if name.endswith("_") else name
    given = dict(call.keywords)
    harmless = {"alpha": 1, "approximate": "none", "memory_format": None, "dtype": None, "inplace": True}
    if plain not in _FUNCTIONS or any(key not in harmless for key in given):
        raise RunError(f"A page has no {name}, which this network needs: take its weights, or the zip.")
    if any(
        value not in (harmless[key], False) and key in ("alpha", "approximate")
        for key, value in given.items()
    ):
        raise RunError(
            f"A page has no {name} with {given}, which this network needs: take its weights, or the zip."
        )
    if not isinstance(call.gives, str):
        raise RunError(
            f"A page has no {name} that gives several values: take the network's weights, or the zip."
        )
    return [name, [_argument(one) for one in call.args], call.gives]


def _argument(given: Any) -> Any:
    from cnnviz.models.exported.graph import Constant, Stored, Value

    match given:
        case Value(name):
            return {"value": name}
        case Stored(name):
            return {"tensor": name}
        case Constant():
            return None
        case tuple():
            return [_argument(one) for one in given]
    return given


def _places(graph: Graph) -> dict[str, int]:
    """The last call in each run of each module, by the name of what comes out of it."""
    found = {}
    for at, call in enumerate(graph.calls):
        for module in call.within:
            name, _, number = module.partition("@")
            found[f"{name}:{int(number) + 1}" if number else name] = at
    return found


def _pictures(card: Card) -> list[dict[str, str]]:
    there = photos()
    names = _GREY if card.image_shape[2] == 1 else _COLOUR
    return [
        {
            "title": there[name].title,
            "png": base64.b64encode(png(_pixels(there[name].image(), card))).decode(),
        }
        for name in names
        if name in there
    ]


def _pixels(image: NDArray[np.uint8], card: Card) -> NDArray[np.uint8]:
    return as_input(image, card).pixels


def _module(name: str) -> str:
    """A script as an address; it imports the others by their names, as an address has no folder."""
    source = (_HERE / f"{name}.js").read_text(encoding="utf-8")
    bare = re.sub(r'from "\./([a-z]+\.js)"', r'from "\1"', source)
    return "data:text/javascript;base64," + base64.b64encode(bare.encode()).decode()


def _script(content: Mapping[str, Any]) -> Markup:
    """JSON that can stand in a page."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


_FUNCTIONS = frozenset(
    re.findall(
        r"^  ([a-z0-9_]+)(?=[:,])",
        (_HERE / "functions.js").read_text(encoding="utf-8").partition("FUNCTIONS = {")[2],
        re.MULTILINE,
    )
)
"""What `functions.js` has."""
