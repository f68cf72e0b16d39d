"""A report is written: every figure drawn, one after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cnnviz.errors import CnnvizError
from cnnviz.progress import Progress, Work, within
from cnnviz.report import html
from cnnviz.report.document import Document
from cnnviz.report.figures.figure import Drawing
from cnnviz.runs.run import environment


def write(document: Document) -> Work[str]:
    """The page of a report; what can't be drawn is said in its place. Stopped, nothing has been written."""
    drawings = yield from draw(document)
    versions, machine = environment()
    made = time.strftime("%Y-%m-%d")
    parts = [document.author, made, machine, ", ".join(f"{name} {one}" for name, one in versions.items())]
    proof = {
        "format": 1,
        "document": document.model_dump(mode="json"),
        "versions": versions,
        "sources": [dict(one.sources) if isinstance(one, Drawing) else None for one in drawings],
    }
    return html.page(document, drawings, facts=" · ".join(part for part in parts if part), proof=proof)


def draw(document: Document) -> Work[Sequence[Drawing | str]]:
    """The figures of a report; in the place of one that can't be drawn, why."""
    pins, found = list(document.pins), list[Drawing | str]()
    for number, pin in enumerate(pins):
        before = f"Figure {number + 1} of {len(pins)}: "
        yield Progress(number / len(pins), before.removesuffix(": "))
        try:
            part = within(pin.figure.draw(), number / len(pins), (number + 1) / len(pins), before=before)
            found.append((yield from part))
        except CnnvizError as error:
            found.append(str(error))
    return found
