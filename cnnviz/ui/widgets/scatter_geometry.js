// Where the points of a map stand, in CSS pixels, and which one is meant.
const TALLEST = 620, PAD = 10;

/** The room at the left and below, for the names of the axes. */
export const LEFT = 22, BELOW = 22;

/** @typedef {[x: number, y: number]} Point */
/** @typedef {[x0: number, x1: number, y0: number, y1: number]} Box in the map's own coordinates, sides in any order */
/**
 * @typedef {object} Shape
 * @property {number} side of the canvas
 * @property {number} w of the map
 * @property {number} h
 * @property {number} factor pixels to a unit of the map, the same both ways
 * @property {Point} middle of the points
 */

/**
 * @param {number[]} values
 * @returns {[low: number, high: number]}
 */
function span(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) { if (value < low) low = value; if (value > high) high = value; }
  return [low, high];
}

/**
 * Both axes have one scale: a map that is stretched has other neighbours.
 * @param {number[]} xs
 * @param {number[]} ys
 * @param {number} width
 * @returns {Shape}
 */
export function layout(xs, ys, width) {
  const side = Math.min(width, TALLEST), w = side - LEFT - 1, h = side - BELOW - 1;
  const [left, right] = span(xs), [low, high] = span(ys);
  const factor = Math.min((w - 2 * PAD) / (right - left || 1), (h - 2 * PAD) / (high - low || 1));
  return { side, w, h, factor, middle: [(left + right) / 2, (low + high) / 2] };
}

/** @type {(shape: Shape, x: number) => number} */
export const across = ({ w, factor, middle }, x) => LEFT + w / 2 + (x - middle[0]) * factor;
/** @type {(shape: Shape, y: number) => number} */
export const down = ({ h, factor, middle }, y) => h / 2 - (y - middle[1]) * factor;
/** @type {(shape: Shape, px: number) => number} */
export const xOf = ({ w, factor, middle }, px) => (px - LEFT - w / 2) / factor + middle[0];
/** @type {(shape: Shape, py: number) => number} */
export const yOf = ({ h, factor, middle }, py) => (h / 2 - py) / factor + middle[1];

/**
 * The radius of a mark: of many points, a smaller one.
 * @param {Shape} shape
 * @param {number} count
 */
export const radius = ({ side }, count) =>
  Math.max(2, Math.min(4.5, (side / TALLEST) * (count > 4000 ? 2.4 : count > 1000 ? 3.2 : 4)));

/**
 * @param {Box} box
 * @param {Point} point
 */
export const within = ([x0, x1, y0, y1], [x, y]) => x >= x0 && x <= x1 && y >= y0 && y <= y1;

/**
 * The nearest of the points (in pixels) that are `seen`, less than `most` away; -1 if there is none.
 * @param {Point[]} points
 * @param {Point} from
 * @param {number} most
 * @param {(index: number) => boolean} seen
 */
export function nearest(points, [x, y], most, seen) {
  let best = -1, least = most * most;
  points.forEach(([px, py], index) => {
    const far = (px - x) ** 2 + (py - y) ** 2;
    if (far < least && seen(index)) { least = far; best = index; }
  });
  return best;
}

/**
 * The next of the points (in pixels) from one of them in a direction, within 45° of it; itself if there is none.
 * @param {Point[]} points
 * @param {number} from
 * @param {Point} direction right and down
 * @param {(index: number) => boolean} seen
 */
export function neighbour(points, from, [dx, dy], seen) {
  const start = points[from];
  let best = from, least = Infinity;
  points.forEach(([x, y], index) => {
    if (index === from || !start || !seen(index)) return;
    const ex = x - start[0], ey = y - start[1];
    const along = ex * dx + ey * dy, aside = Math.abs(ex * dy - ey * dx);
    if (along <= 0.01 || aside > along) return;
    if (along + aside < least) { least = along + aside; best = index; }
  });
  return best;
}

/**
 * The box with two points at its corners, and a little more, so that both are in it.
 * @param {Point} one
 * @param {Point} other
 * @param {number} more
 * @returns {Box}
 */
export const spanned = ([ax, ay], [bx, by], more) =>
  [Math.min(ax, bx) - more, Math.max(ax, bx) + more, Math.min(ay, by) - more, Math.max(ay, by) + more];

/**
 * Left and top of a card beside a point: to its right or left, and where it fits on neither side, above or below, so
 * that the point stays in sight.
 * @param {Point} point
 * @param {{ width: number, height: number }} card
 * @param {{ width: number, height: number }} room
 * @param {number} gap
 * @returns {Point}
 */
export function cardPlace([x, y], card, room, gap) {
  const fitsRight = x + gap + card.width <= room.width, fitsLeft = x - gap - card.width >= 0;
  const left = fitsRight ? x + gap : Math.max(0, x - gap - card.width);
  if (fitsRight || fitsLeft) {
    return [left, Math.min(Math.max(0, y - card.height / 2), Math.max(0, room.height - card.height))];
  }
  return [left, y - gap - card.height >= 0 ? y - gap - card.height : y + gap];
}
