"""From PyTorch's JSON of an exported program to a Graph. Nothing of the text is evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnnviz.errors import CheckpointError
from cnnviz.models.exported.checking import check
from cnnviz.models.exported.graph import (
    IMAGE,
    Argument,
    Call,
    Constant,
    Graph,
    Stored,
    StoredTensor,
    Value,
    values_in,
)
from cnnviz.models.exported.module_calls import module_calls, modules
from cnnviz.models.exported.operators import ALLOWED

SCALAR_TYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    7: "float32",
    8: "float64",
    12: "bool",
}
"""As `torch._export.serde.schema.ScalarType` numbers them."""
_MEMORY_FORMATS = {1: "contiguous_format", 2: "channels_last", 4: "preserve_format"}
_ASSERTIONS = ("aten._assert_", "aten.sym_constrain_range", "aten._check", "aten.is_pinned")
_UNTOLD = 224
"""Pixels, where an older PyTorch does not tell."""
_DROPPED = ("device", "layout", "pin_memory", "non_blocking")
"""Arguments that say where a tensor lies: the bench decides that."""


class _Damaged(Exception):
    """What is not as PyTorch writes it."""


def translate(
    program: Any, tensors: Mapping[str, StoredTensor], chains: frozenset[str] = frozenset()
) -> Graph:
    """The graph of an exported program in PyTorch's JSON (`content` of `models/model.json`).

    `tensors` are those that came with it, by the program's names; `chains` names modules known to be Sequential.
    Raises CheckpointError where it is damaged, or needs what the bench does not have.
    """
    try:
        return _translate(program, tensors, chains)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, _Damaged) as error:
        raise CheckpointError(
            "The exported program is damaged, or of another PyTorch: export it again."
        ) from error


def _translate(program: Any, tensors: Mapping[str, StoredTensor], chains: frozenset[str]) -> Graph:
    module = program["graph_module"]
    graph, signature = module["graph"], module["signature"]
    names: dict[str, Argument] = {}
    stored: dict[str, StoredTensor] = {}
    images = []
    for spec in signature["input_specs"]:
        ((kind, said),) = spec.items()
        match kind:
            case "user_input":
                images.append(said["arg"]["as_tensor"]["name"])
                continue
            case "parameter":
                name = said["parameter_name"]
            case "buffer":
                name = said["buffer_name"]
            case "tensor_constant":
                name = said["tensor_constant_name"]
            case _:
                raise CheckpointError(
                    f"The exported program has an input of the kind {str(kind)[:40]!r}, which no image is."
                )
        if name not in tensors:
            raise CheckpointError(
                f"The exported program lacks the values of {str(name)[:60]!r}: export it again."
            )
        stored[name] = replace(tensors[name], trained=kind == "parameter")
        names[said["arg"]["name"]] = Stored(name)
    if len(images) != 1:
        raise CheckpointError(
            f"The network takes {len(images)} inputs: the bench shows networks of one image."
        )
    names[images[0]] = Value(IMAGE)
    calls = _used(list(_calls(graph["nodes"], names)), _outputs(signature["output_specs"]))
    output, classes = _output(signature["output_specs"], graph["tensor_values"])
    found = Graph(
        image=_image(meta := graph["tensor_values"][images[0]]),
        example=(_example(meta["sizes"][2]), _example(meta["sizes"][3])),
        classes=classes,
        tensors=_needed(stored, calls),
        modules=modules(graph["nodes"], chains),
        calls=tuple(calls),
        output=output,
    )
    check(found)
    return found


def _image(meta: Mapping[str, Any]) -> tuple[int, int | None, int | None]:
    sizes = [one.get("as_int") for one in meta["sizes"]]
    if len(sizes) != 4:
        raise CheckpointError("The network does not take images (N, C, H, W): its input has another shape.")
    batch, channels, height, width = sizes
    if batch is not None:
        raise CheckpointError(
            f"The network was exported for {batch} images at once: give torch.export "
            "dynamic_shapes=({0: Dim.AUTO, 2: Dim.AUTO, 3: Dim.AUTO},) and an example of two images."
        )
    if channels is None:
        raise _Damaged("channels")
    if SCALAR_TYPES.get(meta["dtype"]) != "float32":
        raise CheckpointError("The network does not take images in 32 bits: export it after model.float().")
    return channels, height, width


def _example(size: Mapping[str, Any]) -> int:
    """A side of the image that the network was exported with: PyTorch notes it as a hint where any would do."""
    fixed = size.get("as_int")
    hint = ((size.get("as_expr") or {}).get("hint") or {}).get("as_int")
    return int(fixed if fixed is not None else hint or _UNTOLD)


def _outputs(specs: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    for spec in specs:
        ((kind, said),) = spec.items()
        if kind != "user_output":
            raise CheckpointError("The network changes its own buffers: export it after model.eval().")
        if "as_tensor" in said["arg"]:
            found.append(said["arg"]["as_tensor"]["name"])
    return found


def _output(specs: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> tuple[str, int]:
    """The first output that is a row of scores for each image, and how many."""
    for name in _outputs(specs):
        sizes = [one.get("as_int") for one in values[name]["sizes"]]
        if len(sizes) == 2 and sizes[1] is not None and SCALAR_TYPES.get(values[name]["dtype"]) == "float32":
            return name, sizes[1]
    raise CheckpointError("The network gives no scores (N, classes): the bench shows classifiers.")


def _calls(nodes: Sequence[Mapping[str, Any]], names: dict[str, Argument]) -> Iterator[Call]:
    stacks = module_calls(nodes)
    for node, within in zip(nodes, stacks, strict=True):
        target = str(node["target"])
        if any(one in target for one in _ASSERTIONS):
            continue
        operation = _operation(target)
        args, keywords = [], []
        for one in node["inputs"]:
            if one["name"] in _DROPPED or (operation in ("to", "_to_copy") and "as_device" in one["arg"]):
                continue
            value = _argument(one["arg"], names)
            if one.get("kind") == 2:
                keywords.append((one["name"], value))
            elif keywords and one.get("kind") is None:
                raise _Damaged("positional argument after a keyword")
            else:
                args.append(value)
        gives = _gives(node["outputs"])
        for name in (gives,) if isinstance(gives, str) else gives:
            if name:
                names[name] = Value(name)
        if operation == "to" and not args[1:] and not keywords:
            operation = "alias"  # it only went to another device
        yield Call(operation, within, tuple(args), tuple(keywords), gives)


def _operation(target: str) -> str:
    """The name that a Graph has for PyTorch's `torch.ops.aten.conv2d.default`, `_operator.mul` and the like."""
    parts = target.split(".")
    if parts[:3] == ["torch", "ops", "aten"] and len(parts) in (4, 5):
        return parts[3]
    if target in ("_operator.getitem", "operator.getitem"):
        return "getitem"
    if len(parts) in (2, 3) and parts[0] in ("_operator", "operator", "math", "torch"):
        return f"number.{parts[-1]}"
    raise CheckpointError(
        f"The network uses {target[:60]}, which is not among the operations that the bench allows."
    )


def _gives(outputs: Sequence[Mapping[str, Any]]) -> str | tuple[str | None, ...]:
    found: list[str | None] = []
    several = len(outputs) > 1
    for one in outputs:
        ((kind, said),) = one.items()
        match kind:
            case "as_tensor":
                found.append(said["name"])
            case "as_sym_int" | "as_sym_float" | "as_sym_bool":
                found.append(said["as_name"])
            case "as_tensors":
                several = True
                found += [each["name"] for each in said]
            case "as_none":
                found.append(None)
            case _:
                raise CheckpointError(f"The network computes something that is no tensor ({str(kind)[:40]}).")
    if not several and len(found) == 1 and isinstance(found[0], str):
        return found[0]
    return tuple(found)


def _argument(said: Mapping[str, Any], names: Mapping[str, Argument]) -> Argument:
    ((kind, value),) = said.items()
    if kind in _PLAIN:
        return tuple(value) if isinstance(value, list) else None if kind == "as_none" else value
    if kind not in _READERS:
        raise CheckpointError(f"The network passes something that is no tensor or number ({str(kind)[:40]}).")
    read, several = _READERS[kind]
    return tuple(read(one, names) for one in value) if several else read(value, names)


def _tensor(said: Mapping[str, Any], names: Mapping[str, Argument]) -> Argument:
    return names[said["name"]]


def _optional(said: Mapping[str, Any], names: Mapping[str, Argument]) -> Argument:
    return None if "as_none" in said else names[said["as_tensor"]["name"]]


def _number(said: Mapping[str, Any], names: Mapping[str, Argument]) -> Argument:
    if "as_name" in said:
        return names[said["as_name"]]
    ((_, value),) = said.items()
    return value


def _float(value: Any, names: Mapping[str, Argument]) -> float:
    """JSON has no infinity: PyTorch writes it as a text."""
    known = {"Infinity": math.inf, "-Infinity": -math.inf}
    return known[value] if isinstance(value, str) else float(value)


def _dtype(value: Any, names: Mapping[str, Argument]) -> Constant:
    if value not in SCALAR_TYPES:
        raise CheckpointError(
            "The network computes in another precision than 32 bits: export it after model.float()."
        )
    return Constant("dtype", SCALAR_TYPES[value])


def _memory_format(value: Any, names: Mapping[str, Argument]) -> Constant:
    return Constant("memory_format", _MEMORY_FORMATS[value])


_PLAIN = ("as_none", "as_int", "as_bool", "as_string", "as_ints", "as_bools", "as_strings")
_READERS: Mapping[str, tuple[Callable[[Any, Mapping[str, Argument]], Argument], bool]] = {
    "as_float": (_float, False),
    "as_floats": (_float, True),
    "as_tensor": (_tensor, False),
    "as_tensors": (_tensor, True),
    "as_optional_tensor": (_optional, False),
    "as_optional_tensors": (_optional, True),
    **dict.fromkeys(("as_sym_int", "as_sym_float", "as_sym_bool"), (_number, False)),
    **dict.fromkeys(("as_sym_ints", "as_sym_floats"), (_number, True)),
    "as_scalar_type": (_dtype, False),
    "as_memory_format": (_memory_format, False),
}
"""How each kind of argument is read, and whether it is a list of such; classifiers have no others."""


def _needed(stored: Mapping[str, StoredTensor], calls: Sequence[Call]) -> dict[str, StoredTensor]:
    """Without what nobody reads, as of a head that serves training alone; modules that are read keep their counters."""
    read = {
        one.name
        for call in calls
        for argument in (*call.args, *(value for _, value in call.keywords))
        for one in values_in(argument)
        if isinstance(one, Stored)
    }
    modules_read = {name.rpartition(".")[0] for name in read}
    return {
        name: one
        for name, one in stored.items()
        if name in read or (not one.trained and name.rpartition(".")[0] in modules_read)
    }


def _used(calls: Sequence[Call], outputs: Sequence[str]) -> list[Call]:
    """Those that something is made of: PyTorch keeps numbers that only assertions read."""
    wanted = set(outputs)
    found = []
    for call in reversed(calls):
        if (
            wanted.intersection(call.names)
            or call.operation.endswith("_")
            or (call.operation not in ALLOWED and not call.operation.startswith("number."))
        ):
            wanted.update(
                one.name
                for argument in (*call.args, *(value for _, value in call.keywords))
                for one in values_in(argument)
            )
            found.append(call)
    return found[::-1]
