// Where the cells of a matrix stand, and what fits into one.
import { wholeFactor } from "./browser/pixels.js";

const MOST = 46, LEAST = 5, NAMES = 120;
const MARGIN = 10, WIDEST = 560, KERNEL = 16;

/** @typedef {import("./browser/keyboard.js").Cell} Cell */

/**
 * Of a matrix with names at its sides, in CSS pixels: the room for names, and the side of a cell.
 * @param {number} width
 * @param {number} columns
 * @param {{ row: number, column: number }} widest name of each
 */
export function tableLayout(width, columns, widest) {
  const most = Math.min(NAMES, width * 0.3);
  const left = 18 + Math.min(most, widest.row + 8), top = 18 + Math.min(most, widest.column + 8);
  const cell = Math.max(LEAST, Math.min(MOST, Math.floor((width - left - 2) / columns)));
  return { left, top, cell };
}

/**
 * The cell under a point of the canvas, in CSS pixels; -1 stands for a whole row or column, null for no cell.
 * @param {{ left: number, top: number, cell: number, rows: number, columns: number }} table
 * @param {number} x
 * @param {number} y
 * @returns {Cell | null}
 */
export function tableCellAt({ left, top, cell, rows, columns }, x, y) {
  const column = Math.floor((x - left) / cell), row = Math.floor((y - top) / cell);
  if (row >= rows || column >= columns || (row < 0 && column < 0)) return null;
  return [Math.max(row, -1), Math.max(column, -1)];
}

/**
 * `text`, cut to `width`.
 * @param {string} text
 * @param {number} width
 * @param {(text: string) => number} widthOf
 */
export function fitted(text, width, widthOf) {
  if (widthOf(text) <= width) return text;
  let short = text;
  while (short && widthOf(short + "…") > width) short = short.slice(0, -1);
  return short + "…";
}

/**
 * Black or white, whichever is read better on a colour (#rrggbb).
 * @param {string} colour
 */
export function inkOn(colour) {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#101317" : "#ffffff";
}

/**
 * Of a matrix with a pixel a kernel: the margin for marks in screen pixels, and by how much a kernel is enlarged.
 * @param {{ rows: number, columns: number }} matrix
 * @param {number} width
 * @param {number} dots
 */
export function kernelLayout({ rows, columns }, width, dots) {
  const margin = Math.round(MARGIN * dots);
  const across = (Math.min(width, WIDEST + MARGIN) * dots - margin) / columns;
  return { dots, margin, zoom: wholeFactor(1, Math.min(across, WIDEST * dots / rows, KERNEL * dots)) };
}

/**
 * The kernel under a point of the canvas, in CSS pixels; in the margin, the first of its row.
 * @param {{ dots: number, margin: number, zoom: number, rows: number, columns: number }} matrix
 * @param {number} x
 * @param {number} y
 * @returns {Cell | null}
 */
export function kernelAt({ dots, margin, zoom, rows, columns }, x, y) {
  const column = Math.floor((x * dots - margin) / zoom), row = Math.floor(y * dots / zoom);
  return row >= 0 && row < rows && column < columns ? [row, Math.max(0, column)] : null;
}

/**
 * What a level of a scale from `low` to `high` stands for, in two digits.
 * @param {number} level
 * @param {number} levels
 * @param {number} low
 * @param {number} high
 */
export function about(level, levels, low, high) {
  const value = low + (high - low) * level / (levels - 1);
  const digits = Math.abs(value) < (high - low) / (4 * levels) ? "0" : value.toPrecision(2);
  return "about " + digits.replace("-", "\u2212");
}
