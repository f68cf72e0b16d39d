import assert from "node:assert/strict";
import { test } from "node:test";

import * as geometry from "../../cnnviz/ui/widgets/scatter_geometry.js";

const xs = [-2, 0, 6, 1], ys = [1, -1.5, 3, 0];
const shape = geometry.layout(xs, ys, 500);
const points = xs.map((x, index) =>
  /** @type {geometry.Point} */ ([geometry.across(shape, x), geometry.down(shape, ys[index])]));
const all = () => true;

test("both axes have one scale, y upwards, and all points have room", () => {
  assert.ok(Math.abs((points[2][0] - points[0][0]) / 8 - (points[1][1] - points[2][1]) / 4.5) < 1e-9);
  for (const [x, y] of points) {
    assert.ok(x >= geometry.LEFT + 10 - 1e-9 && x <= geometry.LEFT + shape.w - 10 + 1e-9);
    assert.ok(y >= 10 - 1e-9 && y <= shape.h - 10 + 1e-9);
  }
  assert.equal(geometry.layout(xs, ys, 4000).side, 620);
});

test("one point, or all in one place, is in the middle", () => {
  const one = geometry.layout([3, 3], [5, 5], 300);
  assert.deepEqual([geometry.across(one, 3), geometry.down(one, 5)], [geometry.LEFT + one.w / 2, one.h / 2]);
});

test("pixels and coordinates go back and forth", () => {
  for (const value of [-2, 0.25, 6]) {
    assert.ok(Math.abs(geometry.xOf(shape, geometry.across(shape, value)) - value) < 1e-9);
    assert.ok(Math.abs(geometry.yOf(shape, geometry.down(shape, value)) - value) < 1e-9);
  }
});

test("the nearest point is taken, if it is near and seen", () => {
  const [x, y] = points[3];
  assert.equal(geometry.nearest(points, [x + 3, y - 2], 18, all), 3);
  assert.equal(geometry.nearest(points, [x + 18, y], 18, all), -1);
  assert.notEqual(geometry.nearest(points, [x, y], Infinity, (index) => index !== 3), 3);
});

test("arrow keys lead to the next point that way, or nowhere", () => {
  assert.equal(geometry.neighbour(points, 0, [1, 0], all), 3);
  assert.equal(geometry.neighbour(points, 2, [1, 0], all), 2);
  assert.equal(geometry.neighbour(points, 2, [-1, 0], all), 3);
  assert.equal(geometry.neighbour(points, 1, [0, -1], all), 3);
  assert.equal(geometry.neighbour(points, 2, [-1, 0], (index) => index === 0), 0);
});

test("a point that lies more aside than ahead is not in that direction, however near", () => {
  assert.equal(geometry.neighbour([[0, 0], [3, 10], [40, 5]], 0, [1, 0], all), 2);
});

test("a box from point to point has both in it, and no other side", () => {
  const box = geometry.spanned([1, 5], [4, 2], 0.5);
  assert.deepEqual(box, [0.5, 4.5, 1.5, 5.5]);
  assert.ok(geometry.within(box, [1, 5]) && geometry.within(box, [4, 2]));
  assert.ok(!geometry.within(box, [4.6, 3]) && !geometry.within(box, [2, 5.6]));
});

test("a card stands beside its point, within the plot, and never on the point", () => {
  const card = { width: 100, height: 40 }, room = { width: 400, height: 300 };
  assert.deepEqual(geometry.cardPlace([100, 150], card, room, 10), [110, 130]);
  assert.deepEqual(geometry.cardPlace([350, 150], card, room, 10), [240, 130]);
  assert.deepEqual(geometry.cardPlace([100, 5], card, room, 10), [110, 0]);
  assert.deepEqual(geometry.cardPlace([100, 295], card, room, 10), [110, 260]);
  const narrow = { width: 180, height: 300 };
  assert.deepEqual(geometry.cardPlace([90, 150], card, narrow, 10), [0, 100]);
  assert.deepEqual(geometry.cardPlace([90, 30], card, narrow, 10), [0, 40]);
});

test("many points have smaller marks", () => {
  const radii = [100, 2000, 5000].map((count) => geometry.radius(shape, count));
  assert.ok(radii[0] > radii[1] && radii[1] > radii[2] && radii[2] >= 2 - 1e-9 && radii[0] <= 4.5);
});
