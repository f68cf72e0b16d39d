import assert from "node:assert/strict";
import { test } from "node:test";

import {
  about, fitted, inkOn, kernelAt, kernelLayout, tableCellAt, tableLayout,
} from "../../cnnviz/ui/widgets/matrix_layout.js";

test("a table's cells fill the width, neither too small to hit nor larger than they need be", () => {
  const widest = { row: 60, column: 60 };
  assert.deepEqual(tableLayout(600, 10, widest), { left: 86, top: 86, cell: 46 });
  assert.equal(tableLayout(390, 10, widest).cell, 30);
  assert.equal(tableLayout(390, 100, widest).cell, 5);
  // Names take no more than a good quarter of a narrow page.
  assert.ok(Math.abs(tableLayout(300, 10, { row: 500, column: 500 }).left - 108) < 1e-9);
});

test("a point of a table is a cell, a name, or nothing", () => {
  const table = { left: 80, top: 60, cell: 20, rows: 3, columns: 4 };
  assert.deepEqual(tableCellAt(table, 81, 61), [0, 0]);
  assert.deepEqual(tableCellAt(table, 159, 119), [2, 3]);
  assert.deepEqual(tableCellAt(table, 10, 90), [1, -1]);
  assert.deepEqual(tableCellAt(table, 130, 10), [-1, 2]);
  assert.equal(tableCellAt(table, 10, 10), null);
  assert.equal(tableCellAt(table, 161, 90), null);
  assert.equal(tableCellAt(table, 90, 121), null);
});

test("a name that is too long ends in dots", () => {
  /** @param {string} text */
  const widthOf = (text) => 10 * text.length;
  assert.equal(fitted("automobile", 100, widthOf), "automobile");
  assert.equal(fitted("automobile", 50, widthOf), "auto…");
  assert.equal(fitted("automobile", 5, widthOf), "…");
});

test("figures are dark on light cells and light on dark ones", () => {
  assert.equal(inkOn("#fde725"), "#101317");
  assert.equal(inkOn("#440154"), "#ffffff");
});

test("every kernel is a block of whole screen pixels", () => {
  assert.deepEqual(kernelLayout({ rows: 64, columns: 64 }, 700, 1), { dots: 1, margin: 10, zoom: 8 });
  assert.equal(kernelLayout({ rows: 4, columns: 3 }, 700, 2).zoom, 32);
  assert.equal(kernelLayout({ rows: 512, columns: 512 }, 390, 1).zoom, 1);
});

test("a point of the kernels is one, and in the margin the first of its row", () => {
  const matrix = { dots: 2, margin: 20, zoom: 16, rows: 4, columns: 3 };
  assert.deepEqual(kernelAt(matrix, 10, 0), [0, 0]);
  assert.deepEqual(kernelAt(matrix, 33, 31), [3, 2]);
  assert.deepEqual(kernelAt(matrix, 2, 9), [1, 0]);
  assert.equal(kernelAt(matrix, 34, 9), null);
  assert.equal(kernelAt(matrix, 12, 32), null);
});

test("a level of a scale is a value in two digits, and what is as good as zero is zero", () => {
  assert.equal(about(0, 255, -1, 1), "about \u22121.0");
  assert.equal(about(254, 255, -1, 1), "about 1.0");
  assert.equal(about(127, 255, -1, 1), "about 0");
  assert.equal(about(100, 201, 0, 0.5), "about 0.25");
});
