"""A graph is checked before anything is built of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cnnviz.errors import CheckpointError
from cnnviz.models.exported import library
from cnnviz.models.exported.building import network
from cnnviz.models.exported.reading import read
from tests.models.exported.conftest import Rebuilt

Change = Callable[[dict[str, Any]], Any]


def operation(name: str, args: list[Any] | None = None, keywords: dict[str, Any] | None = None) -> Change:
    """One more call."""
    given = [{"value": "image"}] if args is None else args
    return lambda graph: graph["calls"].append([name, [], given, keywords or {}, "added"])


HOSTILE: dict[str, Change] = {
    "a function of the system": operation("os.system", ["touch canary"]),
    "an operation that reads files": operation("from_file", ["/etc/passwd"]),
    "an operation that changes what it is given": operation("set_"),
    "an attribute of the list of operations": operation("__class__"),
    "a number's operation of no list": operation("number.eval", ["1"]),
    "an operation that is no text": operation({"value": "image"}),  # type: ignore[arg-type]
    "a value from nowhere": operation("relu", [{"value": "later"}]),
    "a tensor from nowhere": operation("relu", [{"tensor": "missing"}]),
    "an argument of no kind": operation("relu", [{"object": "image"}]),
    "an argument of two kinds": operation("relu", [{"value": "image", "tensor": "fc.weight"}]),
    "somewhere to write to": operation("relu", None, {"out": {"value": "image"}}),
    "weights that are changed": operation("add_", [{"tensor": "scale"}, 1]),
    "a type that is none": operation("to", [{"value": "image"}, {"dtype": "__loader__"}]),
    "an order of memory that is none": operation("contiguous", None, {"memory_format": {"memory_format": "load"}}),
    "lists without end": operation("cat", [[[[[[[1]]]]]]]),
    "a long list": operation("cat", [[1] * 10_000]),
    "a huge number": operation("add", [{"value": "image"}, 2**70]),
    "terabytes of zeros": operation("zeros", [[2**20, 2**20]]),
    "terabytes, with a minus": operation("zeros", [[-(2**20), 2**20]]),
    "training": operation("dropout", [{"value": "image"}, 0.5, True]),
    "training by a number": operation("dropout", [{"value": "image"}, 0.5, 1]),
    "a value twice": lambda graph: graph["calls"].append(graph["calls"][-1]),
    "the image again": lambda graph: graph["calls"][0].__setitem__(4, "image"),
    "a module from nowhere": lambda graph: graph["calls"][0].__setitem__(1, ["missing"]),
    "modules without end": lambda graph: graph["calls"][0].__setitem__(1, ["conv"] * 100),
    "a module that is no path": lambda graph: graph["modules"].__setitem__("a..b", ["Conv2d", False]),
    "a class that is no name": lambda graph: graph["modules"].__setitem__("a", ["Conv2d(); import os", False]),
    "a tensor that is no path": lambda graph: graph["tensors"].__setitem__("../a", ["float32", [1], True]),
    "a tensor of no size": lambda graph: graph["tensors"].__setitem__("a", ["float32", [-1], True]),
    "a tensor of no type": lambda graph: graph["tensors"].__setitem__("a", ["object", [1], True]),
    "no output": lambda graph: graph.__setitem__("output", "nothing"),
    "an output that is a list": lambda graph: graph.__setitem__("output", ["image"]),
    "no channels": lambda graph: graph.__setitem__("image", [None, None, None]),
    "no classes": lambda graph: graph.__setitem__("classes", -1),
    "another format": lambda graph: graph.__setitem__("format", 2),
    "no calls": lambda graph: graph.pop("calls"),
    "calls that are a text": lambda graph: graph.__setitem__("calls", "calls"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_graph_that_is_not_sound_is_refused_in_a_sentence(what: str, rebuilt: Rebuilt) -> None:
    content = json.loads(rebuilt("grey")[1].graph.text)
    HOSTILE[what](content)
    with pytest.raises(CheckpointError) as refused:
        read(json.dumps(content))
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "[" * 100_000, '{"format": NaN}', "1" * 5000, "x" * 9_000_000]
)
def test_a_text_that_is_no_graph_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        read(text)


@pytest.mark.parametrize("name", ["forward", "__class__", "_modules", "_steps", "training", "conv"])
def test_a_name_that_a_module_has_already_is_refused(name: str, rebuilt: Rebuilt) -> None:
    content = json.loads(rebuilt("grey")[1].graph.text)
    content["tensors"][name] = ["float32", [1], True]
    with pytest.raises(CheckpointError, match="collide"):
        network(read(json.dumps(content)))


def test_a_graph_is_found_by_its_digest(rebuilt: Rebuilt) -> None:
    graph = rebuilt("grey")[1].graph
    digest = library.remember(graph.text)
    assert library.recall(digest) == graph
    assert library.text(digest) == graph.text
