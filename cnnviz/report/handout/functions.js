import { adaptiveAvgPool2d, avgPool2d, batchNorm, conv2d, each, linear, maxPool2d, reshape, together }
  from "./operations.js";

/** @typedef {import("./operations.js").Tensor} Tensor */

/** Abramowitz and Stegun 7.1.26: within 1.5e-7. @param {number} x */
export function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}

/** @param {number} x */
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
/** @type {(x: number, low: number, high: number) => number} */
const between = (x, low, high) => Math.min(high, Math.max(low, x));
/** @type {(x: Tensor) => Tensor} */
const same = (x) => x;

/**
 * @param {Tensor} x
 * @param {number} [start]
 * @param {number} [end]
 */
function flatten(x, start = 0, end = -1) {
  const last = end < 0 ? end + x.shape.length : end;
  const size = x.shape.slice(start, last + 1).reduce((all, side) => all * side, 1);
  return reshape(x, [...x.shape.slice(0, start), size, ...x.shape.slice(last + 1)]);
}

/**
 * Over rows and columns.
 * @param {Tensor} x (1, C, H, W)
 * @param {number[]} _sides
 * @param {boolean} [keep]
 */
function mean(x, _sides, keep = false) {
  const found = adaptiveAvgPool2d(x, 1);
  return keep ? found : reshape(found, [1, x.shape[1]]);
}

/**
 * What graphs call by the name of PyTorch's operation; the page's maker offers no network that needs another.
 * @type {Record<string, (...given: any[]) => any>}
 */
export const FUNCTIONS = {
  conv2d,
  linear,
  batch_norm: batchNorm,
  max_pool2d: maxPool2d,
  avg_pool2d: avgPool2d,
  adaptive_avg_pool2d: adaptiveAvgPool2d,
  flatten,
  view: reshape,
  reshape,
  mean,
  add: (x, y) => together(x, y, (a, b) => a + b),
  mul: (x, y) => together(x, y, (a, b) => a * b),
  relu: (x) => each(x, (one) => Math.max(0, one)),
  gelu: (x) => each(x, (one) => one * (1 + erf(one / Math.SQRT2)) / 2),
  sigmoid: (x) => each(x, sigmoid),
  tanh: (x) => each(x, Math.tanh),
  silu: (x) => each(x, (one) => one * sigmoid(one)),
  leaky_relu: (x, slope = 0.01) => each(x, (one) => (one < 0 ? one * slope : one)),
  elu: (x, alpha = 1) => each(x, (one) => (one < 0 ? alpha * Math.expm1(one) : one)),
  hardtanh: (x, low = -1, high = 1) => each(x, (one) => between(one, low, high)),
  relu6: (x) => each(x, (one) => between(one, 0, 6)),
  hardsigmoid: (x) => each(x, (one) => between(one + 3, 0, 6) / 6),
  hardswish: (x) => each(x, (one) => one * between(one + 3, 0, 6) / 6),
  sym_size: (x, axis) => x.shape[axis],
  dropout: same,
  feature_dropout: same,
  contiguous: same,
  clone: same,
  detach: same,
};
