"""A row of small pictures joined by arcs: scrolled sideways, walked with arrow keys, chosen with a click or Enter."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st
import streamlit.components.v2 as components

from cnnviz.render.thumbnails import Thumbnails

_HTML = """
<div class="frame">
  <div class="scroll"><div class="row" role="listbox" aria-orientation="horizontal"></div></div>
  <div class="tip" aria-live="polite"></div>
</div>
"""
_CSS = """
.frame { width: 100%; font-family: var(--st-font); color: var(--st-text-color); }
.scroll { overflow-x: auto; scrollbar-width: thin; }
.row { position: relative; display: flex; width: max-content; padding-top: 22px; }
svg { position: absolute; top: 0; left: 0; pointer-events: none; overflow: visible; }
path { fill: none; stroke: var(--st-text-color); stroke-opacity: 0.45; stroke-width: 1.5; }
button { all: unset; box-sizing: border-box; width: 68px; padding: 4px 2px 5px; display: flex; flex-direction: column;
         align-items: center; cursor: pointer; font-size: 0.7rem; line-height: 1.05rem; text-align: center;
         border-radius: 4px; }
button.inside { background: var(--st-secondary-background-color); border-radius: 0; }
button:hover { background: color-mix(in srgb, var(--st-text-color) 8%, transparent); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }
button[aria-selected="true"] canvas { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
button[aria-selected="true"] .name { color: var(--st-primary-color); font-weight: 600; }
button:disabled { cursor: default; }
.picture { height: 52px; display: flex; align-items: center; }
canvas { image-rendering: pixelated; display: block; }
.name { width: 100%; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; direction: rtl; }
.size, .sign { opacity: 0.7; font-size: 0.65rem; white-space: nowrap; }
.tip { font-size: 0.8rem; line-height: 1.3rem; min-height: 1.3rem; opacity: 0.75; white-space: nowrap; overflow: hidden;
       text-overflow: ellipsis; }
"""
_JS = """
const SIDE = 48;
export default function ({ data, parentElement, setTriggerValue }) {
  const row = parentElement.querySelector(".row");
  const scroll = parentElement.querySelector(".scroll");
  const tip = parentElement.querySelector(".tip");
  const focused = row.contains(parentElement.getRootNode().activeElement);
  const { stops, boxes, selected, alt } = data;
  row.replaceChildren();
  row.setAttribute("aria-label", alt);
  const say = (index) => { tip.textContent = stops[index]?.words ?? "\\u00a0"; };
  const at = stops.findIndex((stop) => stop.key === selected);
  const make = (name, parent, text) => {
    const made = document.createElement(name);
    made.className = text === undefined ? "" : text[0];
    if (text !== undefined) made.textContent = text[1];
    parent.append(made);
    return made;
  };
  const nodes = stops.map((stop, index) => {
    const node = make("button", row);
    node.setAttribute("role", "option");
    node.setAttribute("aria-selected", String(index === at));
    node.setAttribute("aria-label", stop.words);
    node.classList.toggle("inside", stop.inside);
    node.tabIndex = index === Math.max(at, 0) ? 0 : -1;
    node.disabled = stop.key === null;
    make("canvas", make("span", node, ["picture", ""]));
    make("span", node, ["name", stop.name]);
    make("span", node, ["size", stop.size]);
    make("span", node, ["sign", stop.sign || "\\u00a0"]);
    node.onpointerenter = () => say(index);
    node.onfocus = () => say(index);
    node.onpointerleave = () => say(at);
    node.onclick = () => { if (stop.key !== null) setTriggerValue("picked", stop.key); };
    return node;
  });
  row.onkeydown = (event) => {
    const from = nodes.indexOf(parentElement.getRootNode().activeElement);
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -nodes.length, End: nodes.length }[event.key];
    if (!step || from < 0) return;
    let to = Math.min(nodes.length - 1, Math.max(0, from + step));
    if (nodes[to].disabled) to = from;
    nodes[to].focus();
    // Arrow keys also walk layers: not while one walks here.
    event.preventDefault(); event.stopPropagation();
  };
  const arcs = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  row.append(arcs);
  const middle = (index) => nodes[index].offsetLeft + nodes[index].offsetWidth / 2;
  stops.forEach((stop, index) => {
    const draw = (from, to, height) => {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", `M${from} 24 C${from} ${24 - height} ${to} ${24 - height} ${to} 24`);
      arcs.append(path);
    };
    for (const jump of stop.jumps) draw(middle(jump), middle(index), 26);
    if (stop.branches) draw(middle(index) - 22, middle(index) + 22, 16);
  });
  const image = new Image();
  image.onload = () => {
    const dots = window.devicePixelRatio || 1;
    nodes.forEach((node, index) => {
      const [left, width, height] = boxes[index];
      const canvas = node.querySelector("canvas");
      // Whole screen pixels per value.
      const zoom = Math.max(1, Math.floor(SIDE * dots / Math.max(width, height)));
      canvas.width = width * zoom;
      canvas.height = height * zoom;
      canvas.style.width = canvas.width / dots + "px";
      canvas.style.height = canvas.height / dots + "px";
      const pen = canvas.getContext("2d");
      pen.imageSmoothingEnabled = false;
      pen.drawImage(image, left, 0, width, height, 0, 0, canvas.width, canvas.height);
    });
    row.dataset.drawn = data.stamp;
  };
  image.src = "data:image/png;base64," + data.png;
  say(at);
  if (at >= 0) {
    const node = nodes[at];
    const hidden = node.offsetLeft < scroll.scrollLeft
      || node.offsetLeft + node.offsetWidth > scroll.scrollLeft + scroll.clientWidth;
    if (hidden) scroll.scrollLeft = node.offsetLeft - scroll.clientWidth / 2 + node.offsetWidth / 2;
    if (focused) node.focus({ preventScroll: true });
  }
}
"""

_strip = components.component("cnnviz_strip", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True)
class Stop:
    """One of the pictures."""

    key: str | None
    """What choosing it gives; None where it can't be chosen."""
    name: str
    size: str
    words: str
    """All there is to say about it, on hover and for screen readers."""
    sign: str = ""
    """A warning in a word or two."""
    inside: bool = False
    """Part of what was opened."""
    branches: bool = False
    """Drawn with a small arc of its own."""
    jumps: tuple[int, ...] = ()
    """Earlier pictures that an arc leads from."""


def strip(
    stops: Sequence[Stop],
    pictures: Thumbnails,
    *,
    key: str,
    alt: str,
    selected: str,
    choose: Callable[[str], None],
) -> None:
    """Draw a picture for each stop. `choose` is called with the key of one that was chosen, before the page runs."""

    def chosen() -> None:
        if (picked := st.session_state[key].picked) is not None:
            choose(str(picked))

    _strip(
        key=key,
        data={
            "png": base64.b64encode(pictures.png).decode(),
            "boxes": pictures.boxes,
            "stops": [asdict(stop) for stop in stops],
            "selected": selected,
            "alt": alt,
            "stamp": str(hash((pictures.png, selected))),
        },
        on_picked_change=chosen,
    )
