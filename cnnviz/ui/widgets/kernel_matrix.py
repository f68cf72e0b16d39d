"""Every kernel of a layer as one pixel: a row a filter, a column an input channel. A click or Enter takes a row."""

import base64
from collections.abc import Sequence

import streamlit as st
import streamlit.components.v2 as components

from cnnviz.render.colour import LEVELS, palette, table_of
from cnnviz.render.mosaic import Mosaic
from cnnviz.ui.widgets.matrix_frame import CSS, HTML

_JS = """
const MARGIN = 10, MOST = 560, CELL = 16;
export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = parentElement.querySelector("canvas");
  const tip = parentElement.querySelector(".tip");
  const frame = parentElement.querySelector(".frame");
  const style = getComputedStyle(frame);
  const { rows, columns, names, inputs, notes, marks, lows, highs, levels, what, selected, alt } = data;
  const image = new Image();
  let shape = null, values = null, at = selected ?? -1, hover = null;
  canvas.setAttribute("aria-label", alt);

  const layout = () => {
    // Whole screen pixels per kernel, so that no pixel is a mixture of two.
    const dots = window.devicePixelRatio || 1, margin = Math.round(MARGIN * dots);
    const across = (Math.min(frame.clientWidth, MOST + MARGIN) * dots - margin) / columns;
    const zoom = Math.max(1, Math.floor(Math.min(across, MOST * dots / rows, CELL * dots)));
    return { dots, margin, zoom };
  };
  const draw = () => {
    if (!frame.clientWidth || !image.complete || !image.naturalWidth) return;
    shape = layout();
    const { dots, margin, zoom } = shape;
    canvas.width = margin + columns * zoom;
    canvas.height = rows * zoom;
    canvas.style.width = canvas.width / dots + "px";
    canvas.style.height = canvas.height / dots + "px";
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 0, 0, columns, rows, margin, 0, columns * zoom, rows * zoom);
    marks?.forEach((colour, row) => {
      if (!colour) return;
      pen.fillStyle = colour;
      pen.fillRect(0, row * zoom, margin * 0.6, Math.max(zoom, 2 * dots));
    });
    const line = Math.max(2, Math.round(2 * dots));
    const mark = (row, colour) => {
      if (row < 0 || row >= rows) return;
      pen.lineWidth = line;
      pen.strokeStyle = colour;
      pen.strokeRect(margin - line / 2, row * zoom - line / 2, columns * zoom + line / 2, zoom + line);
      pen.fillStyle = colour;
      const middle = (row + 0.5) * zoom;
      pen.beginPath();
      pen.moveTo(0, middle - margin / 2); pen.lineTo(margin * 0.8, middle); pen.lineTo(0, middle + margin / 2);
      pen.fill();
    };
    if (hover) mark(hover[0], style.getPropertyValue("--st-text-color"));
    mark(at, style.getPropertyValue("--st-primary-color"));
  };
  const read = () => {
    const sheet = document.createElement("canvas");
    sheet.width = columns; sheet.height = rows;
    const pen = sheet.getContext("2d", { willReadFrequently: true });
    pen.drawImage(image, 0, 0);
    values = pen.getImageData(0, 0, columns, rows).data;
  };
  const colours = new Map(levels.map((colour, level) => [colour, level]));
  const value = (row, column) => {
    if (!values) read();
    const i = 4 * (row * columns + column);
    const level = colours.get((values[i] << 16) | (values[i + 1] << 8) | values[i + 2]);
    if (level === undefined) return "not finite";
    const low = lows[row] ?? lows[0], high = highs[row] ?? highs[0];
    const found = low + (high - low) * level / (levels.length - 1);
    const digits = Math.abs(found) < (high - low) / (4 * levels.length) ? "0" : found.toPrecision(2);
    return "about " + digits.replace("-", "\\u2212");
  };
  const say = () => {
    const row = hover ? hover[0] : at;
    if (row < 0) { tip.textContent = "\\u00a0"; return; }
    const cell = hover ? `, input channel ${inputs ? inputs[row] + hover[1] : hover[1]}: ${what} `
      + value(hover[0], hover[1]) : "";
    tip.textContent = `filter ${names[row]}${notes[row] ? " (" + notes[row] + ")" : ""}${cell}`;
  };
  const under = (event) => {
    const box = canvas.getBoundingClientRect(), { dots, margin, zoom } = shape;
    const column = Math.floor(((event.clientX - box.left) * dots - margin) / zoom);
    const row = Math.floor((event.clientY - box.top) * dots / zoom);
    return row >= 0 && row < rows && column < columns ? [row, Math.max(0, column)] : null;
  };
  const pick = (row) => { at = row; say(); draw(); setTriggerValue("picked", row); };
  canvas.onpointermove = (event) => { if (shape) { hover = under(event); say(); draw(); } };
  canvas.onpointerleave = () => { hover = null; say(); draw(); };
  canvas.onclick = (event) => { const found = shape && under(event); if (found) pick(found[0]); };
  canvas.onkeydown = (event) => {
    if (!shape) return;
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], PageUp: [-10, 0],
                   PageDown: [10, 0], Home: [-rows, 0], End: [rows, 0] }[event.key];
    if (step) {
      const [row, column] = hover ?? [Math.max(at, 0), 0];
      hover = [Math.min(rows - 1, Math.max(0, row + step[0])), Math.min(columns - 1, Math.max(0, column + step[1]))];
      say(); draw(); event.preventDefault(); event.stopPropagation();
    } else if ((event.key === "Enter" || event.key === " ") && hover) {
      pick(hover[0]); event.preventDefault(); event.stopPropagation();
    }
  };
  image.onload = () => { values = null; draw(); say(); canvas.dataset.drawn = data.stamp; };
  image.src = "data:image/png;base64," + data.png;
  const observer = new ResizeObserver(draw);
  observer.observe(frame);
  return () => observer.disconnect();
}
"""
_matrix = components.component("cnnviz_kernel_matrix", html=HTML, css=CSS, js=_JS)


def kernel_matrix(
    drawn: Mosaic,
    *,
    key: str,
    alt: str,
    what: str,
    names: Sequence[int],
    inputs: Sequence[int] | None = None,
    notes: Sequence[str],
    marks: Sequence[str | None],
    selected: int | None,
) -> int | None:
    """The row that was just chosen, if one was; draws a picture of `render.filters.matrix`, unblurred.

    `names` are the filters' numbers by row, `inputs` the first input channel of each row where rows differ,
    `notes` and `marks` (#rrggbb) what is to be said of them. `what` is the quantity that is shown.
    """
    scale = drawn.scale
    colours = palette(table_of(scale), signed=scale.signed)[:LEVELS].astype(int)
    result = _matrix(
        key=key,
        data={
            "png": base64.b64encode(drawn.png).decode(),
            "rows": drawn.rows,
            "columns": drawn.tile_width,
            "names": [int(name) for name in names],
            "inputs": list(inputs) if inputs is not None else None,
            "notes": list(notes),
            "marks": list(marks) if any(marks) else None,
            "lows": [scale.low] if scale.shared else list(scale.lows),
            "highs": [scale.high] if scale.shared else list(scale.highs),
            "levels": [int(r) << 16 | int(g) << 8 | int(b) for r, g, b in colours],
            "what": what,
            "selected": selected,
            "alt": alt,
            "stamp": str(hash(drawn.png)),
        },
        on_picked_change=_nothing,
    )
    picked = result.picked
    return int(picked) if picked is not None and 0 <= int(picked) < drawn.rows else None


def _nothing() -> None:
    """A trigger needs a callback to be reported."""
    st.session_state.setdefault("picked", None)
