/**
 * Values of one image: a batch of one, so that `shape` begins with 1.
 * @typedef {{shape: number[], data: Float32Array}} Tensor
 * @typedef {(...given: any[]) => Tensor} Operation
 */

/**
 * A number twice, or the two that are given; `otherwise` for nothing.
 * @param {any} given
 * @param {number | [number, number]} otherwise
 * @returns {[number, number]}
 */
export function pair(given, otherwise) {
  const found = given === undefined || given === null || given.length === 0 ? otherwise : given;
  if (!Array.isArray(found)) return [found, found];
  return [found[0], found[found.length - 1]];
}

/** @param {number[]} shape */
const count = (shape) => shape.reduce((all, side) => all * side, 1);

/**
 * @param {Tensor} x
 * @param {(value: number) => number} rule
 * @returns {Tensor}
 */
const each = (x, rule) => ({ shape: x.shape, data: x.data.map((value) => rule(value)) });

/**
 * @param {Tensor} x
 * @param {number[]} shape of as many values; one side may be -1
 * @returns {Tensor}
 */
export function reshape(x, shape) {
  const known = -count(shape);
  return { shape: shape.map((side) => (side === -1 ? x.data.length / known : side)), data: x.data };
}

/**
 * @param {Tensor} x (1, C, H, W)
 * @param {Tensor} weight (O, C / groups, K, L)
 * @param {Tensor | null} [bias]
 * @param {any} [stride]
 * @param {any} [padding] numbers, or "same" or "valid"
 * @param {any} [dilation]
 * @param {number} [groups]
 * @returns {Tensor}
 */
export function conv2d(x, weight, bias, stride, padding, dilation, groups = 1) {
  const [, channels, height, width] = x.shape;
  const [outputs, depth, rows, columns] = weight.shape;
  const [down, right] = pair(stride, 1);
  const [apart, across] = pair(dilation, 1);
  const reach = [apart * (rows - 1), across * (columns - 1)];
  const named = typeof padding === "string";
  const around = padding === "same" ? reach.map((one) => Math.floor(one / 2)) : [0, 0];
  const [top, left] = named ? around : pair(padding, 0);
  const sides = (/** @type {number} */ side, /** @type {number} */ pad, /** @type {number} */ kernel,
    /** @type {number} */ step) => Math.floor((side + 2 * pad - kernel - 1) / step) + 1;
  const high = padding === "same" ? height : sides(height, top, reach[0], down);
  const wide = padding === "same" ? width : sides(width, left, reach[1], right);
  const data = new Float32Array(outputs * high * wide);
  const sums = new Float64Array(high * wide);
  for (let output = 0; output < outputs; output++) {
    sums.fill(bias ? bias.data[output] : 0);
    const first = Math.floor(output / (outputs / groups)) * (channels / groups);
    for (let inner = 0; inner < depth; inner++) {
      const plane = (first + inner) * height * width;
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const factor = weight.data[((output * depth + inner) * rows + row) * columns + column];
          const start = column * across - left;
          const from = Math.max(0, Math.ceil(-start / right));
          const to = Math.min(wide, Math.floor((width - 1 - start) / right) + 1);
          for (let y = 0; y < high; y++) {
            const line = y * down + row * apart - top;
            if (line < 0 || line >= height) continue;
            const source = plane + line * width + start;
            const target = y * wide;
            for (let i = from; i < to; i++) sums[target + i] += factor * x.data[source + i * right];
          }
        }
      }
    }
    data.set(sums, output * high * wide);
  }
  return { shape: [1, outputs, high, wide], data };
}

/**
 * @param {Tensor} x (1, features)
 * @param {Tensor} weight (units, features)
 * @param {Tensor | null} [bias]
 * @returns {Tensor}
 */
export function linear(x, weight, bias) {
  const [units, features] = weight.shape;
  const data = new Float32Array(units);
  for (let unit = 0; unit < units; unit++) {
    let sum = bias ? bias.data[unit] : 0;
    for (let i = 0; i < features; i++) sum += weight.data[unit * features + i] * x.data[i];
    data[unit] = sum;
  }
  return { shape: [...x.shape.slice(0, -1), units], data };
}

/**
 * In evaluation: by the mean and variance that were kept.
 * @param {Tensor} x (1, C, …)
 * @param {Tensor | null} weight
 * @param {Tensor | null} bias
 * @param {Tensor} average
 * @param {Tensor} variance
 * @param {boolean} _training
 * @param {number} _momentum
 * @param {number} [epsilon]
 * @returns {Tensor}
 */
export function batchNorm(x, weight, bias, average, variance, _training, _momentum, epsilon = 1e-5) {
  const channels = x.shape[1];
  const size = x.data.length / channels;
  const data = new Float32Array(x.data.length);
  for (let channel = 0; channel < channels; channel++) {
    const factor = (weight ? weight.data[channel] : 1) / Math.sqrt(variance.data[channel] + epsilon);
    const shift = (bias ? bias.data[channel] : 0) - average.data[channel] * factor;
    for (let i = channel * size; i < (channel + 1) * size; i++) data[i] = x.data[i] * factor + shift;
  }
  return { shape: x.shape, data };
}

/**
 * One value of each window of each channel.
 * @param {Tensor} x (1, C, H, W)
 * @param {[number, number]} sides of the result
 * @param {(y: number, x: number) => [number, number, number, number]} window its top, left, bottom and right
 * @param {(values: Float32Array, plane: number, width: number, window: number[]) => number} value
 * @returns {Tensor}
 */
function windows(x, [high, wide], window, value) {
  const [, channels, height, width] = x.shape;
  const data = new Float32Array(channels * high * wide);
  let at = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < high; row++) {
      for (let column = 0; column < wide; column++) {
        data[at++] = value(x.data, channel * height * width, width, window(row, column));
      }
    }
  }
  return { shape: [1, channels, high, wide], data };
}

/** @type {(values: Float32Array, plane: number, width: number, window: number[]) => number} */
function largest(values, plane, width, [top, left, bottom, right]) {
  let found = -Infinity;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) found = Math.max(found, values[plane + y * width + x]);
  }
  return found;
}

/** @type {(values: Float32Array, plane: number, width: number, window: number[]) => number} */
function mean(values, plane, width, [top, left, bottom, right]) {
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) sum += values[plane + y * width + x];
  }
  return sum / ((bottom - top) * (right - left));
}

/**
 * @param {Tensor} x
 * @param {any} kernel
 * @param {any} [stride] the kernel's, without it
 * @param {any} [padding]
 * @param {any} [_dilation] of 1
 * @param {boolean} [ceil]
 * @returns {Tensor}
 */
export function maxPool2d(x, kernel, stride, padding, _dilation, ceil = false) {
  const size = pair(kernel, 1), step = pair(stride, size), pad = pair(padding, 0);
  const sides = /** @type {[number, number]} */ ([0, 1].map((axis) => {
    const whole = (x.shape[2 + axis] + 2 * pad[axis] - size[axis]) / step[axis];
    const steps = ceil ? Math.ceil(whole) : Math.floor(whole);
    // No window begins in the padding after the image.
    return steps + (ceil && steps * step[axis] >= x.shape[2 + axis] + pad[axis] ? 0 : 1);
  }));
  return windows(x, sides, (row, column) => {
    const top = row * step[0] - pad[0], left = column * step[1] - pad[1];
    return [Math.max(0, top), Math.max(0, left),
      Math.min(x.shape[2], top + size[0]), Math.min(x.shape[3], left + size[1])];
  }, largest);
}

/**
 * Means over windows that together are all of the map.
 * @param {Tensor} x
 * @param {any} sides of the result
 * @returns {Tensor}
 */
export function adaptiveAvgPool2d(x, sides) {
  const [high, wide] = pair(sides, 1);
  const [height, width] = x.shape.slice(2);
  return windows(x, [high, wide], (row, column) => [
    Math.floor(row * height / high), Math.floor(column * width / wide),
    Math.ceil((row + 1) * height / high), Math.ceil((column + 1) * width / wide),
  ], mean);
}

/**
 * Without padding.
 * @param {Tensor} x
 * @param {any} kernel
 * @param {any} [stride]
 * @returns {Tensor}
 */
export function avgPool2d(x, kernel, stride) {
  const size = pair(kernel, 1), step = pair(stride, size);
  const sides = /** @type {[number, number]} */ ([0, 1].map((axis) =>
    Math.floor((x.shape[2 + axis] - size[axis]) / step[axis]) + 1));
  return windows(x, sides, (row, column) =>
    [row * step[0], column * step[1], row * step[0] + size[0], column * step[1] + size[1]], mean);
}

/**
 * @param {Tensor} x
 * @param {Tensor | number} y of the same shape, or a number
 * @param {(a: number, b: number) => number} rule
 * @returns {Tensor}
 */
export function together(x, y, rule) {
  if (typeof y === "number") return each(x, (value) => rule(value, y));
  if (y.data.length !== x.data.length) throw new Error("These shapes differ.");
  return { shape: x.shape, data: x.data.map((value, at) => rule(value, y.data[at])) };
}

export { each };
