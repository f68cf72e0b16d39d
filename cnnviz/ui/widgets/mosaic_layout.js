// Where the tiles of a mosaic stand. No browser draws a canvas that is taller.
const TALLEST = 16384;

/**
 * Sizes in screen pixels: of a tile, of the gap between two, and how many screen pixels a CSS pixel of the canvas has.
 * @typedef {object} Layout
 * @property {number} w
 * @property {number} h
 * @property {number} g
 * @property {number} columns
 * @property {number} rows
 * @property {number} dots
 */

/**
 * How tiles of `tile` pixels are enlarged, by a whole factor, to be about `wanted` CSS pixels wide, and flow into
 * `width` CSS pixels, in at most `atMost` columns.
 * @param {{ tile: readonly [number, number], count: number, wanted: number, atMost: number | null }} mosaic
 * @param {number} width
 * @param {number} dots
 * @returns {Layout}
 */
export function layout({ tile, count, wanted, atMost }, width, dots) {
  const g = Math.max(1, Math.round((wanted > 24 ? 2 : 1) * dots));
  const across = atMost ?? 1;
  let zoom = Math.max(1, Math.round(wanted * dots / tile[0]));
  while (zoom > 1 && (tile[0] * zoom * across + g * (across - 1)) / dots > width) zoom--;
  for (;; zoom--) {
    const w = tile[0] * zoom, h = tile[1] * zoom;
    const shrink = Math.max(1, w / dots / width);
    const most = Math.max(1, Math.min(count, atMost ?? count, Math.floor((width * dots * shrink + g) / (w + g))));
    const columns = evenly(count, most);
    const rows = Math.ceil(count / columns);
    if (zoom === 1 || rows * (h + g) <= TALLEST) return { w, h, g, columns, rows, dots: dots * shrink };
  }
}

/**
 * `most` columns, or a few fewer, if that leaves fewer places empty in the last row.
 * @param {number} count
 * @param {number} most
 */
export function evenly(count, most) {
  /** @param {number} columns */
  const empty = (columns) => (columns - count % columns) % columns;
  let best = most;
  for (let fewer = most; fewer >= Math.ceil(most * 0.7); fewer--) if (empty(fewer) < empty(best)) best = fewer;
  return best;
}

/**
 * The whole canvas, in screen pixels.
 * @param {Layout} layout
 * @returns {[width: number, height: number]}
 */
export const extent = ({ w, h, g, columns, rows }) => [columns * (w + g) - g, rows * (h + g) - g];

/**
 * Left and top of a tile, in screen pixels.
 * @param {Layout} layout
 * @param {number} index
 * @returns {[left: number, top: number]}
 */
export const corner = ({ w, h, g, columns }, index) =>
  [(index % columns) * (w + g), Math.floor(index / columns) * (h + g)];

/**
 * The tile under a point of the canvas, in CSS pixels; -1 if there is none.
 * @param {Layout} layout
 * @param {number} count
 * @param {number} x
 * @param {number} y
 */
export function tileAt({ w, h, g, columns, dots }, count, x, y) {
  const column = Math.floor(x * dots / (w + g)), row = Math.floor(y * dots / (h + g));
  const index = row * columns + column;
  return column >= 0 && column < columns && index >= 0 && index < count ? index : -1;
}
