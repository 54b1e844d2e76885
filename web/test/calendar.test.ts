import assert from "node:assert/strict";
import { test } from "node:test";
import { addDays, addMonths, dayIn, daysBetween, isDay, startOfWeek } from "../src/format/calendar.ts";

test("days are added over the ends of months and years", () => {
  assert.equal(addDays("2026-02-28", 1), "2026-03-01");
  assert.equal(addDays("2028-02-28", 1), "2028-02-29");
  assert.equal(addDays("2026-01-01", -1), "2025-12-31");
  assert.equal(daysBetween("2026-10-24", "2026-10-26"), 2);
});

test("a month later is at most the last day of that month", () => {
  assert.equal(addMonths("2026-01-31", 1), "2026-02-28");
  assert.equal(addMonths("2026-03-31", -1), "2026-02-28");
  assert.equal(addMonths("2026-11-15", 3), "2027-02-15");
});

test("weeks begin on Monday", () => {
  assert.equal(startOfWeek("2026-11-26"), "2026-11-23");
  assert.equal(startOfWeek("2026-11-23"), "2026-11-23");
  assert.equal(startOfWeek("2026-11-22"), "2026-11-16");
});

test("only real days are days", () => {
  assert.ok(isDay("2028-02-29"));
  for (const text of ["2026-02-29", "2026-13-01", "2026-1-1", "", null, "<script>"]) assert.ok(!isDay(text));
});

test("an instant is on another day in another zone", () => {
  const instant = new Date("2026-11-26T23:30:00Z");
  assert.equal(dayIn("Europe/Berlin", instant), "2026-11-27");
  assert.equal(dayIn("America/New_York", instant), "2026-11-26");
  assert.equal(dayIn(null, instant), "2026-11-26");
});
