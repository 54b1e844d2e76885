import assert from "node:assert/strict";
import { test } from "node:test";
import { climb, type Line, metres, series, track, valueAt } from "../src/draw/track.ts";

const START = Date.parse("2026-01-06T07:00:00.000Z");
/** North along a meridian at 3 m/s, a position each `everyS` seconds. */
const straight = (count: number, everyS: number, startS = 0): { coordinates: number[][]; times: string[] } => {
  const places = Array.from({ length: count }, (_, place) => place);
  const degrees = 3 / 111_195.08;
  return {
    coordinates: places.map((place) => [8.5, 47 + (startS + place * everyS) * degrees, 450 + place]),
    times: places.map((place) => new Date(START + (startS + place * everyS) * 1000).toISOString()),
  };
};
const line = (...parts: { coordinates: number[][]; times: string[] }[]): Line => ({
  geometry: { coordinates: parts.map(({ coordinates }) => coordinates) },
  properties: { times: parts.map(({ times }) => times) },
});

test("a degree of latitude has 111 km", () => {
  assert.ok(Math.abs(metres([8, 47], [8, 48]) - 111_195) < 1);
  assert.equal(metres([8, 47], [8, 47]), 0);
  assert.ok(metres([179.999, 0], [-179.999, 0]) < 223);
});

test("speed and distance are those of the walk", () => {
  for (const every of [1, 2, 10, 40]) {
    const points = track(line(straight(30, every)));
    assert.ok(
      points.every(({ speed }) => speed !== null && Math.abs(speed - 3) < 0.01),
      `${every}`,
    );
    assert.ok(Math.abs((points.at(-1)?.distance ?? 0) - 3 * 29 * every) < 1);
  }
});

test("a gap between two parts adds no distance and has no speed", () => {
  const points = track(line(straight(5, 2), straight(5, 2, 1000)));
  assert.ok(Math.abs((points.at(-1)?.distance ?? 0) - 48) < 0.1);
  assert.ok(points.every(({ speed }) => Math.abs((speed ?? 0) - 3) < 0.01));
});

test("with minutes of silence the speed is unknown", () => {
  assert.ok(track(line(straight(3, 600))).every(({ speed }) => speed === null));
  assert.deepEqual(
    track(line(straight(1, 1))).map(({ speed }) => speed),
    [null],
  );
});

test("a position without time or number is left out", () => {
  const broken = straight(3, 2);
  broken.times[1] = "then";
  broken.coordinates[2] = [];
  assert.equal(track(line(broken)).length, 1);
});

test("a value between two readings is on their line, and unknown far from both", () => {
  const readings = series([
    { start: "1970-01-01T00:00:10Z", value: 120 },
    { start: "1970-01-01T00:00:00Z", value: 100 },
    { start: null, value: 9 },
  ]);
  const check = (time: number, expected: number | null) =>
    assert.equal(valueAt(readings, time, 20_000), expected, `${time}`);
  check(0, 100);
  check(5000, 110);
  check(10_000, 120);
  check(29_000, 120);
  check(31_000, null);
  check(-21_000, null);
  assert.equal(valueAt({ at: [], values: [] }, 0, 9), null);
});

test("small jumps of the height are no climb", () => {
  const heights = (...all: (number | null)[]) =>
    climb(all.map((height) => ({ at: 0, longitude: 0, latitude: 0, height, distance: 0, speed: null, part: 0 })));
  assert.deepEqual(heights(100, 101, 100, 102, 100), { up: 0, down: 0 });
  assert.deepEqual(heights(100, 110, null, 104), { up: 10, down: 6 });
  // Twice up and down round a lake, as the curve shows it: 9, 18 and 9 metres up.
  const lake = Array.from({ length: 121 }, (_, place) => 34 + 9 * Math.sin((4 * Math.PI * place) / 120));
  assert.deepEqual(heights(...lake.map((height) => Math.round(height))), { up: 36, down: 36 });
  assert.deepEqual(heights(100, 102, 101, 104, 102, 106, 95, 97, 95), { up: 6, down: 11 });
  assert.equal(heights(null), null);
});
