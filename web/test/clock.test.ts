import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addDays,
  clockText,
  dateOf,
  datesBetween,
  mean,
  meanTime,
  minutesFrom,
  offsetMs,
  weekday,
} from "../src/draw/clock.ts";

test("minutes are counted from the date's midnight", () => {
  const check = (date: string, local: string | null, expected: number | null) =>
    assert.equal(minutesFrom(date, local), expected, `${date} ${local}`);
  check("2026-11-25", "2026-11-24T22:30:00", -90);
  check("2026-11-25", "2026-11-25T07:17:00", 437);
  check("2026-03-01", "2026-02-28T23:59:30", -0.5);
  check("2026-11-25", null, null);
  check("2026-11-25", "<script>", null);
});

test("times are averaged round midnight", () => {
  const check = (times: number[], expected: string | null) => {
    const found = meanTime(times);
    assert.equal(found === null ? null : clockText(found.minutes), expected, `${times}`);
  };
  check([-60, 60], "00:00");
  check([23 * 60, 60], "00:00");
  check([22 * 60, 23 * 60, 24 * 60], "23:00");
  check([-120, -30], "22:45");
  check([6 * 60, 8 * 60], "07:00");
  // A worker on night shifts goes to bed in the morning.
  check([8 * 60, 9 * 60, 7 * 60], "08:00");
  check([], null);
  check([0, 720], null);
});

test("the spread of equal times is 0, and that of an hour's difference half an hour", () => {
  assert.ok((meanTime([100, 100])?.spread ?? 9) < 1e-4);
  assert.ok(Math.abs((meanTime([-30, 30])?.spread ?? 0) - 30) < 0.1);
});

test("a mean leaves out what is missing", () => {
  assert.equal(mean([1, null, 3]), 2);
  assert.equal(mean([null]), null);
});

test("dates go over months and changes of clocks", () => {
  assert.equal(addDays("2026-02-28", 1), "2026-03-01");
  assert.equal(addDays("2026-03-29", -1), "2026-03-28");
  assert.deepEqual(datesBetween("2026-12-31", "2027-01-02"), ["2026-12-31", "2027-01-01"]);
  assert.equal(weekday("2026-11-26"), 3);
});

test("zones are those of the instant", () => {
  const check = (instant: string, zone: string, hours: number, date: string) => {
    assert.equal(offsetMs(Date.parse(instant), zone) / 3_600_000, hours, `${instant} ${zone}`);
    assert.equal(dateOf(Date.parse(instant), zone), date, `${instant} ${zone}`);
  };
  check("2026-03-29T00:59:59.999Z", "Europe/Berlin", 1, "2026-03-29");
  check("2026-03-29T01:00:00Z", "Europe/Berlin", 2, "2026-03-29");
  check("2026-07-01T15:00:00Z", "Asia/Tokyo", 9, "2026-07-02");
  check("2026-07-01T15:00:00Z", "No/Such", 0, "2026-07-01");
});
