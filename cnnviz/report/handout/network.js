import { FUNCTIONS } from "./functions.js";

/**
 * @typedef {import("./operations.js").Tensor} Tensor
 * @typedef {[operation: string, args: any[], gives: string]} Call
 * @typedef {{calls: Call[], output: string, shape: number[], layers: [call: number, layer: number][],
 *   weights: Record<string, [shape: number[], offset: number]>}} Graph
 */

/**
 * The network's weights, cut out of all of them.
 * @param {Graph} graph
 * @param {Float32Array} all
 * @returns {Record<string, Tensor>}
 */
export const weightsOf = (graph, all) => Object.fromEntries(
  Object.entries(graph.weights).map(([name, [shape, offset]]) => {
    const size = shape.reduce((product, side) => product * side, 1);
    return [name, { shape, data: all.subarray(offset, offset + size) }];
  }),
);

/**
 * Numbers of 16 bits, as IEEE 754 has them, as numbers of 32.
 * @param {Uint16Array} halves
 */
export function widened(halves) {
  const found = new Float32Array(halves.length);
  const powers = Float32Array.from({ length: 32 }, (_, at) => 2 ** (at - 15));
  for (let at = 0; at < halves.length; at++) {
    const exponent = (halves[at] >> 10) & 31, fraction = (halves[at] & 1023) / 1024;
    const size = exponent === 31 ? (fraction ? NaN : Infinity)
      : exponent ? (1 + fraction) * powers[exponent] : fraction * 2 ** -14;
    found[at] = halves[at] >> 15 ? -size : size;
  }
  return found;
}

/**
 * What every layer makes of an image, by its number, as it comes; the last of all are the logits.
 * @param {Graph} graph
 * @param {Record<string, Tensor>} weights
 * @param {Float32Array} image (C, H, W), normalised
 * @returns {Generator<{layers: number[], tensor: Tensor}, Tensor>}
 */
export function* run(graph, weights, image) {
  /** @type {Map<string, Tensor>} */
  const values = new Map([["image", { shape: graph.shape, data: image }]]);
  /** @type {Map<number, number[]>} */
  const shown = new Map();
  for (const [call, layer] of graph.layers) shown.set(call, [...(shown.get(call) ?? []), layer]);
  /** @param {any} given @returns {any} */
  const filled = (given) => {
    if (Array.isArray(given)) return given.map(filled);
    if (given === null || typeof given !== "object") return given;
    return "tensor" in given ? weights[given.tensor] : values.get(given.value);
  };
  for (const [at, [operation, args, gives]] of graph.calls.entries()) {
    const inPlace = operation.endsWith("_");
    const given = args.map(filled);
    const tensor = FUNCTIONS[inPlace ? operation.slice(0, -1) : operation](...given);
    if (inPlace) {
      // Whoever reads what was changed reads what it was changed to.
      for (const [name, value] of values) if (value === given[0]) values.set(name, tensor);
    }
    values.set(gives, tensor);
    const layers = shown.get(at);
    if (layers) yield { layers, tensor };
  }
  return /** @type {Tensor} */ (values.get(graph.output));
}

/**
 * Probabilities of logits.
 * @param {Float32Array} logits
 */
export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (one) => Math.exp(one - most));
  const sum = powers.reduce((all, one) => all + one, 0);
  return powers.map((one) => one / sum);
}

/**
 * Pixels as the network reads them.
 * @param {Uint8ClampedArray} pixels RGBA
 * @param {number} channels
 * @param {number[]} mean
 * @param {number[]} std
 */
export function normalised(pixels, channels, mean, std) {
  const size = pixels.length / 4;
  const values = new Float32Array(channels * size);
  for (let channel = 0; channel < channels; channel++) {
    for (let at = 0; at < size; at++) {
      values[channel * size + at] = (pixels[4 * at + channel] / 255 - mean[channel]) / std[channel];
    }
  }
  return values;
}
