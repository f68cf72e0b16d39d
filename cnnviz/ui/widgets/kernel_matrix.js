import { find, whenResized } from "./browser/elements.js";
import { chooses, keep, leap, walkCells } from "./browser/keyboard.js";
import { decode, enlarge, penOf, resize, screenDots } from "./browser/pixels.js";
import { NOTHING, themeOf } from "./browser/theme.js";
import { about, kernelAt, kernelLayout } from "./matrix_layout.js";

/**
 * @typedef {object} Data
 * @property {string} png a pixel a kernel
 * @property {number} rows
 * @property {number} columns
 * @property {number[]} names
 * @property {number[] | null} inputs
 * @property {string[]} notes
 * @property {(string | null)[] | null} marks
 * @property {number[]} lows of each row, or of all
 * @property {number[]} highs
 * @property {number[]} levels the colours of the scale, 0xrrggbb
 * @property {string} what
 * @property {number | null} selected
 * @property {string} alt
 * @property {string} stamp
 */
/** @typedef {import("./browser/keyboard.js").Cell} Cell */

/** @param {import("./browser/elements.js").Arguments<Data>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = find(parentElement, "canvas", HTMLCanvasElement);
  const tip = find(parentElement, ".tip", HTMLElement);
  const frame = find(parentElement, ".frame", HTMLElement);
  const theme = themeOf(frame);
  const { rows, columns, names, inputs, notes, lows, highs, levels } = data;
  const levelOf = new Map(levels.map((colour, level) => [colour, level]));
  /** @type {ReturnType<typeof kernelLayout> | null} */
  let shape = null;
  /** @type {Uint8ClampedArray | null} */
  let pixels = null;
  let selected = data.selected ?? -1;
  /** @type {Cell | null} */
  let hover = null;
  canvas.setAttribute("aria-label", data.alt);

  const draw = () => {
    if (!frame.clientWidth || !image.complete || !image.naturalWidth) return;
    shape = kernelLayout(data, frame.clientWidth, screenDots());
    const { dots, margin, zoom } = shape, pen = penOf(canvas);
    resize(canvas, margin + columns * zoom, rows * zoom, dots);
    enlarge(pen, image, [0, 0, columns, rows], [margin, 0, columns * zoom, rows * zoom]);
    data.marks?.forEach((colour, row) => {
      if (!colour) return;
      pen.fillStyle = colour;
      pen.fillRect(0, row * zoom, margin * 0.6, Math.max(zoom, 2 * dots));
    });
    const line = Math.max(2, Math.round(2 * dots));
    /** @type {(row: number, colour: string) => void} */
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
    if (hover) mark(hover[0], theme.text);
    mark(selected, theme.primary);
  };
  const read = () => {
    const sheet = document.createElement("canvas");
    sheet.width = columns; sheet.height = rows;
    const pen = penOf(sheet, { willReadFrequently: true });
    pen.drawImage(image, 0, 0);
    return pen.getImageData(0, 0, columns, rows).data;
  };
  /** @param {Cell} cell */
  const value = ([row, column]) => {
    pixels ??= read();
    const [red = 0, green = 0, blue = 0] = pixels.subarray(4 * (row * columns + column));
    const level = levelOf.get((red << 16) | (green << 8) | blue);
    const low = lows[row] ?? lows[0] ?? 0, high = highs[row] ?? highs[0] ?? 0;
    return level === undefined ? "not finite" : about(level, levels.length, low, high);
  };
  const say = () => {
    const row = hover ? hover[0] : selected;
    if (row < 0) { tip.textContent = NOTHING; return; }
    const note = notes[row] ? ` (${notes[row]})` : "";
    const cell = hover ? `, input channel ${(inputs?.[row] ?? 0) + hover[1]}: ${data.what} ${value(hover)}` : "";
    tip.textContent = `filter ${names[row]}${note}${cell}`;
  };
  /** @param {Cell | null} place */
  const walkTo = (place) => { hover = place; say(); draw(); };
  /** @param {number} row */
  const choose = (row) => { selected = row; say(); draw(); setTriggerValue("picked", { of: data.stamp, value: row }); };
  /** @param {MouseEvent} event */
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    return shape && kernelAt({ ...shape, rows, columns }, event.clientX - box.left, event.clientY - box.top);
  };
  canvas.onpointermove = (event) => { if (shape) walkTo(under(event)); };
  canvas.onpointerleave = () => walkTo(null);
  canvas.onclick = (event) => {
    const place = under(event);
    if (place) choose(place[0]);
  };
  canvas.onkeydown = (event) => {
    if (!shape) return;
    const from = hover ?? /** @type {Cell} */ ([Math.max(selected, 0), 0]);
    const row = leap(event.key, from[0], rows);
    const to = row === null ? walkCells(event.key, from, { rows, columns }) : /** @type {Cell} */ ([row, from[1]]);
    if (to) walkTo(to);
    else if (chooses(event.key) && hover) choose(hover[0]);
    else return;
    keep(event);
  };
  const image = decode(data.png, () => { draw(); say(); canvas.dataset.drawn = data.stamp; });
  return whenResized(frame, draw);
}
