import { find, whenResized } from "./browser/elements.js";
import { chooses, keep, walkCells } from "./browser/keyboard.js";
import { penOf, screenDots } from "./browser/pixels.js";
import { NOTHING, themeOf } from "./browser/theme.js";
import { fitted, inkOn, tableCellAt, tableLayout } from "./matrix_layout.js";

// Names from this size of a cell on, and figures.
const NAMED = 11, FIGURES = 18;

/**
 * Cells are row by row; -1 stands for a whole row or column: its name.
 * @typedef {object} Data
 * @property {string[]} rows
 * @property {string[]} columns
 * @property {(string | null)[]} colours
 * @property {string[]} texts
 * @property {string[]} words
 * @property {string[]} rowWords
 * @property {string[]} columnWords
 * @property {string} rowTitle
 * @property {string} columnTitle
 * @property {Cell | null} selected
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
  const { rows, columns, colours, texts, words, rowWords, columnWords } = data;
  const size = { rows: rows.length, columns: columns.length };
  /** @type {ReturnType<typeof tableLayout> | null} */
  let shape = null;
  /** @type {Cell | null} */
  let selected = data.selected;
  /** @type {Cell | null} */
  let hover = null;
  canvas.setAttribute("aria-label", data.alt);

  const draw = () => {
    if (!frame.clientWidth) return;
    const pen = penOf(canvas), dots = screenDots(), { font } = theme;
    /** @param {string} text */
    const widthOf = (text) => pen.measureText(text).width;
    /** @param {string[]} names */
    const widest = (names) => Math.max(...names.map(widthOf));
    /** @type {(x: number, y: number, align: CanvasTextAlign, text: string) => void} */
    const upwards = (x, y, align, text) => {
      pen.save(); pen.translate(x, y); pen.rotate(-Math.PI / 2);
      pen.textAlign = align; pen.fillText(text, 0, 0); pen.restore();
    };
    pen.font = `12px ${font}`;
    shape = tableLayout(frame.clientWidth, size.columns, { row: widest(rows), column: widest(columns) });
    const { left, top, cell } = shape;
    const width = left + size.columns * cell + 2, height = top + size.rows * cell + 2;
    canvas.width = Math.round(width * dots); canvas.height = Math.round(height * dots);
    canvas.style.width = width + "px"; canvas.style.height = height + "px";
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.textBaseline = "middle";
    pen.fillStyle = theme.text;
    pen.font = `600 12px ${font}`;
    pen.textAlign = "left";
    pen.fillText(data.columnTitle, left, 8);
    upwards(8, top, "right", data.rowTitle);
    if (cell >= NAMED) {
      pen.font = `12px ${font}`;
      pen.textAlign = "right";
      rows.forEach((name, row) =>
        pen.fillText(fitted(name, left - 24, widthOf), left - 6, top + (row + 0.5) * cell));
      columns.forEach((name, column) =>
        upwards(left + (column + 0.5) * cell, top - 6, "left", fitted(name, top - 24, widthOf)));
    }
    pen.textAlign = "center";
    const { text, border, quiet } = theme, small = `${Math.min(12, cell * 0.4)}px ${font}`, side = cell - +(cell > 8);
    colours.forEach((colour, index) => {
      const row = Math.floor(index / size.columns), column = index % size.columns, figure = texts[index];
      const x = left + column * cell, y = top + row * cell;
      pen.fillStyle = colour ?? (row === column ? border : quiet);
      pen.fillRect(x, y, side, side);
      if (cell < FIGURES || !figure) return;
      pen.font = small;
      pen.fillStyle = colour ? inkOn(colour) : text;
      pen.fillText(fitted(figure, cell + 2, widthOf), x + cell / 2, y + cell / 2);
    });
    /** @type {(place: Cell | null, colour: string) => void} */
    const mark = (place, colour) => {
      if (!place || (place[0] < 0 && place[1] < 0)) return;
      const [row, column] = place;
      const x = left + Math.max(column, 0) * cell, y = top + Math.max(row, 0) * cell;
      const w = column < 0 ? size.columns * cell : cell, h = row < 0 ? size.rows * cell : cell;
      pen.lineWidth = 2; pen.strokeStyle = colour;
      pen.strokeRect(x - 1, y - 1, w + 1, h + 1);
    };
    mark(hover, text);
    mark(selected, theme.primary);
    canvas.dataset.drawn = data.stamp;
    canvas.dataset.shape = JSON.stringify(shape);
  };
  const say = () => {
    const [row, column] = hover ?? selected ?? [-1, -1];
    const line = row < 0 ? columnWords[column] : column < 0 ? rowWords[row] : words[row * size.columns + column];
    tip.textContent = line ?? NOTHING;
  };
  /** @param {Cell | null} place */
  const walkTo = (place) => { hover = place; say(); draw(); };
  /** @param {Cell} place */
  const choose = (place) => {
    selected = place;
    say(); draw();
    setTriggerValue("picked", { of: data.stamp, value: place });
  };
  /** @param {MouseEvent} event */
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    return shape && tableCellAt({ ...shape, ...size }, event.clientX - box.left, event.clientY - box.top);
  };
  canvas.onpointermove = (event) => {
    const place = under(event);
    if (String(place) !== String(hover)) walkTo(place);
  };
  canvas.onpointerleave = () => walkTo(null);
  canvas.onclick = (event) => {
    const place = under(event);
    if (place) choose(place);
  };
  canvas.onkeydown = (event) => {
    const from = hover ?? selected ?? /** @type {Cell} */ ([0, -1]);
    const to = walkCells(event.key, from, { ...size, first: -1 });
    if (to) walkTo(to[0] < 0 && to[1] < 0 ? hover : to);
    else if (chooses(event.key) && hover) choose(hover);
    else return;
    keep(event);
  };
  draw();
  say();
  return whenResized(frame, draw);
}
