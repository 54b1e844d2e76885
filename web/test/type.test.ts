import assert from "node:assert/strict";
import { test } from "node:test";
import { startOfDayMs } from "../src/format/calendar.ts";
import { setLocale } from "../src/format/locale.ts";
import { DAY_S, DAYS, labelled, labelOfTick, stepsOf } from "../src/views/type/axis.ts";
import { clamped, nextPlace, pinched } from "../src/views/type/gestures.ts";
import { isEnough, newest, SPANS } from "../src/views/type/newest.ts";
import { orderOf, unfinished } from "../src/views/type/order.ts";
import { endOf, parseZoom, periodOf, shifted, zoomOfDays, zoomOfInstants } from "../src/views/type/ranges.ts";
import {
  changeOf,
  isPerDay,
  type Point,
  shownOf,
  summaryOf,
  valuesBefore,
  weekMeans,
} from "../src/views/type/series.ts";

const ALL = { from: "2025-01-01", to: "2026-11-27" };

test("periods are those of the calendar", () => {
  const check = (range: Parameters<typeof periodOf>[0], from: string, to: string) =>
    assert.deepEqual(periodOf(range, "2026-11-26", ALL), { from, to });
  check("day", "2026-11-26", "2026-11-27");
  check("week", "2026-11-23", "2026-11-30");
  check("month", "2026-11-01", "2026-12-01");
  check("half", "2026-06-01", "2026-12-01");
  check("year", "2026-01-01", "2027-01-01");
  check("all", ALL.from, ALL.to);
});

test("the period before a month has that month's length", () => {
  assert.deepEqual(shifted("month", { from: "2026-03-01", to: "2026-04-01" }, -1), {
    from: "2026-02-01",
    to: "2026-03-01",
  });
  assert.deepEqual(shifted("half", { from: "2026-06-01", to: "2026-12-01" }, -1), {
    from: "2025-12-01",
    to: "2026-06-01",
  });
  assert.equal(endOf({ from: "2026-11-01", to: "2026-12-01" }, "2026-11-26"), "2026-11-26");
  assert.equal(endOf({ from: "2026-10-01", to: "2026-11-01" }, "2026-11-26"), "2026-10-31");
});

test("a zoom is whole days, or whole minutes", () => {
  const seconds = (text: string) => Date.parse(text) / 1000;
  assert.equal(zoomOfDays(seconds("2026-11-03T07:00Z"), seconds("2026-11-05T01:00Z")), "2026-11-03..2026-11-06");
  assert.equal(zoomOfDays(seconds("2026-11-03T00:00Z"), seconds("2026-11-03T00:00Z")), "2026-11-03..2026-11-04");
  assert.equal(
    zoomOfInstants(seconds("2026-11-03T07:00:10Z"), seconds("2026-11-03T07:00:20Z")),
    "2026-11-03T07:00Z..2026-11-03T07:05Z",
  );
  assert.equal(parseZoom("2026-11-03..2026-11-06")?.kind, "days");
  assert.equal(parseZoom("2026-11-03T07:00Z..2026-11-03T07:05Z")?.kind, "instants");
  for (const text of [null, "", "..", "2026-11-06..2026-11-03", "<b>..<i>", "2026-02-31..2026-03-01"]) {
    assert.equal(parseZoom(text), null);
  }
});

test("two fingers keep the values below them", () => {
  const span = pinched([100, 200], [50, 350], 600);
  assert.ok(span);
  const perPixel = (span.max - span.min) / 600;
  assert.ok(Math.abs(span.min + 50 * perPixel - 100) < 1e-9);
  assert.ok(Math.abs(span.min + 350 * perPixel - 200) < 1e-9);
  assert.equal(pinched([100, 200], [80, 80], 600), null);
  assert.deepEqual(clamped({ min: -50, max: 50 }, { min: 0, max: 1000 }), { min: 0, max: 100 });
  assert.deepEqual(clamped({ min: -50, max: 5000 }, { min: 0, max: 1000 }), { min: 0, max: 1000 });
});

const point = (key: string, value: number | null, more: Partial<Point> = {}): Point => ({
  x: 0,
  key,
  value,
  minimum: null,
  maximum: null,
  samples: 1,
  days: 1,
  partial: false,
  source: null,
  zone: null,
  ...more,
});
const NOVEMBER = Array.from({ length: 10 }, (_, place) =>
  point(`2026-11-${String(place + 1).padStart(2, "0")}`, place + 1),
);

test("a mean of seven days needs four, and ends with the data", () => {
  const days = [...NOVEMBER.map(({ key }) => key), "2026-11-11"];
  assert.deepEqual(weekMeans(days, NOVEMBER), [null, null, null, 2.5, 3, 3.5, 4, 5, 6, 7, null]);
});

test("a day that is not over is in the total, not in the average", () => {
  const { total, average, days, highest, isPartial } = summaryOf(
    [point("a", 10), point("b", 20), point("c", 1, { partial: true })],
    true,
  );
  assert.deepEqual([total, average, days, highest?.key, isPartial], [31, 15, 2, "b", true]);
});

test("averages per day of weeks weigh as many days as they have", () => {
  const { total, average } = summaryOf([point("a", 10, { days: 7 }), point("b", 40, { days: 1 })], true);
  assert.deepEqual([total, average], [110, 110 / 8]);
});

test("the mean of months is of the days that are over, and their total has today", () => {
  const months = [
    point("2026-10-01", 10, { days: 31, period: { sum: 310, mean: 10, wholeDays: 31 } }),
    point("2026-11-01", 20, { days: 3, partial: true, period: { sum: 45, mean: 20, wholeDays: 2 } }),
  ];
  const { total, average, days, isPartial } = summaryOf(months, true);
  assert.deepEqual([total, average, days, isPartial], [355, 350 / 33, 33, true]);
});

test("the month in which the data begins is a part of all years", () => {
  const months = [point("2016-11-01", 10, { days: 4 }), point("2016-12-01", 20, { days: 31 })];
  const shown = { from: "2016-11-27", to: "2026-11-28" };
  assert.equal(summaryOf(shownOf(months, shown, false), true).days, 35);
  const days = [point("2016-11-26", 1), point("2016-11-27", 2), point("2026-11-28", 3)];
  assert.deepEqual(
    shownOf(days, shown, true).map(({ key }) => key),
    ["2016-11-27"],
  );
});

test("of many samples the newest are listed", () => {
  const listed = newest(Array.from({ length: 500 }, (_, place) => place));
  assert.deepEqual([listed.length, listed[0], listed.at(-1)], [200, 499, 300]);
  assert.deepEqual([isEnough(0, 199), isEnough(0, 200), isEnough(SPANS.length - 1, 0)], [false, true, true]);
});

test("nothing has no average", () => {
  const { average, lowest, days } = summaryOf([point("a", null, { days: 0 })], false);
  assert.deepEqual([average, lowest, days], [null, null, 0]);
});

test("the period before begins at the same place", () => {
  const before = { from: "2026-10-01", to: "2026-11-01" };
  const earlier = [point("2026-10-01", 5), point("2026-10-03", 7)];
  assert.deepEqual(valuesBefore(["2026-11-01", "2026-11-02", "2026-11-03"], "2026-11-01", earlier, before), [
    5,
    null,
    7,
  ]);
});

test("local days begin at different instants", () => {
  const check = (day: string, zone: string | null, instant: string) =>
    assert.equal(new Date(startOfDayMs(day, zone)).toISOString(), instant);
  check("2026-11-26", "Europe/Berlin", "2026-11-25T23:00:00.000Z");
  check("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z");
  check("2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00.000Z");
  check("2026-11-26", "America/New_York", "2026-11-26T05:00:00.000Z");
  check("2026-11-26", null, "2026-11-26T00:00:00.000Z");
});

test("an axis of days has no hours, and its labels are at the noon of their days", () => {
  setLocale("en-GB");
  const noon = Date.parse("2026-11-23T12:00:00Z") / 1000;
  assert.ok(DAYS.every((step) => step >= 86_400));
  const label = (step: number, dayPx: number) => labelOfTick(labelled(noon, null), step, null, dayPx);
  assert.deepEqual([label(86_400, 40), label(86_400, 120)], ["M 23", "Mon 23"]);
  assert.deepEqual([label(2 * 86_400, 20), label(30 * 86_400, 3), label(365 * 86_400, 1)], ["23 Nov", "Nov", "2026"]);
  // A night that begins in the zone's evening, an hour before midnight in UTC.
  const instant = Date.parse("2026-11-23T22:30:00Z") / 1000;
  assert.equal(labelOfTick(labelled(instant, "Europe/Berlin"), 3600, "Europe/Berlin", 400), "23:30");
});

test("lines are drawn over bars, and the bar of a day that is not over is veiled", () => {
  const order = orderOf("bars");
  for (const line of ["before", "mean"] as const) assert.ok(order.indexOf(line) > order.indexOf("layers"), line);
  assert.ok(order.indexOf("partial") > order.indexOf("layers"));
  assert.deepEqual(unfinished([point("a", 1), point("b", 2, { partial: true })], [1, 2]), [null, 2]);
  assert.equal(unfinished([point("a", 1)], [1]), undefined);
});

test("a part of a day has no change against a whole one", () => {
  const [part, whole] = [summaryOf([point("b", 5, { partial: true })], true), summaryOf([point("a", 10)], true)];
  assert.equal(changeOf(part, whole), null);
  assert.equal(changeOf(whole, part), null);
  assert.equal(changeOf(summaryOf([point("b", 5)], true), whole), -0.5);
  assert.equal(changeOf(whole, null), null);
});

test("sums of weeks and longer are shown as averages per day", () => {
  const check = (isSum: boolean, bucket: string, expected: boolean) => assert.equal(isPerDay(isSum, bucket), expected);
  check(true, "month", true);
  check(true, "day", false);
  check(true, "hour", false);
  check(true, "sample", false);
  check(false, "month", false);
});

test("keys skip what has no value, and stay at the last one", () => {
  const values = [null, 5, null, 7, null];
  const check = (place: number, step: 1 | -1, expected: number) =>
    assert.equal(nextPlace(values, place, step), expected, `${place}, ${step}`);
  check(5, -1, 3);
  check(3, -1, 1);
  check(1, -1, 1);
  check(-1, 1, 1);
  check(3, 1, 3);
});

test("a chart of many years is labelled by years", () => {
  const least = (days: number) => Math.min(...stepsOf(days * DAY_S)) / DAY_S;
  assert.deepEqual([least(30), least(365), least(3650)], [1, 1, 365]);
});
