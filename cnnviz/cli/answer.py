"""How a command speaks: its answer on stdout, everything else on stderr, a failure in one line."""

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from cnnviz.errors import CnnvizError
from cnnviz.failure import disk_full

JSON_KEY = "cnnviz.json"
"""Where a command notes that JSON is asked for."""


class Command(TyperCommand):
    """A command that fails in one line."""

    def invoke(self, ctx: Any) -> Any:
        with _in_one_line(ctx):
            return super().invoke(ctx)


class Group(TyperGroup):
    """Commands that share a name; what the name alone does fails in one line, too."""

    def invoke(self, ctx: Any) -> Any:
        with _in_one_line(ctx):
            return super().invoke(ctx)


def answer(document: Any, text: str, *, as_json: bool) -> None:
    """Print the document as JSON, or the text."""
    typer.echo(json.dumps(_finite(document), indent=1) if as_json else _printable(text))


def tell(text: str) -> None:
    """Say something that is not the answer."""
    print(_printable(text), file=sys.stderr, flush=True)


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Rows as lines of aligned columns; those whose numbers are in `right` are aligned there."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


@contextmanager
def _in_one_line(context: Any) -> Iterator[None]:
    try:
        yield
    except CnnvizError as error:
        _fail(str(error), as_json=context.meta.get(JSON_KEY, False))
    except BrokenPipeError:
        raise
    except OSError as error:
        _fail(_in_words(error), as_json=context.meta.get(JSON_KEY, False))
    except KeyboardInterrupt:
        tell("Interrupted.")
        raise typer.Exit(130) from None


def _fail(message: str, *, as_json: bool) -> None:
    line = " ".join(message.split())
    if as_json:
        answer({"error": line}, "", as_json=True)
    tell(line)
    raise typer.Exit(1) from None


def _in_words(error: OSError) -> str:
    if disk_full(error):
        return "The disk is full: make room, then try again."
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}. Check the path and who may use it."


def _printable(text: str) -> str:
    """Without control characters, which titles and names of others may hold."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def _finite(value: Any) -> Any:
    """`value` for JSON, which knows no NaN and no ∞: null in their place."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
