/** @typedef {[row: number, column: number]} Cell */

/** @type {Map<string, Cell>} */
const ARROWS = new Map([["ArrowLeft", [0, -1]], ["ArrowRight", [0, 1]], ["ArrowUp", [-1, 0]], ["ArrowDown", [1, 0]]]);
const PAGE = 10;

/**
 * Where an arrow key leads: rows and columns; null for another key.
 * @param {string} key
 */
export const direction = (key) => ARROWS.get(key) ?? null;

/**
 * Whether a key chooses what one has walked to.
 * @param {string} key
 */
export const chooses = (key) => key === "Enter" || key === " ";

/**
 * Where a key leads among `count` tiles of which `columns` stand in a row, or, without `columns`, in one row without
 * end; null for a key that does not walk.
 * @param {string} key
 * @param {number} from
 * @param {number} count
 * @param {number} [columns]
 */
export function walk(key, from, count, columns) {
  const [down, right] = direction(key) ?? [0, 0];
  const step = key === "Home" ? -count : key === "End" ? count : right + down * (columns ?? 0);
  return step ? Math.min(count - 1, Math.max(0, from + step)) : null;
}

/**
 * Where a key leads among `rows` × `columns` cells, the first of which are numbered `first`; null for a key that does
 * not walk.
 * @param {string} key
 * @param {Cell} from
 * @param {{ rows: number, columns: number, first?: number }} shape
 * @returns {Cell | null}
 */
export function walkCells(key, [row, column], { rows, columns, first = 0 }) {
  const step = direction(key);
  if (!step) return null;
  return [
    Math.min(rows - 1, Math.max(first, row + step[0])),
    Math.min(columns - 1, Math.max(first, column + step[1])),
  ];
}

/**
 * Where a key that leaps leads among `rows` rows; null for another key.
 * @param {string} key
 * @param {number} row
 * @param {number} rows
 */
export function leap(key, row, rows) {
  const step = new Map([["PageUp", -PAGE], ["PageDown", PAGE], ["Home", -rows], ["End", rows]]).get(key);
  return step === undefined ? null : Math.min(rows - 1, Math.max(0, row + step));
}

/**
 * Keep a key that was used here from walking layers as well.
 * @param {KeyboardEvent} event
 */
export function keep(event) {
  event.preventDefault();
  event.stopPropagation();
}
