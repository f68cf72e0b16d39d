"""What is taken for what, a cell a pair of classes: a click or Enter takes a cell, a row or a column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
import streamlit.components.v2 as components
from numpy.typing import NDArray

from cnnviz.formatting import whole_number
from cnnviz.render.colour import VIRIDIS
from cnnviz.ui.widgets.matrix_frame import CSS, HTML

_JS = """
const MOST = 46, LEAST = 5, READABLE = 11;
export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = parentElement.querySelector("canvas");
  const tip = parentElement.querySelector(".tip");
  const frame = parentElement.querySelector(".frame");
  const style = getComputedStyle(frame);
  const { rows, columns, colours, texts, words, rowWords, columnWords, rowTitle, columnTitle, selected, alt } = data;
  // -1 stands for a whole row or column: its name.
  let shape = null, at = selected, hover = null;
  canvas.setAttribute("aria-label", alt);

  const layout = (pen) => {
    const dots = window.devicePixelRatio || 1, width = frame.clientWidth;
    const most = Math.min(120, width * 0.3);
    pen.font = `12px ${style.getPropertyValue("--st-font")}`;
    const widest = (names) => Math.min(most, Math.max(...names.map((name) => pen.measureText(name).width)) + 8);
    const left = 18 + widest(rows), top = 18 + widest(columns);
    const cell = Math.max(LEAST, Math.min(MOST, Math.floor((width - left - 2) / columns.length)));
    return { dots, left, top, cell };
  };
  const fitted = (pen, text, width) => {
    if (pen.measureText(text).width <= width) return text;
    let short = text;
    while (short && pen.measureText(short + "…").width > width) short = short.slice(0, -1);
    return short + "…";
  };
  const ink = (colour) => {
    const [r, g, b] = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
    return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#101317" : "#ffffff";
  };
  const draw = () => {
    if (!frame.clientWidth) return;
    const pen = canvas.getContext("2d");
    shape = layout(pen);
    const { dots, left, top, cell } = shape;
    const width = left + columns.length * cell + 2, height = top + rows.length * cell + 2;
    canvas.width = Math.round(width * dots); canvas.height = Math.round(height * dots);
    canvas.style.width = width + "px"; canvas.style.height = height + "px";
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    const text = style.getPropertyValue("--st-text-color");
    const quiet = style.getPropertyValue("--st-secondary-background-color");
    const line = style.getPropertyValue("--st-border-color");
    const font = style.getPropertyValue("--st-font");
    pen.textBaseline = "middle";
    pen.fillStyle = text;
    pen.font = `600 12px ${font}`;
    pen.textAlign = "left";
    pen.fillText(columnTitle, left, 8);
    pen.save(); pen.translate(8, top); pen.rotate(-Math.PI / 2); pen.textAlign = "right";
    pen.fillText(rowTitle, 0, 0); pen.restore();
    if (cell >= READABLE) {
      pen.font = `12px ${font}`;
      rows.forEach((name, row) => {
        pen.textAlign = "right";
        pen.fillText(fitted(pen, name, left - 24), left - 6, top + (row + 0.5) * cell);
      });
      columns.forEach((name, column) => {
        pen.save(); pen.translate(left + (column + 0.5) * cell, top - 6); pen.rotate(-Math.PI / 2);
        pen.textAlign = "left"; pen.fillText(fitted(pen, name, top - 24), 0, 0); pen.restore();
      });
    }
    pen.textAlign = "center";
    rows.forEach((_, row) => columns.forEach((_, column) => {
      const number = row * columns.length + column, colour = colours[number];
      const x = left + column * cell, y = top + row * cell;
      pen.fillStyle = colour ?? (row === column ? line : quiet);
      pen.fillRect(x, y, cell - (cell > 8), cell - (cell > 8));
      const size = Math.min(12, cell * 0.4);
      if (cell >= 18 && texts[number]) {
        pen.font = `${size}px ${font}`;
        pen.fillStyle = colour ? ink(colour) : text;
        pen.fillText(fitted(pen, texts[number], cell + 2), x + cell / 2, y + cell / 2);
      }
    }));
    const mark = (place, colour) => {
      if (!place) return;
      const [row, column] = place;
      if (row < 0 && column < 0) return;
      const x = left + Math.max(column, 0) * cell, y = top + Math.max(row, 0) * cell;
      const w = column < 0 ? columns.length * cell : cell, h = row < 0 ? rows.length * cell : cell;
      pen.lineWidth = 2; pen.strokeStyle = colour;
      pen.strokeRect(x - 1, y - 1, w + 1, h + 1);
    };
    mark(hover, text);
    mark(at, style.getPropertyValue("--st-primary-color"));
    canvas.dataset.drawn = data.stamp;
    canvas.dataset.shape = JSON.stringify({ left, top, cell });
  };
  const say = (place) => {
    if (!place) { tip.textContent = "\\u00a0"; return; }
    const [row, column] = place;
    tip.textContent = row < 0 ? columnWords[column] ?? "\\u00a0" : column < 0 ? rowWords[row]
      : words[row * columns.length + column];
  };
  const under = (event) => {
    const box = canvas.getBoundingClientRect(), { left, top, cell } = shape;
    const column = Math.floor((event.clientX - box.left - left) / cell);
    const row = Math.floor((event.clientY - box.top - top) / cell);
    if (row >= rows.length || column >= columns.length || (row < 0 && column < 0)) return null;
    return [Math.max(row, -1), Math.max(column, -1)];
  };
  const pick = (place) => { at = place; draw(); say(place); setTriggerValue("picked", place); };
  canvas.onpointermove = (event) => {
    if (!shape) return;
    const place = under(event);
    if (String(place) !== String(hover)) { hover = place; say(place ?? at); draw(); }
  };
  canvas.onpointerleave = () => { hover = null; say(at); draw(); };
  canvas.onclick = (event) => { const place = shape && under(event); if (place) pick(place); };
  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (step) {
      const [row, column] = hover ?? at ?? [0, -1];
      const next = [Math.min(rows.length - 1, Math.max(-1, row + step[0])),
                    Math.min(columns.length - 1, Math.max(-1, column + step[1]))];
      if (next[0] >= 0 || next[1] >= 0) hover = next;
      say(hover); draw(); event.preventDefault(); event.stopPropagation();
    } else if ((event.key === "Enter" || event.key === " ") && hover) {
      pick(hover); event.preventDefault(); event.stopPropagation();
    }
  };
  const observer = new ResizeObserver(draw);
  observer.observe(frame);
  draw();
  say(at);
  return () => observer.disconnect();
}
"""

_matrix = components.component("cnnviz_confusion", html=HTML, css=CSS, js=_JS)


@dataclass(frozen=True)
class Part:
    """What is chosen of a matrix: a cell, or a whole row or column."""

    row: int | None
    column: int | None

    @property
    def name(self) -> str:
        """As in the address: 3.5 for a cell, 3. for a row, .5 for a column."""
        return ".".join("" if one is None else str(one) for one in (self.row, self.column))

    @classmethod
    def named(cls, name: str) -> "Part | None":
        """The part of that name; None if there is none."""
        row, dot, column = name.partition(".")
        parts = [whole_number(text) for text in (row, column)]
        written = [text for text in (row, column) if text]
        if not dot or not written or len(written) != sum(one is not None for one in parts):
            return None
        return cls(*parts)

    def within(self, classes: int) -> bool:
        """Whether there is such a part in a matrix of so many classes."""
        return all(one is None or one < classes for one in (self.row, self.column))


def confusion_matrix(
    counts: NDArray[np.int64],
    shares: NDArray[np.float64] | None,
    names: Sequence[str],
    *,
    key: str,
    titles: tuple[str, str],
    taken: str,
    selected: Part | None,
) -> Part | None:
    """The part that was just chosen, if one was; draws `counts` (K, K), or `shares` of its rows if they are given.

    Colours tell cells off the diagonal apart: see `coloured`. `titles` are those of rows and columns, `taken` the
    words between a row's name and a column's.
    """
    classes = len(names)
    colours = coloured(counts if shares is None else shares)
    texts = [
        ("" if not count else f"{count:,}" if shares is None else _share(shares.flat[place]))
        for place, count in enumerate(counts.flat)
    ]
    words = [
        f"{names[place // classes]} {taken} {names[place % classes]}: {count:,} of {counts[place // classes].sum():,}"
        for place, count in enumerate(counts.flat)
    ]
    row_words = [
        f"{name}: {counts[at].sum():,} images, {counts[at, at]:,} on the diagonal"
        for at, name in enumerate(names)
    ]
    column_words = [f"{taken} {name}: {counts[:, at].sum():,} images" for at, name in enumerate(names)]
    place = selected and [-1 if one is None else one for one in (selected.row, selected.column)]
    result = _matrix(
        key=key,
        data={
            "rows": list(names),
            "columns": list(names),
            "colours": colours,
            "texts": texts,
            "words": words,
            "rowWords": row_words,
            "columnWords": column_words,
            "rowTitle": titles[0],
            "columnTitle": titles[1],
            "selected": place,
            "alt": f"{titles[0]} by {titles[1]}, {classes} classes, {counts.sum():,} images: arrow keys walk the "
            f"cells, Enter chooses. {'; '.join(row_words[:12])}",
            "stamp": str(hash((counts.tobytes(), shares is None))),
        },
        on_picked_change=_nothing,
    )
    picked = result.picked
    if not picked or len(picked) != 2:
        return None
    row, column = (int(one) for one in picked)
    if not (-1 <= row < classes and -1 <= column < classes) or row == column == -1:
        return None
    return Part(None if row < 0 else row, None if column < 0 else column)


def coloured(values: NDArray[np.int64] | NDArray[np.float64]) -> list[str | None]:
    """Colours of the cells (K, K), row by row: viridis from 0 to the largest off the diagonal; None where it is 0,
    and on the diagonal, which would drown all others."""
    off = np.where(np.eye(len(values), dtype=bool), 0.0, np.nan_to_num(values.astype(np.float64)))
    levels = np.rint(off / (off.max() or 1.0) * (len(VIRIDIS) - 1)).astype(int)
    return [
        "#{:02x}{:02x}{:02x}".format(*VIRIDIS[level]) if value > 0 else None
        for level, value in zip(levels.flat, off.flat, strict=True)
    ]


def _share(value: float) -> str:
    return f"{100 * value:.0f}" if value >= 0.095 else f"{100 * value:.1f}"


def _nothing() -> None:
    """A trigger needs a callback to be reported."""
    st.session_state.setdefault("picked", None)
