import assert from "node:assert/strict";
import { test } from "node:test";

import { chooses, direction, leap, walk, walkCells } from "../../cnnviz/ui/widgets/browser/keyboard.js";

test("arrow keys walk tiles in reading order, and up and down by a row", () => {
  assert.equal(walk("ArrowRight", 4, 10, 3), 5);
  assert.equal(walk("ArrowLeft", 3, 10, 3), 2);
  assert.equal(walk("ArrowDown", 4, 10, 3), 7);
  assert.equal(walk("ArrowUp", 4, 10, 3), 1);
});

test("nothing walks out of the tiles", () => {
  assert.equal(walk("ArrowRight", 9, 10, 3), 9);
  assert.equal(walk("ArrowDown", 8, 10, 3), 9);
  assert.equal(walk("ArrowUp", 1, 10, 3), 0);
  assert.equal(walk("Home", 7, 10, 3), 0);
  assert.equal(walk("End", 2, 10, 3), 9);
});

test("a key that does not walk is left to the page", () => {
  for (const key of ["Enter", "a", "Tab", "PageDown"]) assert.equal(walk(key, 0, 10, 3), null);
  // In a single row there is no up and down.
  assert.equal(walk("ArrowDown", 2, 10), null);
  assert.equal(walk("ArrowRight", 2, 10), 3);
});

test("cells of a table are walked as far as the names of rows and columns", () => {
  const table = { rows: 3, columns: 4, first: -1 };
  assert.deepEqual(walkCells("ArrowUp", [0, 2], table), [-1, 2]);
  assert.deepEqual(walkCells("ArrowLeft", [1, -1], table), [1, -1]);
  assert.deepEqual(walkCells("ArrowDown", [2, 1], table), [2, 1]);
  assert.deepEqual(walkCells("ArrowRight", [2, 3], table), [2, 3]);
  assert.deepEqual(walkCells("ArrowUp", [0, 2], { rows: 3, columns: 4 }), [0, 2]);
  assert.equal(walkCells("Home", [0, 2], table), null);
});

test("some keys leap over rows", () => {
  assert.equal(leap("PageDown", 3, 64), 13);
  assert.equal(leap("PageUp", 3, 64), 0);
  assert.equal(leap("End", 3, 64), 63);
  assert.equal(leap("Home", 63, 64), 0);
  assert.equal(leap("ArrowDown", 3, 64), null);
  assert.equal(leap("toString", 3, 64), null);
});

test("Enter and Space choose", () => {
  assert.deepEqual(["Enter", " ", "a"].map(chooses), [true, true, false]);
  assert.equal(direction("constructor"), null);
});
