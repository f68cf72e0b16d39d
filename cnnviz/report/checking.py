"""A report proves itself: its figures are drawn again, and compared with what the page shows."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image
from pydantic import ValidationError

from cnnviz.errors import CnnvizError, RunError
from cnnviz.formatting import size
from cnnviz.progress import Progress, Work, within
from cnnviz.report import html
from cnnviz.report.document import Document, Pin
from cnnviz.report.figures.figure import Drawing

LARGEST = 256_000_000
"""Bytes of a page that is read."""
_PIXELS = 24_000_000
_SHADES = 8
"""Shades by which a pixel may differ where only rounding does: a step or two of a colour table."""
_RELATIVE = 1e-4
_NUMBER = re.compile(r"[-−]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?")

State = Literal["holds", "rounding", "differs", "missing"]
WORDS: Mapping[State, str] = {
    "holds": "holds",
    "rounding": "holds, but for rounding",
    "differs": "DIFFERS",
    "missing": "can't be drawn",
}


@dataclass(frozen=True)
class CheckedFigure:
    """What became of one figure."""

    number: int
    title: str
    state: State
    words: str = ""
    """What differs, or why it can't be drawn here."""


def check(path: Path) -> Work[list[CheckedFigure]]:
    """Each figure of a report's page. Nothing in the file is executed.

    Raises RunError for a file that is no report.
    """
    content, document, sources = _read(path)
    shown = html.fragments(content)
    pins, found = list(document.pins), []
    for at, pin in enumerate(pins):
        before = f"Figure {at + 1} of {len(pins)}: "
        yield Progress(at / len(pins), before.removesuffix(": "))
        try:
            drawing = yield from within(
                pin.figure.draw(), at / len(pins), (at + 1) / len(pins), before=before
            )
        except CnnvizError as error:
            found.append(CheckedFigure(at + 1, pin.figure.kind, "missing", str(error)))
            continue
        found.append(_compared(at + 1, pin, drawing, shown.get(at + 1), sources[at]))
    return found


def _read(path: Path) -> tuple[str, Document, list[Mapping[str, str] | None]]:
    no_report = f"{path.name} is no report of cnnviz"
    try:
        if path.stat().st_size > LARGEST:
            raise RunError(f"{path.name} is larger than {size(LARGEST)}: it is not read.")
        content = path.read_text(encoding="utf-8")
        block: Any = html.data_block(content)
        document = Document.model_validate(block["document"])
        sources: list[Mapping[str, str] | None] = [
            None if one is None else {str(key): str(value) for key, value in one.items()}
            for one in block["sources"]
        ]
    except OSError as error:
        raise RunError(f"{path} can't be read ({error.strerror}): check the path.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))[:80]
        raise RunError(
            f"{no_report} that this version reads: {place}: {first['msg'].lower()[:200]}."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RunError(f"{no_report}, or was cut short.") from None
    if len(sources) != len(list(document.pins)):
        raise RunError(
            f"{no_report}, or was edited: it has {len(sources)} figures where its outline has others."
        )
    return content, document, sources


def _compared(
    number: int, pin: Pin, drawing: Drawing, shown: str | None, sources: Mapping[str, str] | None
) -> CheckedFigure:
    def said(state: State, words: str = "") -> CheckedFigure:
        return CheckedFigure(number, drawing.title, state, words)

    if shown is None:
        return said("differs", "it is missing in the page, and can be drawn here")
    now = html.fragment(number, pin, drawing)
    changed = [name for name, one in drawing.sources.items() if (sources or {}).get(name) != one]
    gone = [name for name in sources or {} if name not in drawing.sources]
    if shown == now:
        return said("holds")
    if changed or gone:
        return said("differs", f"it is of other files: {', '.join([*changed, *gone][:3])}")
    if why := _apart(shown, now):
        return said("differs", why)
    return said("rounding")


def _apart(shown: str, now: str) -> str:
    """How far two figures are apart; empty if only by rounding."""
    ours, theirs = list(html.pictures(now)), list(html.pictures(shown))
    if len(ours) != len(theirs):
        return f"it has {len(theirs)} pictures, not {len(ours)}"
    for place, (one, other) in enumerate(zip(ours, theirs, strict=True), start=1):
        try:
            apart = _shades(one, other)
        except (OSError, ValueError, Image.DecompressionBombError):
            return f"picture {place} can't be read"
        if apart > _SHADES:
            return f"picture {place} is another one, by up to {apart} of 255 shades"
    here, there = (re.sub(r"base64,[A-Za-z0-9+/=]+", "", one) for one in (now, shown))
    if _NUMBER.sub("#", here) != _NUMBER.sub("#", there):
        return "its words are others"
    for one, other in zip(_NUMBER.findall(here), _NUMBER.findall(there), strict=True):
        if one != other and not np.isclose(_value(one), _value(other), rtol=_RELATIVE, atol=0):
            return f"it says {other}, not {one}"
    return ""


def _value(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def _shades(one: bytes, other: bytes) -> int:
    first, second = (_pixels(picture) for picture in (one, other))
    if first.shape != second.shape:
        return 255
    return int(np.abs(first - second).max(initial=0))


def _pixels(png: bytes) -> np.ndarray[Any, np.dtype[np.int16]]:
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        if image.width * image.height > _PIXELS:
            raise ValueError("too large")
        return np.asarray(image.convert("RGBA"), np.int16)
