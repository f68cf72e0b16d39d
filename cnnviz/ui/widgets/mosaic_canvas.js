import { find, whenResized } from "./browser/elements.js";
import { chooses, keep, walk } from "./browser/keyboard.js";
import { decode, enlarge, penOf, resize, screenDots } from "./browser/pixels.js";
import { NOTHING, themeOf } from "./browser/theme.js";
import { corner, extent, layout, tileAt } from "./mosaic_layout.js";

/**
 * @typedef {object} Data
 * @property {string} png
 * @property {[number, number]} tile width and height in the PNG
 * @property {number} columns in the PNG
 * @property {number} sheetGap between tiles of the PNG
 * @property {number} count
 * @property {number} wanted about how wide a tile is on the page
 * @property {number | null} atMost so many columns on the page
 * @property {string[] | null} labels
 * @property {number | null} selected
 * @property {boolean} choice
 * @property {string} alt
 * @property {(string | null)[] | null} marks
 * @property {string} stamp
 */

/**
 * What was drawn last stays while the picture does: a page that runs again changes little else.
 * @typedef {object} Drawing
 * @property {string} stamp
 * @property {HTMLImageElement} image
 * @property {import("./mosaic_layout.js").Layout | null} shape
 * @property {number} hover
 * @property {string | null} drawn all that it depends on, but for the tile the pointer is over
 */

/** @type {WeakMap<HTMLCanvasElement, Drawing>} */
const drawings = new WeakMap();

/** @param {import("./browser/elements.js").Arguments<Data>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = find(parentElement, "canvas", HTMLCanvasElement);
  const tip = find(parentElement, ".tip", HTMLElement);
  const frame = find(parentElement, ".frame", HTMLElement);
  const theme = themeOf(frame);
  const { tile, columns: sheetColumns, sheetGap, count, labels, choice, marks } = data;
  const last = drawings.get(canvas);
  const same = last?.stamp === data.stamp;
  /** @type {Drawing} */
  const drawing = same ? last : { stamp: data.stamp, image: new Image(), shape: null, hover: -1, drawn: null };
  drawings.set(canvas, drawing);
  let selected = data.selected ?? -1;
  if (!same) delete canvas.dataset.drawn;
  canvas.classList.toggle("choice", choice);
  canvas.setAttribute("aria-label", data.alt);

  /** @param {number} index */
  const paint = (index) => {
    const { shape, image, hover } = drawing;
    if (!shape || index < 0 || index >= count) return;
    const pen = penOf(canvas), [x, y] = corner(shape, index);
    pen.clearRect(x, y, shape.w, shape.h);
    enlarge(pen, image, [(index % sheetColumns) * (tile[0] + sheetGap),
      Math.floor(index / sheetColumns) * (tile[1] + sheetGap), ...tile], [x, y, shape.w, shape.h]);
    const mark = marks?.[index];
    if (mark) {
      const side = Math.max(4, Math.round(shape.w / 4));
      pen.fillStyle = mark;
      pen.beginPath(); pen.moveTo(x, y); pen.lineTo(x + side, y); pen.lineTo(x, y + side); pen.fill();
      pen.strokeStyle = "#fff"; pen.lineWidth = Math.max(1, Math.round(shape.dots));
      pen.beginPath(); pen.moveTo(x + side, y); pen.lineTo(x, y + side); pen.stroke();
    }
    if (index !== selected && index !== hover) return;
    pen.lineWidth = Math.max(2, Math.round(2 * shape.dots));
    const half = pen.lineWidth / 2;
    pen.strokeStyle = index === selected ? theme.primary : theme.text;
    pen.strokeRect(x + half, y + half, shape.w - 2 * half, shape.h - 2 * half);
  };
  const state = () =>
    JSON.stringify([frame.clientWidth, screenDots(), data.wanted, data.atMost, selected, marks, theme.primary]);
  const draw = () => {
    if (drawing.drawn === state() || !frame.clientWidth || !drawing.image.complete) return;
    const shape = drawing.shape = layout(data, frame.clientWidth, screenDots());
    resize(canvas, ...extent(shape), shape.dots);
    for (let index = 0; index < count; index++) paint(index);
    drawing.drawn = state();
  };
  /** @param {number} index */
  const say = (index) => {
    tip.textContent = labels?.[index >= 0 ? index : selected] ?? (labels ? NOTHING : "");
  };
  /** @param {number} index */
  const walkTo = (index) => {
    const from = drawing.hover;
    drawing.hover = index;
    paint(from); paint(index); say(index);
  };
  /** @param {number} index */
  const choose = (index) => {
    const from = selected;
    selected = index;
    paint(from); paint(index); say(selected);
    drawing.drawn = state();
    setTriggerValue("picked", { of: data.stamp, value: index });
  };
  /** @param {MouseEvent} event */
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    return drawing.shape ? tileAt(drawing.shape, count, event.clientX - box.left, event.clientY - box.top) : -1;
  };
  canvas.onpointermove = (event) => {
    const index = under(event);
    if (index !== drawing.hover) walkTo(index);
  };
  canvas.onpointerleave = () => walkTo(-1);
  canvas.onclick = (event) => {
    const index = under(event);
    if (choice && index >= 0) choose(index);
  };
  canvas.onkeydown = (event) => {
    if (!drawing.shape) return;
    const { hover } = drawing;
    const to = walk(event.key, hover >= 0 ? hover : Math.max(selected, 0), count, drawing.shape.columns);
    if (to !== null) walkTo(to);
    else if (choice && chooses(event.key) && hover >= 0) choose(hover);
    else return;
    keep(event);
  };
  const ready = () => {
    draw();
    say(drawing.hover);
    canvas.dataset.drawn = data.stamp;
  };
  if (!same) decode(data.png, ready, drawing.image);
  else if (drawing.image.complete) ready();
  else drawing.image.onload = ready;
  return whenResized(frame, draw);
}
