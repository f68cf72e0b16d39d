"""Exported programs from strangers: nothing in them is run, and each says in a line why it is not taken."""

import io
import json
import os
import pickle
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from cnnviz.errors import CheckpointError
from cnnviz.models import weights_file
from cnnviz.models.exported import archive
from cnnviz.models.exported.building import network
from tests.models.exported.networks import images, made

MODEL = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"


class Harmful:
    """What would leave a folder if it were unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


class Hostile:
    """The members of a file, to be changed."""

    def __init__(self, content: bytes, canary: Path) -> None:
        self.canary = canary
        self.packing = zipfile.ZIP_STORED
        with zipfile.ZipFile(io.BytesIO(content)) as old:
            self.members: dict[str, bytes] = {
                name.partition("/")[2]: old.read(name) for name in old.namelist()
            }
        self.others: list[tuple[zipfile.ZipInfo, bytes]] = []

    @property
    def pickled(self) -> bytes:
        return pickle.dumps(Harmful(self.canary))

    @property
    def expression(self) -> str:
        return f"__import__('os').mkdir({str(self.canary)!r})"

    def json(self, member: str, change: Callable[[Any], Any]) -> None:
        content = json.loads(self.members[member])
        change(content)
        self.members[member] = json.dumps(content).encode()

    def node(self, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change the last operation of the program."""
        self.json(MODEL, lambda content: change(content["graph_module"]["graph"]["nodes"][-1]))

    def entry(self, change: Callable[[dict[str, Any]], Any], table: str = WEIGHTS) -> None:
        """Change what is said of the first tensor."""
        self.json(table, lambda content: change(next(iter(content["config"].values()))))

    def argument(self, argument: dict[str, Any]) -> None:
        self.node(lambda node: node["inputs"].append({"name": "other", "arg": argument, "kind": 1}))

    def write(self, path: Path) -> Path:
        with zipfile.ZipFile(path, "w", self.packing) as new:
            for name, content in self.members.items():
                new.writestr(f"net/{name}", content)
            for info, content in self.others:
                new.writestr(info, content)
        return path


def _link(hostile: Hostile) -> None:
    info = zipfile.ZipInfo("net/data/weights/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    hostile.others.append((info, b"/etc/passwd"))


def _named(name: str) -> Callable[[Hostile], None]:
    return lambda hostile: hostile.others.append((zipfile.ZipInfo(name), b"0"))


def _target(name: str) -> Callable[[Hostile], None]:
    return lambda hostile: hostile.node(lambda node: node.update(target=name))


def _stack(text: str) -> Callable[[Hostile], None]:
    return lambda hostile: hostile.node(lambda node: node["metadata"].update(nn_module_stack=text))


def _meta(**values: Any) -> Callable[[Hostile], None]:
    return lambda hostile: hostile.entry(lambda entry: entry["tensor_meta"].update(values))


def _packed(hostile: Hostile) -> None:
    hostile.packing = zipfile.ZIP_DEFLATED
    hostile.members["data/weights/zeros"] = b"\0" * 10**6


REFUSED: dict[str, Callable[[Hostile], Any]] = {
    "weights that are pickled": lambda h: h.entry(lambda entry: entry.update(use_pickle=True)),
    "constants that are pickled": lambda h: h.entry(lambda entry: entry.update(use_pickle=True), CONSTANTS),
    "pickled, in other words": lambda h: h.entry(lambda entry: entry.update(use_pickle=1)),
    "a function of the system": _target("os.system"),
    "an attribute that is looked for": _target("_operator.attrgetter"),
    "a method that is called by name": _target("_operator.methodcaller"),
    "a file that is read": _target("torch.ops.aten.from_file.default"),
    "an operation of someone's library": _target("torch.ops.mylib.relu.default"),
    "a loader": _target("torch.load"),
    "an operation of graphs": _target("torch.ops.higher_order.cond"),
    "a target that is code": lambda h: _target(h.expression)(h),
    "a graph as argument": lambda h: h.argument({"as_graph": {"name": "inner", "graph": {}}}),
    "an object as argument": lambda h: h.argument({"as_custom_obj": {"name": "x", "class_fqn": "os.system"}}),
    "an operator as argument": lambda h: h.argument({"as_operator": "os.system"}),
    "a device as argument of no use": lambda h: h.argument({"as_complex": {"real": 0, "imag": 1}}),
    "somewhere to write to": lambda h: h.node(
        lambda node: node["inputs"].append({"name": "out", "arg": {"as_int": 1}, "kind": 2})
    ),
    "packed members": _packed,
    "a name that climbs": _named("net/../../canary"),
    "a name from the root": _named("/net/canary"),
    "two folders": _named("other/model.json"),
    "a link": _link,
    "compiled code": _named("net/data/aotinductor/model/model.so"),
    "the bytes in another order": lambda h: h.members.update(byteorder=b"big"),
    "weights larger than the file": _meta(sizes=[{"as_int": 2**40}], strides=[{"as_int": 1}]),
    "weights of one number": _meta(sizes=[{"as_int": 2**40}], strides=[{"as_int": 0}]),
    "weights beyond their end": _meta(storage_offset={"as_int": 10**6}),
    "weights before their start": _meta(storage_offset={"as_int": -4}),
    "weights of a negative size": _meta(sizes=[{"as_int": -1}], strides=[{"as_int": 1}]),
    "weights with fewer strides than sizes": _meta(strides=[]),
    "weights of an expression": lambda h: _meta(sizes=[{"as_expr": {"expr_str": h.expression}}])(h),
    "weights of another type": _meta(dtype=9),
    "weights of no type": _meta(dtype=99),
    "sparse weights": _meta(layout=1),
    "weights elsewhere": lambda h: h.entry(lambda entry: entry.update(path_name="../../../etc/passwd")),
    "weights that are missing": lambda h: h.members.pop("data/weights/weight_0"),
    "no program": lambda h: h.members.pop(MODEL),
    "no table of weights": lambda h: h.members.pop(WEIGHTS),
    "damaged JSON": lambda h: h.members.update({MODEL: h.members[MODEL][:-20]}),
    "JSON without end": lambda h: h.members.update({MODEL: b"[" * 200_000}),
    "a number of 5,000 digits": lambda h: h.members.update({WEIGHTS: b"1" * 5000}),
    "JSON of another kind": lambda h: h.members.update({MODEL: b"[]"}),
    "a module that is no path": _stack("L__self__,,Net;a,__class__.__init__,Net"),
    "a class that is no module": _stack("L__self__"),
    "one image at a time": lambda h: h.json(
        MODEL,
        lambda content: content["graph_module"]["graph"]["tensor_values"]["x"]["sizes"].__setitem__(0, {"as_int": 1}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_hostile_file_is_refused_in_a_sentence_and_runs_nothing(
    what: str, pt2: bytes, tmp_path: Path
) -> None:
    hostile = Hostile(pt2, tmp_path / "canary")
    REFUSED[what](hostile)
    path = hostile.write(tmp_path / "model.pt2")
    with pytest.raises(CheckpointError) as refused:
        network(archive.read(path)[0])
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)
    assert not hostile.canary.exists()


def test_a_packed_file_is_refused_however_little_it_unpacks_to(pt2: bytes, tmp_path: Path) -> None:
    hostile = Hostile(pt2, tmp_path / "canary")
    _packed(hostile)
    with pytest.raises(CheckpointError, match="is packed"):
        archive.read(hostile.write(tmp_path / "model.pt2"))


UNREAD: dict[str, Callable[[Hostile], Any]] = {
    "sample inputs": lambda h: h.members.update({"data/sample_inputs/model.pt": h.pickled}),
    "a pickle that nothing names": lambda h: h.members.update({"data/weights/model_weights.pkl": h.pickled}),
    "sizes that are code": lambda h: h.json(
        MODEL,
        lambda content: content["graph_module"]["graph"].update(
            sym_int_values={"s": {"as_expr": {"expr_str": h.expression, "hint": None}}}
        ),
    ),
    "a size of the image that is code": lambda h: h.json(
        MODEL,
        lambda content: content["graph_module"]["graph"]["tensor_values"]["x"]["sizes"].__setitem__(
            2, {"as_expr": {"expr_str": h.expression, "hint": {"as_int": 17}}}
        ),
    ),
    "guards that are code": lambda h: h.json(MODEL, lambda content: content.update(guards_code=[h.expression])),
    "ranges that are code": lambda h: h.json(
        MODEL, lambda content: content.update(range_constraints={h.expression: {"min_val": 0, "max_val": 9}})
    ),
    "a class that is code": _stack("L__self__,,__main__.Net;L__self__fc,fc,__import__('os').Linear"),
    "a program beside it": lambda h: h.members.update({"extra/code.py": b"import os"}),
}  # fmt: skip


@pytest.mark.parametrize("what", UNREAD)
def test_what_a_network_does_not_need_is_not_read(what: str, pt2: bytes, tmp_path: Path) -> None:
    hostile = Hostile(pt2, tmp_path / "canary")
    UNREAD[what](hostile)
    graph, tensors = archive.read(hostile.write(tmp_path / "model.pt2"))
    again = network(graph)
    again.load_state_dict(tensors)
    assert torch.equal(again(images("grey")), made("grey")(images("grey")))
    assert not hostile.canary.exists()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_refused(share: float, pt2: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(pt2[: int(len(pt2) * share)])
    with pytest.raises(CheckpointError):
        archive.read(path)


@pytest.mark.slow
def test_a_file_is_read_in_a_process_of_its_own(pt2: bytes, tmp_path: Path) -> None:
    hostile = Hostile(pt2, tmp_path / "canary")
    REFUSED["weights that are pickled"](hostile)
    with pytest.raises(CheckpointError, match=r"^model.pt2: .* never unpickled"):
        weights_file.read(hostile.write(tmp_path / "model.pt2"))
    assert not hostile.canary.exists()
