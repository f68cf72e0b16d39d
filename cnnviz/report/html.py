"""A report as one HTML page: pictures and tables inside, no script, nothing that is fetched."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from PIL import Image

from cnnviz.report.document import Document, Pin
from cnnviz.report.figures.figure import Cell, Drawing

BENCH = "http://127.0.0.1:8501"
"""Where links lead: a bench on the reader's own machine."""
PROOF = "cnnviz-report"
"""Id of the block of data that a report is checked by."""
_MOST = 60
"""Rows of a table that are seen at the most; the file has all."""
_TEMPLATES = Path(__file__).with_name("templates")


def page(
    document: Document, drawings: Sequence[Drawing | str], *, facts: str, proof: Mapping[str, object]
) -> str:
    """The whole page. `drawings` are those of the document's figures, in order; a text says why one is missing."""
    numbered = iter(enumerate(drawings, start=1))
    sections = [
        (section, [_figure(pin, *next(numbered)) for pin in section.pins]) for section in document.sections
    ]
    return _render(
        "page.html",
        document=document,
        sections=sections,
        missing=[(number, one) for number, one in enumerate(drawings, start=1) if isinstance(one, str)],
        facts=facts,
        css=Markup((_TEMPLATES / "page.css").read_text(encoding="utf-8")),  # noqa: S704
        proof=_data(proof),
        proof_id=PROOF,
        paragraphs=_paragraphs,
    )


def fragment(number: int, pin: Pin, drawing: Drawing) -> str:
    """What is to see of a figure but its author's sentence: equal where all of it is equal."""
    files, link, table = dict(drawing.files), pin.figure.link, drawing.table
    if table:
        files[f"figure-{number}.csv"] = table.csv
    text = _render(
        "figure.html",
        number=number,
        drawing=drawing,
        cells=(table.seen or [[_cell(one) for one in row] for row in table.rows]) if table else [],
        most=_MOST,
        files=files,
        address=f"{BENCH}/{link.page}?{urlencode(link.query)}",
        command=pin.figure.command,
    )
    return text.strip()


def data_block(content: str) -> object:
    """The block of data of a report's page. Raises ValueError where there is none."""
    found = re.search(rf'<script type="application/json" id="{PROOF}">(.*?)</script>', content, re.DOTALL)
    if not found:
        raise ValueError("no data block")
    return json.loads(found[1])


def fragments(content: str) -> dict[int, str]:
    """What is to see of each figure of a report's page, by number; those that are missing there are left out."""
    pattern = re.compile(r"<!--figure (\d{1,4})-->\n(.*?)\n<!--/figure \1-->", re.DOTALL)
    return {int(found[1]): found[2] for found in pattern.finditer(content)}


def pictures(fragment: str) -> Iterator[bytes]:
    """The PNGs in what is to see of a figure."""
    for found in re.finditer(r'src="data:image/png;base64,([A-Za-z0-9+/=]+)"', fragment):
        yield base64.b64decode(found[1])


def _render(template: str, **values: object) -> str:
    text: str = _environment().get_template(template).render(**values)
    return text


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True)
    environment.filters |= {
        "base64": lambda content: base64.b64encode(content).decode(),
        "quoted": quote,
        "sides": _sides,
    }
    return environment


def _figure(pin: Pin, number: int, drawing: Drawing | str) -> Mapping[str, object]:
    if isinstance(drawing, str):
        return {"number": number, "words": pin.words, "why": drawing}
    return {"number": number, "words": pin.words, "fragment": Markup(fragment(number, pin, drawing))}  # noqa: S704


def _paragraphs(words: str) -> list[str]:
    return [one.strip() for one in words.split("\n\n") if one.strip()]


def _sides(png: bytes) -> Markup:
    with Image.open(io.BytesIO(png)) as image:
        return Markup(f'width="{image.width}" height="{image.height}"')  # noqa: S704


def _cell(value: Cell) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}".replace("-", "−") if isinstance(value, float) else str(value)


def _data(proof: Mapping[str, object]) -> Markup:
    text = json.dumps(proof, ensure_ascii=True).replace("<", "\\u003c").replace("-->", "--\\u003e")
    return Markup(text)  # noqa: S704
