import assert from "node:assert/strict";
import { test } from "node:test";
import { erf, FUNCTIONS } from "../../cnnviz/report/handout/functions.js";
import { channelAt, corner, layout, level, scaleOf, size, written } from "../../cnnviz/report/handout/maps.js";
import { normalised, softmax, widened } from "../../cnnviz/report/handout/network.js";

/** @param {number[]} shape @param {number[]} values */
const tensor = (shape, values) => ({ shape, data: Float32Array.from(values) });

test("a convolution with stride, padding and groups", () => {
  const image = tensor([1, 2, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  const weight = tensor([2, 1, 2, 2], [1, 0, 0, 1, 1, 1, 1, 1]);
  const found = FUNCTIONS.conv2d(image, weight, tensor([2], [0, 10]), [2, 2], [1, 1], [1, 1], 2);
  assert.deepEqual(found.shape, [1, 2, 2, 2]);
  // Windows of the padded image begin at −1 and 1.
  assert.deepEqual([...found.data], [1, 3, 7, 14, 11, 12, 12, 14]);
});

test("pooling takes what is there", () => {
  const image = tensor([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual([...FUNCTIONS.max_pool2d(image, [2, 2]).data], [5]);
  assert.deepEqual([...FUNCTIONS.max_pool2d(image, 3, 2, 1).data], [5, 6, 8, 9]);
  assert.deepEqual([...FUNCTIONS.max_pool2d(image, 2, 2, 0, 1, true).data], [5, 6, 8, 9]);
  assert.deepEqual([...FUNCTIONS.adaptive_avg_pool2d(image, [2, 2]).data], [3, 4, 6, 7]);
  assert.deepEqual([...FUNCTIONS.mean(image, [2, 3]).data], [5]);
});

test("batch norm, linear layers and activations", () => {
  const of = (/** @type {number} */ value) => tensor([1], [value]);
  const found = FUNCTIONS.batch_norm(tensor([1, 1, 1, 2], [1, 3]), of(2), of(1), of(1), of(4), false, 0.1, 0);
  assert.deepEqual([...found.data], [1, 3]);
  assert.deepEqual([...FUNCTIONS.linear(tensor([1, 2], [1, 2]), tensor([1, 2], [3, 4]), of(5)).data], [16]);
  assert.ok(Math.abs(erf(1) - 0.8427007929) < 2e-7);
  assert.deepEqual([...FUNCTIONS.relu(tensor([1, 2], [-1, 2])).data], [0, 2]);
});

test("numbers of 16 bits", () => {
  assert.deepEqual([...widened(Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x0001, 0x7c00))],
    [1, -2, Math.fround(0.333251953125), 2 ** -24, Infinity]);
});

test("pixels become values, logits become shares", () => {
  assert.deepEqual([...normalised(Uint8ClampedArray.of(255, 0, 51, 255), 3, [0, 0.5, 0.2], [1, 0.5, 1])], [1, -1, 0]);
  const shares = softmax(Float32Array.of(1000, 1000));
  assert.deepEqual(shares, [0.5, 0.5]);
});

test("maps lie where a click finds them", () => {
  const of = layout([1, 5, 16, 16], 100);
  assert.deepEqual([of.columns, of.rows, of.factor], [3, 2, 2]);
  assert.deepEqual(size(of), { width: 98, height: 65 });
  for (let channel = 0; channel < 5; channel++) {
    const [left, top] = corner(of, channel);
    assert.equal(channelAt(of, left + 1, top + 1), channel);
  }
  assert.equal(channelAt(of, 70, 40), null);
});

test("zero is in the middle of a signed scale, and at the end of another", () => {
  const signed = scaleOf(Float32Array.of(-1, 4));
  assert.deepEqual(signed, { low: -4, high: 4, signed: true });
  assert.deepEqual([level(0, signed), level(4, signed), level(-9, signed)], [126, 252, 0]);
  const plain = scaleOf(Float32Array.of(0, 2));
  assert.deepEqual([level(0, plain), level(2, plain)], [0, 252]);
  assert.equal(written(-1234.5), "−1230");
});
