"""The source of functions of the bench and of all that they call, as one text that stands alone."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Collection, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from cnnviz.errors import RunError

_OWN = "cnnviz."
_SIMPLER = {
    "entry": "def entry(kind, name, registry):\n    return registry[name]",
}
"""What stands in place of a function's own source."""
_MARKS = re.compile(r"  # (type: ignore|noqa)[^\n]*")


class Sources:
    """Definitions and the imports that they need, each once, what is called before what calls it."""

    def __init__(self, entries: Collection[str]) -> None:
        self.entries = entries
        """Entries of registries that are taken; the others are left out."""
        self.imports: set[str] = set()
        self._texts: dict[str, list[str]] = {}
        self._registries: list[str] = []
        self._origin: dict[str, str] = {}

    def add(self, function: Any) -> None:
        """Take a function of the bench, and all that it calls."""
        self._take(function.__name__, sys.modules[function.__module__])

    def parts(self) -> dict[str, str]:
        """The text of each module that something was taken from, under what the module is about."""
        parts = {
            (inspect.getdoc(sys.modules[module]) or module).splitlines()[0]: "\n\n\n".join(texts)
            for module, texts in self._texts.items()
        }
        return parts | {"What the run uses, by its names in the settings.": "\n\n".join(self._registries)}

    def import_lines(self) -> str:
        """All imports, plain ones first."""
        return "\n".join(sorted(self.imports, key=lambda line: (line.startswith("from"), line)))

    def _take(self, name: str, module: ModuleType) -> None:
        line = _import_of(name, module)
        if line.startswith(f"from {_OWN}"):
            _, origin, _, original = line.split()[:4]
            if original == name:
                self._take(name, sys.modules[origin])
            else:
                self.imports.add(f"{_import_of(original, sys.modules[origin])} as {name}")
        elif line:
            self.imports.add(line)
        elif name in self._origin:
            if self._origin[name] != module.__name__:
                raise AssertionError(f"{name} is in {module.__name__} and in {self._origin[name]}.")
        else:
            self._origin[name] = module.__name__
            value = vars(module)[name]
            if isinstance(value, Mapping):
                self._registries.append(self._registry(name, value))
            else:
                text = self._text(name, value, module)
                self._texts.setdefault(module.__name__, []).append(text)

    def _text(self, name: str, value: Any, module: ModuleType) -> str:
        if name in _SIMPLER:
            return _SIMPLER[name]
        if not callable(value):
            return f"{name} = {value!r}"
        text = _plain(inspect.getsource(value))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Name) and node.id in vars(module) and node.id != name:
                self._take(node.id, module)
        return text

    def _registry(self, name: str, registry: Mapping[str, Any]) -> str:
        lines = []
        for key, value in registry.items():
            if not callable(value):
                lines.append(f"    {key!r}: {value!r},")
            elif key in self.entries:
                lines.append(f"    {key!r}: {self._reference(value)},")
        return "\n".join([f"{name} = {{", *lines, "}"]) if lines else f"{name} = {{}}"

    def _reference(self, value: Any) -> str:
        if value.__module__.startswith("torch.nn"):
            self.imports.add("from torch import nn")
            return f"nn.{value.__name__}"
        if not value.__name__.isidentifier():
            raise RunError("The script can't have a function without a name: define it with def.")
        self.add(value)
        return str(value.__name__)


def _import_of(name: str, module: ModuleType) -> str:
    """The line that imports a name into a module; empty if it is defined there."""
    return _imports(module).get(name, "")


@cache
def _imports(module: ModuleType) -> dict[str, str]:
    """The lines that import into a module, by the names that they give."""
    lines = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            source = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
            for one in node.names:
                renamed = f" as {one.asname}" if one.asname else ""
                lines[one.asname or one.name] = f"{source}import {one.name}{renamed}"
    return lines


def _plain(source: str) -> str:
    """A function or class without annotations (fields of a dataclass are those of its values) and linters' marks."""
    lines = _MARKS.sub("", source).rstrip().splitlines(keepends=True)
    source = "".join(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    raw = source.encode()

    def place(line: int, column: int) -> int:
        return starts[line - 1] + column

    def end(node: Any) -> int:
        return place(node.end_lineno, node.end_col_offset)

    cuts: list[tuple[int, int]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg) and node.annotation:
            start, stop = place(node.lineno, node.col_offset) + len(node.arg.encode()), end(node.annotation)
            cuts.append((start, stop))
            if raw[stop : stop + 3] == b" = ":
                cuts += [(stop, stop + 1), (stop + 2, stop + 3)]
        elif isinstance(node, ast.FunctionDef):
            if node.returns:
                after = end(node.returns)
                cuts.append(
                    (raw.rindex(b" ->", 0, place(node.returns.lineno, node.returns.col_offset)), after)
                )
            cuts += [
                (end(one.target), end(one.annotation))
                for one in ast.walk(node)
                if isinstance(one, ast.AnnAssign)
            ]
    for start, stop in sorted(set(cuts), reverse=True):
        raw = raw[:start] + raw[stop:]
    return raw.decode()
