import assert from "node:assert/strict";
import { test } from "node:test";

import { corner, evenly, extent, layout, tileAt } from "../../cnnviz/ui/widgets/mosaic_layout.js";

/** @type {(change?: Partial<Parameters<typeof layout>[0]>) => Parameters<typeof layout>[0]} */
const mosaic = (change = {}) => ({ tile: [8, 8], count: 64, wanted: 40, atMost: null, ...change });

test("tiles are enlarged by whole factors and flow into the width", () => {
  assert.deepEqual(layout(mosaic(), 700, 1), { w: 40, h: 40, g: 2, columns: 16, rows: 4, dots: 1 });
  const wide = layout(mosaic({ tile: [7, 5] }), 700, 1);
  assert.deepEqual([wide.w, wide.h], [42, 30]);
});

test("a sharp screen has more pixels to a tile, and as many columns", () => {
  const sharp = layout(mosaic(), 700, 2);
  assert.deepEqual([sharp.w, sharp.g, sharp.columns, sharp.dots], [80, 4, 16, 2]);
  // One and a half screen pixels are one of the page: still whole ones to a value.
  assert.equal(layout(mosaic(), 700, 1.5).w % 8, 0);
});

test("the last row has few empty places", () => {
  assert.equal(evenly(64, 17), 16);
  assert.equal(evenly(10, 9), 7);
  assert.equal(evenly(12, 5), 4);
  assert.equal(evenly(7, 7), 7);
  // Never much narrower than there is room for.
  assert.ok(evenly(101, 20) >= 14);
});

test("a row that was asked for fits by smaller tiles, then by shrinking", () => {
  const two = layout(mosaic({ count: 2, wanted: 256, atMost: 2, tile: [32, 32] }), 320, 1);
  assert.deepEqual([two.columns, two.rows], [2, 1]);
  assert.ok(extent(two)[0] <= 320);
  const huge = layout(mosaic({ count: 1, wanted: 500, tile: [500, 500] }), 320, 1);
  assert.equal(huge.w, 500);
  assert.equal(extent(huge)[0] / huge.dots, 320);
});

test("no canvas is taller than a browser draws", () => {
  const tall = layout(mosaic({ count: 25088, wanted: 56, tile: [1, 1] }), 390, 3);
  assert.ok(extent(tall)[1] <= 16384);
});

test("each tile is found where it stands, and none in the gaps' far end or outside", () => {
  const count = 10, shape = layout(mosaic({ count, atMost: 4 }), 700, 2);
  for (let index = 0; index < count; index++) {
    const [left, top] = corner(shape, index);
    assert.equal(tileAt(shape, count, (left + 1) / 2, (top + 1) / 2), index);
    assert.equal(tileAt(shape, count, (left + shape.w - 1) / 2, (top + shape.h - 1) / 2), index);
  }
  assert.equal(tileAt(shape, count, -1, 5), -1);
  assert.equal(tileAt(shape, count, 5, -1), -1);
  assert.equal(tileAt(shape, count, extent(shape)[0] / 2 + 3, 5), -1);
  assert.equal(tileAt(shape, count, 5, extent(shape)[1] / 2 + 3), -1);
});
