"""A report as one HTML page: pictures and tables inside, no script, nothing that is fetched."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote, urlencode

from PIL import Image

from cnnviz.report.document import Document, Pin
from cnnviz.report.figures.figure import Cell, Drawing, Picture, Table

BENCH = "http://127.0.0.1:8501"
"""Where links lead: a bench on the reader's own machine."""
_LONG = 60
"""Rows of a table that are seen at the most; the file has all."""
START, END = "<!--figure {}-->", "<!--/figure {}-->"
PROOF = "cnnviz-report"
"""Id of the block of data that a report is checked by."""


def page(
    document: Document, drawings: Sequence[Drawing | str], *, facts: str, proof: Mapping[str, object]
) -> str:
    """The whole page. `drawings` are those of the document's figures, in order; a text says why one is missing."""
    numbers = iter(range(1, len(drawings) + 1))
    contents, parts = [], []
    for at, section in enumerate(document.sections, start=1):
        contents.append(f'<li><a href="#section-{at}">{escape(section.title)}</a></li>')
        parts.append(
            f'<section id="section-{at}"><h2>{escape(section.title)}</h2>{_paragraphs(section.words)}'
        )
        for pin in section.pins:
            number = next(numbers)
            parts.append(_figure(number, pin, drawings[number - 1]))
        parts.append("</section>")
    missing = [(number, one) for number, one in enumerate(drawings, start=1) if isinstance(one, str)]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
            "style-src 'unsafe-inline'\">",
            f"<title>{escape(document.title)}</title>",
            f"<style>\n{Path(__file__).with_name('page.css').read_text(encoding='utf-8')}</style></head><body>",
            f"<header><h1>{escape(document.title)}</h1>",
            f'<p class="facts">{escape(facts)}</p>',
            _paragraphs(document.question),
            _missing(missing),
            f'<nav aria-label="Contents"><ol>{"".join(contents)}</ol></nav></header>'
            if len(contents) > 2
            else "</header>",
            "<main>",
            *parts,
            "</main>",
            f'<script type="application/json" id="{PROOF}">{_data(proof)}</script>',
            "</body></html>",
            "",
        ]
    )


def fragment(number: int, pin: Pin, drawing: Drawing) -> str:
    """What is to see of a figure but its author's sentence: equal where all of it is equal."""
    parts = [f'<h3 id="figure-{number}">Figure {number}. {escape(drawing.title)}</h3>']
    table = _table(drawing.table) if drawing.table else ""
    if table and drawing.table_place == "first":
        parts.append(table)
    if drawing.pictures:
        parts.append(f'<div class="pictures">{"".join(map(_picture, drawing.pictures))}</div>')
    if table and drawing.table_place == "after":
        parts.append(table)
    if drawing.words:
        parts.append(f"<figcaption>{escape(drawing.words)}</figcaption>")
    if table and drawing.table_place == "folded":
        parts.append(f"<details><summary>Figures</summary>{table}</details>")
    parts.append(_origin(number, pin, drawing))
    return "\n".join(parts)


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


def _figure(number: int, pin: Pin, drawing: Drawing | str) -> str:
    own = _paragraphs(pin.words, css="own")
    if isinstance(drawing, str):
        return f'<figure>{own}<p class="missing">Figure {number} is missing: {escape(drawing)}</p></figure>'
    return "\n".join(
        [
            "<figure>",
            own,
            START.format(number),
            fragment(number, pin, drawing),
            END.format(number),
            "</figure>",
        ]
    )


def _missing(missing: Sequence[tuple[int, str]]) -> str:
    if not missing:
        return ""
    listed = "; ".join(f"figure {number}: {why}" for number, why in missing)
    return f'<p class="missing">{len(missing)} of the figures could not be drawn. {escape(listed)}</p>'


def _paragraphs(words: str, *, css: str = "") -> str:
    kind = f' class="{css}"' if css else ""
    return "".join(f"<p{kind}>{escape(one.strip())}</p>" for one in words.split("\n\n") if one.strip())


def _picture(picture: Picture) -> str:
    alt = escape(picture.alt, quote=True)
    if picture.svg:
        inner = picture.svg.replace("<svg ", f'<svg role="img" aria-label="{alt}" ', 1)
    else:
        with Image.open(io.BytesIO(picture.png)) as image:
            width, height = image.size
        data = base64.b64encode(picture.png).decode()
        inner = f'<img src="data:image/png;base64,{data}" alt="{alt}" width="{width}" height="{height}">'
    title = f'<div class="name">{escape(picture.title)}</div>' if picture.title else ""
    words = f'<div class="scale">{escape(picture.words)}</div>' if picture.words else ""
    return f"<div>{title}{inner}{words}</div>"


def _table(table: Table) -> str:
    seen = table.seen if table.seen is not None else [[_cell(one) for one in row] for row in table.rows]
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in table.seen_header or table.header)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(one)}</td>' for one in row)}</tr>" for row in seen[:_LONG])
    more = (
        f'<p class="facts">{len(seen) - _LONG:,} more rows are in the file.</p>' if len(seen) > _LONG else ""
    )
    body = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="rows" tabindex="0"><table>{body}</table></div>{more}'


def _cell(value: Cell) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}".replace("-", "−") if isinstance(value, float) else str(value)


def _origin(number: int, pin: Pin, drawing: Drawing) -> str:
    """Where the figure comes from: link, command, hashes, files."""
    link, files = pin.figure.link, dict(drawing.files)
    if drawing.table:
        files[f"figure-{number}.csv"] = drawing.table.csv
    downloads = "".join(f" · {_download(name, text)}" for name, text in files.items())
    address = escape(f"{BENCH}/{link.page}?{urlencode(link.query)}", quote=True)
    hashes = "".join(
        f"<tr><td>{escape(name)}</td><td><code>{one}</code></td></tr>"
        for name, one in drawing.sources.items()
    )
    command = escape(pin.figure.command)
    return "\n".join(
        [
            '<details class="origin"><summary>Where it comes from</summary>',
            f'<p class="facts"><a href="{address}">On the bench</a>{downloads}<br>',
            f"<code>python -m cnnviz {command}</code></p>",
            f"<table><tbody>{hashes}</tbody></table></details>",
        ]
    )


def _download(name: str, text: str) -> str:
    data = f"data:text/plain;charset=utf-8,{quote(text)}"
    return f'<a download="{escape(name, quote=True)}" href="{data}">{escape(name)}</a>'


def _data(proof: Mapping[str, object]) -> str:
    return json.dumps(proof, ensure_ascii=True).replace("<", "\\u003c").replace("-->", "--\\u003e")


def pictures(fragment: str) -> Iterator[bytes]:
    """The PNGs in what is to see of a figure."""
    for found in re.finditer(r'src="data:image/png;base64,([A-Za-z0-9+/=]+)"', fragment):
        yield base64.b64decode(found[1])
