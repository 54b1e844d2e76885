import assert from "node:assert/strict";
import { test } from "node:test";
import { gap, type Point } from "../src/views/type/series.ts";
import { sharesOf, stacked } from "../src/views/type/shares.ts";

const point = (key: string, value: number | null, days = 1): Point => ({ ...gap(key, 0), value, days });
const points = [point("a", 100), point("b", 80), point("c", null)];

test("layers make the value, the greatest source at the bottom", () => {
  const shares = sharesOf(points, [
    { name: "Phone", points: [point("a", 10)] },
    { name: "Watch", points: [point("a", 90), point("b", 80)] },
  ]);
  assert.deepEqual(
    shares.map(({ name, total }) => [name, total]),
    [
      ["Watch", 170],
      ["Phone", 10],
    ],
  );
  assert.ok((shares[0]?.tone ?? 0) > (shares[1]?.tone ?? 0));
  assert.deepEqual(stacked(shares), [
    [90, 80, null],
    [100, null, null],
  ]);
});

test("what no source with a name adds is the rest", () => {
  const shares = sharesOf(points, [{ name: "Watch", points: [point("a", 90), point("b", 80)] }]);
  assert.deepEqual(shares.at(-1)?.name, null);
  assert.deepEqual(shares.at(-1)?.values, [10, null, null]);
  assert.deepEqual(sharesOf(points, [{ name: "Odd", points: [] }]).length, 1, "a source that adds nothing is left out");
});

test("of weeks a share is per day, as the value is", () => {
  const weeks = [{ ...point("w", 100, 7), period: { sum: 700, mean: 100, wholeDays: 7 } }];
  const [share] = sharesOf(weeks, [{ name: "Watch", points: [point("w", 700, 5)] }]);
  assert.deepEqual([share?.values, share?.total], [[100], 700]);
});
