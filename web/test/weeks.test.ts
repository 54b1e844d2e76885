import assert from "node:assert/strict";
import { test } from "node:test";
import { addDays } from "../src/format/calendar.ts";
import { measureOf } from "../src/format/units.ts";
import { prepare } from "../src/views/type/prepare.ts";
import { type Point, summaryOf } from "../src/views/type/series.ts";
import { inWeeks, weeksOf, wholeWeeks } from "../src/views/type/weeks.ts";

function day(key: string, value: number | null, partial = false): Point {
  const rest = { samples: value === null ? 0 : 2, days: value === null ? 0 : 1, source: null, zone: null };
  return { x: 0, key, value, minimum: value, maximum: value, partial, ...rest };
}

test("a week is the mean of its days that are over, among those that are shown", () => {
  // 1 January 2026 is a Thursday.
  const days = [
    day("2026-01-01", 10),
    day("2026-01-02", null),
    day("2026-01-03", 20),
    day("2026-01-04", 60),
    day("2026-01-05", 8),
    day("2026-01-06", 100, true),
  ];
  const [first, second] = weeksOf(days);
  assert.deepEqual(
    [first?.point.key, first?.point.value, first?.point.minimum, first?.point.maximum, first?.point.days, first?.last],
    ["2025-12-29", 30, 10, 60, 3, "2026-01-04"],
  );
  assert.equal(first?.point.partial, false);
  assert.deepEqual([second?.point.value, second?.point.partial, second?.last], [8, true, "2026-01-06"]);
  assert.equal(weeksOf([day("2026-01-06", 100, true)])[0]?.point.value, 100, "nothing is over yet");
  assert.equal(weeksOf([day("2026-01-06", null)])[0]?.point.value, null);
});

test("sources have the same part of a week as of its days", () => {
  const weeks = weeksOf([day("2026-01-05", 8), day("2026-01-06", 4), day("2026-01-12", 6)]);
  assert.deepEqual(inWeeks([6, null, 6], weeks), [3, 6]);
  assert.deepEqual(inWeeks([2, 4, null], weeks), [3, null]);
});

test("whole weeks hold a period", () => {
  assert.deepEqual(wholeWeeks({ from: "2026-01-01", to: "2026-02-01" }), { from: "2025-12-29", to: "2026-02-02" });
  assert.deepEqual(wholeWeeks({ from: "2026-01-05", to: "2026-01-12" }), { from: "2026-01-05", to: "2026-01-12" });
});

test("half a year is weeks on a phone, with the same figures", () => {
  const [from, to] = ["2026-01-01", "2026-07-01"];
  const before = { from: "2025-07-01", to: from };
  const keys = Array.from({ length: 365 }, (_, place) => addDays("2025-07-01", place));
  const days = keys.map((key, place) => ({
    day: key,
    value: key < from ? 100 : place,
    minimum: null,
    maximum: null,
    samples: 1,
    partial: false,
    source: null,
    zone: null,
  }));
  const series = { bucket: "day", days } as unknown as Parameters<typeof prepare>[0];
  const measure = measureOf("steps", "count", "metric");
  const make = (mayHaveWeeks: boolean) => prepare(series, { from, to }, before, { isSum: true, measure, mayHaveWeeks });
  const [desk, phone] = [make(false), make(true)];
  assert.deepEqual([desk.drawn.length, phone.drawn.length], [181, 27]);
  assert.deepEqual(summaryOf(phone.points, true), summaryOf(desk.points, true));
  // The week of 5 January, of days 188 to 194; before it the mean of the seven days that are as far from their start.
  assert.deepEqual([phone.data.x.length, phone.data.value[1], phone.data.before?.[1]], [27, 191, 100]);
  assert.equal(phone.data.mean, undefined);
});
