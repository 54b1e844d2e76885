import assert from "node:assert/strict";
import { test } from "node:test";
import { pauses, splitRows, statistics, workoutEvents, zoneRows } from "../src/draw/effort.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 0, 6, 7, minute)).toISOString();

test("splits are compared with the fastest, and the last one may be a rest", () => {
  const splits = [
    { number: 1, start: at(0), end: at(5), distance_m: 1000, seconds: 300 },
    { number: 2, start: at(5), end: at(9), distance_m: 1000, seconds: 240 },
    { number: 3, start: at(9), end: at(10), distance_m: 990, seconds: 594 },
    { number: 4, start: null, end: null, distance_m: null, seconds: 9 },
  ];
  const rates = [
    { start: at(1), value: 120 },
    { start: at(2), value: 140 },
    { start: at(6), value: 160 },
  ];
  const rows = splitRows(splits, 1000, rates);
  assert.deepEqual(
    rows.map(({ isRest, heartRate }) => [isRest, heartRate]),
    [
      [false, 130],
      [false, 160],
      [true, null],
    ],
  );
  assert.equal(rows[1]?.share, 1);
  assert.ok(Math.abs((rows[0]?.share ?? 0) - 0.8) < 0.001);
  assert.deepEqual(splitRows([], 1000, []), []);
});

test("zones are shares of the time in zones", () => {
  const zones = [
    { zone: 1, from: 80, to: 100, seconds: 300 },
    { zone: 2, from: 100, to: null, seconds: 100 },
  ];
  assert.deepEqual(
    zoneRows(zones).map(({ share }) => share),
    [0.75, 0.25],
  );
  assert.deepEqual(zoneRows(zones.map((zone) => ({ ...zone, seconds: 0 }))), []);
});

test("events are read by number and by name, and anything else is left out", () => {
  const sent = [
    { type: 1, startDate: at(10), endDate: at(10) },
    { type: "HKWorkoutEventTypeResume", startDate: at(12), endDate: at(12) },
    { type: 99, startDate: at(13) },
    { type: 1, startDate: "<script>" },
    7,
    null,
  ];
  const events = workoutEvents(sent);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["pause", "resume", "other"],
  );
  assert.deepEqual(pauses(events, 0), [{ from: Date.parse(at(10)), to: Date.parse(at(12)) }]);
  assert.deepEqual(workoutEvents("none"), []);
});

test("a pause without a resume lasts to the end", () => {
  const events = workoutEvents([{ type: 1, startDate: at(10) }]);
  assert.deepEqual(pauses(events, Date.parse(at(20))), [{ from: Date.parse(at(10)), to: Date.parse(at(20)) }]);
});

test("statistics are read from JSON of any shape", () => {
  const sent = {
    HKQuantityTypeIdentifierHeartRate: {
      averageQuantity: { unit: "count/min", quantity: 140 },
      maximumQuantity: { unit: "count/min", quantity: 171 },
    },
    HKQuantityTypeIdentifierStepCount: { sumQuantity: { quantity: "many" } },
    other: 3,
  };
  assert.deepEqual(statistics(sent), [
    {
      identifier: "HKQuantityTypeIdentifierHeartRate",
      unit: "count/min",
      sum: null,
      average: 140,
      minimum: null,
      maximum: 171,
    },
  ]);
  assert.deepEqual(statistics(null), []);
});
