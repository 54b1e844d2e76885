import assert from "node:assert/strict";
import { test } from "node:test";
import { readingAt } from "../src/plot/line.ts";

const MINUTE = 60_000;

test("a reading holds as long as readings usually are apart, at most half an hour", () => {
  const check = (minutes: readonly number[], time: number, expected: number) => {
    const readings = { at: minutes.map((minute) => minute * MINUTE), values: minutes };
    assert.equal(readingAt(readings, time * MINUTE), expected, `${minutes} at ${time}`);
  };
  check([120, 150, 180], 0, -1);
  check([120, 150, 180], 89, -1);
  check([120, 150, 180], 91, 0);
  check([120, 150, 180], 136, 1);
  // Two hours apart: none is near.
  check([120, 240, 360], 180, -1);
  check([120], 120.5, 0);
  check([120], 122, -1);
  check([], 1, -1);
});
