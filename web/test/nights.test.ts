import assert from "node:assert/strict";
import { test } from "node:test";
import { clockText } from "../src/draw/clock.ts";
import { averages, bars, type Night, seenAt, stagesOf, weekBars } from "../src/draw/nights.ts";

const night = (date: string, bedtime: string | null, wake: string | null, more: Partial<Night> = {}): Night => ({
  night: date,
  asleep_min: 400,
  in_bed_min: 450,
  core_min: 200,
  deep_min: 100,
  rem_min: 100,
  unspecified_min: 0,
  awake_min: 20,
  asleep_main_min: 400,
  bedtime,
  wake_time: wake,
  awakenings: 1,
  naps: 0,
  in_bed_estimated: false,
  approximate: false,
  partial: false,
  zone: null,
  ...more,
});

const week = [
  night("2026-01-05", "2026-01-04T23:30:00", "2026-01-05T07:00:00"),
  night("2026-01-06", "2026-01-06T00:30:00", "2026-01-06T08:00:00", { asleep_min: 300, naps: 1 }),
  night("2026-01-08", "2026-01-08T04:10:00", "2026-01-08T11:50:00", { partial: true, asleep_min: 10 }),
];

test("a night that is missing has no bar", () => {
  const found = bars(week, "2026-01-05", "2026-01-12");
  assert.deepEqual(found.dates.length, 7);
  assert.deepEqual(
    found.bars.map(({ column, from, to }) => [column, from, to]),
    [
      [0, -30, 420],
      [1, 30, 480],
      [3, 250, 710],
    ],
  );
  assert.deepEqual([found.from, found.to], [-60, 780]);
});

test("no bars without times, and none outside of the dates", () => {
  const found = bars(
    [night("2026-01-05", null, null), night("2027-01-05", "2027-01-04T23:30:00", "2027-01-05T07:00:00")],
    "2026-01-05",
    "2026-01-07",
  );
  assert.deepEqual(found.bars, []);
  assert.deepEqual([found.from, found.to], [-180, 540]);
});

test("averages go round midnight and leave the night that is not over out", () => {
  const found = averages(week);
  assert.equal(found.nights, 2);
  assert.equal(found.asleep, 350);
  assert.equal(clockText(found.bedtime?.minutes ?? 1), "00:00");
  assert.equal(clockText(found.waking?.minutes ?? 1), "07:30");
  assert.equal(found.naps, 1);
});

test("a night without stages does not count as one of 0 minutes", () => {
  const plain = night("2026-01-07", null, null, {
    core_min: 0,
    deep_min: 0,
    rem_min: 0,
    awake_min: 0,
    unspecified_min: 420,
  });
  const found = averages([...week, plain]);
  assert.equal(found.stages.deep, 100);
  assert.equal(found.stages.asleep, 420);
  assert.equal(averages([plain]).stages.deep, null);
  assert.equal(averages([]).asleep, null);
});

test("stages without minutes are left out", () => {
  assert.deepEqual(stagesOf(night("2026-01-07", null, null, { rem_min: 0, core_min: null })), [
    { stage: "deep", minutes: 100 },
    { stage: "awake", minutes: 20 },
  ]);
});

test("a night is over three hours after waking, on the clocks of where the person was", () => {
  const open = night("2026-01-08", "2026-01-07T23:00:00", "2026-01-08T07:00:00", { partial: true });
  const check = (now: string, zone: string | null, expected: boolean) =>
    assert.equal(seenAt({ ...open, zone }, new Date(now), "UTC").partial, expected, now);
  check("2026-01-08T09:59:00Z", null, true);
  check("2026-01-08T10:00:00Z", null, false);
  check("2026-01-08T08:59:00Z", "Europe/Berlin", true);
  check("2026-01-08T09:00:00Z", "Europe/Berlin", false);
  assert.equal(seenAt({ ...open, wake_time: null }, new Date("2026-01-09T00:00:00Z"), "UTC").partial, true);
});

test("seven nights are one bar, counted back from the last date", () => {
  const { dates, bars: found, from, to } = weekBars(bars(week, "2026-01-04", "2026-01-13"));
  assert.deepEqual(dates, ["2026-01-05", "2026-01-12"]);
  // Neither the night that is not over counts nor the days without one.
  assert.deepEqual(found, [
    { first: "2026-01-04", last: "2026-01-05", column: 0, from: -30, to: 420, asleep: 400, nights: 1 },
    { first: "2026-01-06", last: "2026-01-12", column: 1, from: 30, to: 480, asleep: 300, nights: 1 },
  ]);
  assert.deepEqual([from, to], [-60, 540]);
  assert.deepEqual(weekBars(bars([], "2026-01-05", "2026-01-12")).bars, []);
});
