import assert from "node:assert/strict";
import { test } from "node:test";

import { arc, scrolled, tabStop } from "../../cnnviz/ui/activations/strip_layout.js";

test("an arc begins and ends at the row, and bends above it", () => {
  assert.equal(arc(34, 170, 26), "M34 24 C34 -2 170 -2 170 24");
});

test("a picture out of sight is brought to the middle, one in sight stays where it is", () => {
  const row = { scrollLeft: 100, clientWidth: 300 };
  assert.equal(scrolled(row, { left: 200, width: 68 }), 100);
  assert.equal(scrolled(row, { left: 100, width: 68 }), 100);
  assert.equal(scrolled(row, { left: 380, width: 68 }), 264);
  assert.equal(scrolled(row, { left: 40, width: 68 }), -76);
});

test("Tab leads to the selected picture, or to one that can be chosen", () => {
  const stops = [{ key: null }, { key: "conv1" }, { key: "layer1" }];
  assert.equal(tabStop(stops, 2), 2);
  assert.equal(tabStop(stops, -1), 1);
});
