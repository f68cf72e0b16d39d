// Height at which the row of pictures begins, below the arcs.
const BASE = 24;

/**
 * An arc of that height above the row, as the d of an SVG path.
 * @param {number} from
 * @param {number} to
 * @param {number} height
 */
export const arc = (from, to, height) =>
  `M${from} ${BASE} C${from} ${BASE - height} ${to} ${BASE - height} ${to} ${BASE}`;

/**
 * How far a row is to be scrolled: so that a picture that is not wholly in sight is in the middle.
 * @param {{ scrollLeft: number, clientWidth: number }} row
 * @param {{ left: number, width: number }} picture
 */
export function scrolled({ scrollLeft, clientWidth }, { left, width }) {
  const inSight = left >= scrollLeft && left + width <= scrollLeft + clientWidth;
  return inSight ? scrollLeft : left - clientWidth / 2 + width / 2;
}

/**
 * The picture that Tab leads to: the selected one, or the first that can be chosen.
 * @param {{ key: string | null }[]} stops
 * @param {number} selected -1 if none is
 */
export const tabStop = (stops, selected) => (selected >= 0 ? selected : stops.findIndex((stop) => stop.key !== null));
