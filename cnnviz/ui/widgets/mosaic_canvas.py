"""Many small pictures in one: sharp at every width, walked with arrow keys, chosen with a click or Enter."""

import base64
from collections.abc import Callable, Sequence

import streamlit as st
import streamlit.components.v2 as components

from cnnviz.render.mosaic import Mosaic

_HTML = """
<div class="frame"><canvas tabindex="0" role="img"></canvas><div class="tip" aria-live="polite"></div></div>
"""
_CSS = """
.frame { position: relative; width: 100%; line-height: 0; padding-bottom: 1.5rem; }
canvas { image-rendering: pixelated; display: block; outline-offset: 2px; }
canvas.choice { cursor: pointer; }
canvas:focus-visible { outline: 2px solid var(--st-primary-color); }
.tip { position: absolute; bottom: 0; left: 0; font: 0.8rem/1.3rem var(--st-font); color: var(--st-text-color);
       opacity: 0.75; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 100%; }
"""
_JS = """
const TALLEST = 16384;
export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = parentElement.querySelector("canvas");
  const tip = parentElement.querySelector(".tip");
  const frame = parentElement.querySelector(".frame");
  const style = getComputedStyle(frame);
  const { tile, columns: sheetColumns, sheetGap, count, wanted, labels, selected, choice, alt, atMost, marks } = data;
  // What was drawn last stays while the pictures do: a page that runs again changes little else.
  const kept = canvas.kept?.stamp === data.stamp ? canvas.kept : null;
  const image = kept?.image ?? new Image();
  let shape = kept?.shape ?? null, at = selected ?? -1, hover = kept?.hover ?? -1;
  canvas.kept = { stamp: data.stamp, image, shape, hover, drawn: kept?.drawn };
  if (!kept) delete canvas.dataset.drawn;
  canvas.classList.toggle("choice", choice);
  canvas.setAttribute("aria-label", alt);

  const layout = () => {
    const width = frame.clientWidth, gap = wanted > 24 ? 2 : 1;
    // Whole screen pixels per value, so that no pixel is a mixture of two.
    const dots = window.devicePixelRatio || 1;
    let zoom = Math.max(1, Math.round(wanted * dots / tile[0]));
    const g = Math.max(1, Math.round(gap * dots));
    const across = atMost ?? 1;
    while (zoom > 1 && (tile[0] * zoom * across + g * (across - 1)) / dots > width) zoom--;
    // A few columns fewer, if that leaves fewer places empty in the last row.
    const empty = (columns) => (columns - count % columns) % columns;
    for (;; zoom--) {
      const w = tile[0] * zoom, h = tile[1] * zoom;
      const shrink = Math.max(1, w / dots / width);
      const most = Math.max(1, Math.min(count, atMost ?? count, Math.floor((width * dots * shrink + g) / (w + g))));
      let columns = most;
      for (let fewer = most; fewer >= Math.ceil(most * 0.7); fewer--)
        if (empty(fewer) < empty(columns)) columns = fewer;
      const rows = Math.ceil(count / columns);
      // No browser draws a canvas that is taller.
      if (zoom === 1 || rows * (h + g) <= TALLEST) return { w, h, g, columns, rows, dots: dots * shrink };
    }
  };
  const place = (index) => [(index % shape.columns) * (shape.w + shape.g),
                            Math.floor(index / shape.columns) * (shape.h + shape.g)];
  const paint = (index) => {
    if (!shape || index < 0 || index >= count) return;
    const pen = canvas.getContext("2d"), [x, y] = place(index);
    pen.imageSmoothingEnabled = false;
    pen.clearRect(x, y, shape.w, shape.h);
    pen.drawImage(image, (index % sheetColumns) * (tile[0] + sheetGap),
      Math.floor(index / sheetColumns) * (tile[1] + sheetGap), tile[0], tile[1], x, y, shape.w, shape.h);
    if (marks?.[index]) {
      const side = Math.max(4, Math.round(shape.w / 4));
      pen.fillStyle = marks[index];
      pen.beginPath(); pen.moveTo(x, y); pen.lineTo(x + side, y); pen.lineTo(x, y + side); pen.fill();
      pen.strokeStyle = "#fff"; pen.lineWidth = Math.max(1, Math.round(shape.dots));
      pen.beginPath(); pen.moveTo(x + side, y); pen.lineTo(x, y + side); pen.stroke();
    }
    const colour = index === at ? "--st-primary-color" : index === hover ? "--st-text-color" : null;
    if (!colour) return;
    pen.lineWidth = Math.max(2, Math.round(2 * shape.dots));
    const half = pen.lineWidth / 2;
    pen.strokeStyle = style.getPropertyValue(colour);
    pen.strokeRect(x + half, y + half, shape.w - 2 * half, shape.h - 2 * half);
  };
  const draw = () => {
    if (!frame.clientWidth || !image.complete) return;
    canvas.kept.shape = shape = layout();
    canvas.width = shape.columns * (shape.w + shape.g) - shape.g;
    canvas.height = shape.rows * (shape.h + shape.g) - shape.g;
    canvas.style.width = canvas.width / shape.dots + "px";
    canvas.style.height = canvas.height / shape.dots + "px";
    for (let index = 0; index < count; index++) paint(index);
    canvas.kept.drawn = drawing();
  };
  // All that a drawing depends on, but for the tile the pointer is over.
  const drawing = () => JSON.stringify([frame.clientWidth, window.devicePixelRatio, wanted, atMost, at, marks,
                                        style.getPropertyValue("--st-primary-color")]);
  const walkTo = (index) => {
    const from = hover;
    canvas.kept.hover = hover = index;
    paint(from); paint(index); say(index);
  };
  const choose = (index) => {
    const from = at;
    at = index; paint(from); paint(index); say(at);
    canvas.kept.drawn = drawing();
    setTriggerValue("picked", index);
  };
  const say = (index) => { tip.textContent = labels?.[index >= 0 ? index : at] ?? (labels ? "\\u00a0" : ""); };
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = Math.floor((event.clientX - box.left) * shape.dots / (shape.w + shape.g));
    const y = Math.floor((event.clientY - box.top) * shape.dots / (shape.h + shape.g));
    const index = y * shape.columns + x;
    return x >= 0 && x < shape.columns && index < count ? index : -1;
  };
  canvas.onpointermove = (event) => {
    if (!shape) return;
    const index = under(event);
    if (index !== hover) walkTo(index);
  };
  canvas.onpointerleave = () => walkTo(-1);
  canvas.onclick = (event) => {
    const index = under(event);
    if (choice && index >= 0) choose(index);
  };
  canvas.onkeydown = (event) => {
    if (!shape) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -shape.columns, ArrowDown: shape.columns,
                   Home: -count, End: count }[event.key];
    if (step) {
      const from = hover >= 0 ? hover : Math.max(at, 0);
      walkTo(Math.min(count - 1, Math.max(0, from + step)));
      // Arrow keys also walk layers: not while one walks here.
      event.preventDefault(); event.stopPropagation();
    } else if (choice && (event.key === "Enter" || event.key === " ") && hover >= 0) {
      choose(hover); event.preventDefault(); event.stopPropagation();
    }
  };
  const ready = () => {
    if (canvas.kept.drawn !== drawing()) draw();
    say(hover);
    canvas.dataset.drawn = data.stamp;
  };
  if (kept && image.complete) ready();
  else image.onload = ready;
  if (!kept) image.src = "data:image/png;base64," + data.png;
  const observer = new ResizeObserver(() => { if (canvas.kept.drawn !== drawing()) draw(); });
  observer.observe(frame);
  return () => observer.disconnect();
}
"""

_sprite = components.component("cnnviz_sprite", html=_HTML, css=_CSS, js=_JS)


def sprite(
    mosaic: Mosaic,
    *,
    key: str,
    alt: str,
    tile: int,
    columns: int | None = None,
    labels: Sequence[str] | None = None,
    selected: int | None = None,
    choice: bool = False,
    marks: Sequence[str | None] | None = None,
    choose: Callable[[int], None] | None = None,
) -> int | None:
    """The number of the tile that was just chosen, if one was; draws `mosaic` with tiles about `tile` px wide.

    Tiles are enlarged by whole factors and flow into as many columns as fit, or at most `columns`.
    `labels` say what each shows; `marks` are colours (#rrggbb) of the corners of tiles that stand out.
    `choose` is called with the number of a tile that was chosen, before the page runs again.
    """

    def chosen() -> None:
        picked = st.session_state[key].picked
        if choose is not None and picked is not None and 0 <= int(picked) < mosaic.count:
            choose(int(picked))

    result = _sprite(
        key=key,
        data={
            "png": base64.b64encode(mosaic.png).decode(),
            "tile": [mosaic.tile_width, mosaic.tile_height],
            "columns": mosaic.columns,
            "sheetGap": mosaic.gap,
            "count": mosaic.count,
            "wanted": tile,
            "atMost": columns,
            "labels": list(labels) if labels else None,
            "selected": selected,
            "choice": choice or choose is not None,
            "alt": alt,
            "marks": list(marks) if marks and any(marks) else None,
            "stamp": str(hash(mosaic.png)),
        },
        on_picked_change=chosen,
    )
    picked = result.picked
    return int(picked) if picked is not None and 0 <= int(picked) < mosaic.count else None
