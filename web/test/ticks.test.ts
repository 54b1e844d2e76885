import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clockTicks,
  durationTicks,
  nearest,
  niceRange,
  paceStep,
  roundStep,
  sparse,
  valueTicks,
} from "../src/draw/ticks.ts";

test("steps are round", () => {
  const check = (extent: number, count: number, expected: number) =>
    assert.equal(roundStep(extent, count), expected, `${extent}/${count}`);
  check(100, 5, 20);
  check(101, 5, 50);
  check(7, 10, 1);
  check(0.03, 4, 0.01);
  check(0, 4, 1);
  check(Number.NaN, 4, 1);
  check(1000, 10, 100);
});

test("ticks are multiples without rounding errors", () => {
  assert.deepEqual(valueTicks(0, 1, 5), [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]);
  assert.deepEqual(valueTicks(43, 178, 4), [50, 100, 150]);
  assert.deepEqual(clockTicks(-150, 500, 7), [-120, 0, 120, 240, 360, 480]);
  assert.deepEqual(durationTicks(3050, 6), [0, 600, 1200, 1800, 2400, 3000]);
  assert.deepEqual(valueTicks(-1, 1, 2), [-1, 0, 1]);
});

test("a range holds its values", () => {
  assert.deepEqual(niceRange(43, 178, 4), [0, 200]);
  assert.deepEqual(niceRange(61, 78, 4), [60, 80]);
  assert.deepEqual(niceRange(1213.1, 1213.2, 4), [1210, 1220]);
  const [from, to] = niceRange(35, 35, 4);
  assert.ok(from < 35 && to > 35);
  assert.deepEqual(niceRange(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 4), [0, 1]);
});

test("labels are thinned out from the last one", () => {
  assert.deepEqual(sparse(7, 10), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(sparse(30, 5), [5, 11, 17, 23, 29]);
  assert.deepEqual(sparse(0, 5), []);
});

test("the nearest value is found on both sides", () => {
  const values = [0, 10, 20];
  assert.deepEqual(
    [-5, 4, 6, 15, 16, 99].map((value) => nearest(values, value)),
    [0, 0, 1, 2, 2, 2],
  );
  assert.equal(nearest([], 1), -1);
});

test("an axis of paces has whole minutes or parts of one", () => {
  assert.deepEqual(niceRange(282, 437, 4, paceStep), [240, 480]);
  assert.deepEqual(valueTicks(240, 480, 4, paceStep), [240, 300, 360, 420, 480]);
  assert.deepEqual(niceRange(300, 345, 4, paceStep), [300, 345]);
  assert.deepEqual(valueTicks(300, 345, 4, paceStep), [300, 315, 330, 345]);
});
