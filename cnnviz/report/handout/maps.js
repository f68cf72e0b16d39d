/**
 * How a layer's maps lie beside each other, and which colour a value has.
 * @typedef {{channels: number, height: number, width: number, columns: number, rows: number, factor: number}} Layout
 * @typedef {{low: number, high: number, signed: boolean}} Scale
 */

/** Colours between the ends of a scale; odd, so that zero has one of its own. */
const LEVELS = 253;
const GAP = 1;
const LARGE = 32;

/**
 * Maps as squares of about 32 pixels, as many in a row as fit; units of a linear layer as squares of 12.
 * @param {number[]} shape (1, C, H, W) or (1, units)
 * @param {number} room pixels across
 * @returns {Layout}
 */
export function layout(shape, room) {
  const [, channels, height = 1, width = 1] = shape;
  const factor = height * width === 1 ? 12 : Math.max(1, Math.round(LARGE / Math.max(height, width)));
  const columns = Math.max(1, Math.min(channels, Math.floor((room + GAP) / (width * factor + GAP))));
  return { channels, height, width, columns, rows: Math.ceil(channels / columns), factor };
}

/** @param {Layout} of */
export const size = (of) => ({
  width: of.columns * (of.width * of.factor + GAP) - GAP,
  height: of.rows * (of.height * of.factor + GAP) - GAP,
});

/**
 * Left and top of a channel's map.
 * @param {Layout} of
 * @param {number} channel
 */
export const corner = (of, channel) => [
  (channel % of.columns) * (of.width * of.factor + GAP),
  Math.floor(channel / of.columns) * (of.height * of.factor + GAP),
];

/**
 * The channel at a place, or none.
 * @param {Layout} of
 * @param {number} x
 * @param {number} y
 */
export function channelAt(of, x, y) {
  const column = Math.floor(x / (of.width * of.factor + GAP));
  const channel = Math.floor(y / (of.height * of.factor + GAP)) * of.columns + column;
  return column >= 0 && column < of.columns && channel >= 0 && channel < of.channels ? channel : null;
}

/**
 * From the smallest to the largest value; with a negative one, from −m to m, so that zero lies in the middle.
 * @param {Float32Array} values
 * @returns {Scale}
 */
export function scaleOf(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const signed = low < -1e-6 * Math.max(high, -low);
  if (signed) {
    const most = Math.max(high, -low);
    return { low: -most, high: most, signed };
  }
  return { low: low === high ? 0 : Math.max(0, low), high, signed };
}

/**
 * The number of a value's colour.
 * @param {number} value
 * @param {Scale} scale
 */
export function level(value, { low, high, signed }) {
  if (high <= low) return 0;
  const step = ((value - (signed ? 0 : low)) * (LEVELS - 1)) / (high - low) + (signed ? (LEVELS - 1) / 2 : 0);
  return Math.min(LEVELS - 1, Math.max(0, Math.round(step)));
}

/**
 * Maps as pixels RGBA, one a value, in a row of whole maps below each other.
 * @param {Float32Array} values
 * @param {Scale} scale
 * @param {Uint8Array} colours 253 of three bytes
 */
export function pixels(values, scale, colours) {
  const found = new Uint8ClampedArray(4 * values.length);
  for (let at = 0; at < values.length; at++) {
    const colour = 3 * level(values[at], scale);
    found[4 * at] = colours[colour];
    found[4 * at + 1] = colours[colour + 1];
    found[4 * at + 2] = colours[colour + 2];
    found[4 * at + 3] = 255;
  }
  return found;
}

/**
 * A number as people write it.
 * @param {number} value
 */
export const written = (value) => String(Number(value.toPrecision(3))).replace("-", "−");
