import assert from "node:assert/strict";
import { test } from "node:test";
import type { WorkoutRow } from "../src/api/shapes.ts";
import { activitiesOf, firstOf, months } from "../src/views/workouts/months.ts";

const workout = (
  start: string | null,
  activity: string,
  distance: number | null,
  zone: string | null = null,
): WorkoutRow => ({
  uuid: `${start} ${activity}`,
  activity,
  start,
  end: null,
  duration_s: 600,
  energy_kcal: null,
  distance_km: distance,
  source: null,
  has_route: false,
  zone,
});

const all = [
  workout("2026-10-05T10:00:00.000Z", "running", 5),
  workout("2026-11-05T10:00:00.000Z", "yoga", null),
  workout("2026-11-06T10:00:00.000Z", "running", 7),
  workout(null, "running", 9),
];

test("workouts stand in months, the newest first, with their sums", () => {
  const found = months(all, "Europe/Berlin");
  assert.deepEqual(
    found.map(({ month, workouts, seconds, kilometers }) => [month, workouts.length, seconds, kilometers]),
    [
      ["2026-11", 2, 1200, 7],
      ["2026-10", 1, 600, 5],
    ],
  );
  assert.equal(found[0]?.workouts[0]?.activity, "running");
  assert.equal(months([workout("2026-11-05T10:00:00.000Z", "yoga", null)], null)[0]?.kilometers, null);
});

test("a workout is in the month of its zone", () => {
  const late = "2026-11-30T20:00:00.000Z";
  const found = months(
    [
      workout(late, "running", 5, "Asia/Tokyo"),
      workout("2026-11-30T21:00:00.000Z", "running", 5, "Europe/Berlin"),
      workout("2026-11-30T19:00:00.000Z", "running", 5, "no zone"),
      workout("2026-11-30T18:00:00.000Z", "running", 5, "Asia/Tokyo"),
    ],
    "Europe/Berlin",
  );
  assert.deepEqual(
    found.map(({ month, workouts }) => [month, workouts.length]),
    [
      ["2026-12", 2],
      ["2026-11", 2],
    ],
  );
});

test("the month is that where the person is", () => {
  const late = [workout("2026-11-30T20:00:00.000Z", "running", 5)];
  assert.equal(months(late, "Asia/Tokyo")[0]?.month, "2026-12");
  assert.equal(months(late, null)[0]?.month, "2026-11");
});

test("the first rows are those of the newest months", () => {
  const cut = (count: number) => firstOf(months(all, "Europe/Berlin"), count).map(({ workouts }) => workouts.length);
  assert.deepEqual(cut(1), [1]);
  assert.deepEqual(cut(2), [2]);
  assert.deepEqual(cut(9), [2, 1]);
  assert.deepEqual(cut(0), []);
});

test("the most frequent activity is the first choice", () => {
  assert.deepEqual(activitiesOf(all), ["running", "yoga"]);
});
