import assert from "node:assert/strict";
import { test } from "node:test";
import {
  degreesText,
  isOfApple,
  labelledMeridians,
  mapLink,
  nearestPoint,
  rampStep,
  runsOf,
  scaleBar,
  scaleOf,
  sketch,
  strokes,
  unwrapped,
} from "../src/draw/route.ts";
import { metres, type Point } from "../src/draw/track.ts";

const point = (longitude: number, latitude: number, part = 0): Point => ({
  at: 0,
  longitude,
  latitude,
  height: null,
  distance: 0,
  speed: null,
  part,
});
const square = [point(8.5, 47), point(8.52, 47), point(8.52, 47.01), point(8.5, 47.01)];

test("a route keeps its shape and stays inside", () => {
  const found = sketch(square, 400, 300, 20);
  assert.ok(found);
  for (let index = 0; index < 4; index += 1) {
    assert.ok((found.x[index] ?? -1) >= 19.9 && (found.x[index] ?? 999) <= 380.1);
    assert.ok((found.y[index] ?? -1) >= 19.9 && (found.y[index] ?? 999) <= 280.1);
  }
  const wide = ((found.x[1] ?? 0) - (found.x[0] ?? 0)) * found.metresPerPixel;
  assert.ok(Math.abs(wide / metres([8.5, 47.005], [8.52, 47.005]) - 1) < 0.001);
  const high = ((found.y[1] ?? 0) - (found.y[2] ?? 0)) * found.metresPerPixel;
  assert.ok(Math.abs(high / metres([8.5, 47], [8.5, 47.01]) - 1) < 0.001);
});

test("north is up and east is right", () => {
  const found = sketch(square, 400, 300, 20);
  assert.ok((found?.y[2] ?? 0) < (found?.y[1] ?? 0) && (found?.x[1] ?? 0) > (found?.x[0] ?? 0));
});

test("the graticule has round degrees inside of the picture", () => {
  const found = sketch(square, 400, 300, 20);
  assert.ok(found && found.meridians.length >= 1 && found.parallels.length >= 1);
  for (const { at, degrees } of found.meridians) {
    assert.ok(at >= 0 && at <= 400);
    assert.equal(
      degreesText(degrees, found.decimals, ["E", "W"]),
      `${Number(degrees.toFixed(found.decimals)).toFixed(found.decimals)}° E`,
    );
  }
  assert.equal(degreesText(-33.5, 2, ["N", "S"]), "33.50° S");
  assert.equal(degreesText(-0.0000001, 2, ["N", "S"]), "0.00°");
});

test("a route over the date line is one line", () => {
  assert.deepEqual(unwrapped([179.99, -179.99, 179.98]), [179.99, 180.01, 179.98]);
  const found = sketch([point(179.99, 10), point(-179.99, 10)], 400, 300, 20);
  assert.ok((found?.metresPerPixel ?? 1e9) < 10);
  assert.ok(found?.meridians.every(({ degrees }) => degrees >= -180 && degrees < 180));
});

test("a route of one place has a map, and one of none has not", () => {
  assert.equal(sketch([point(8, 47)], 400, 300, 20)?.x[0], 200);
  assert.equal(sketch([], 400, 300, 20), null);
});

test("the scale is round and fits", () => {
  const found = sketch(square, 400, 300, 20);
  assert.ok(found);
  for (const unit of [1, 0.3048, 1609.344]) {
    const { length, pixels } = scaleBar(found, unit);
    assert.ok(pixels <= 120.01 && pixels > 30, `${unit} ${pixels}`);
    assert.match(String(Number(length.toPrecision(3))), /^(0\.0*)?[125]0*$/);
  }
});

test("one jump of a sensor does not spoil the colours", () => {
  const scale = scaleOf([...Array.from({ length: 99 }, (_, place) => 100 + place), 900, null]);
  assert.ok(scale && scale.to < 200);
  const check = (value: number | null, step: number) => assert.equal(rampStep(value, scale), step, `${value}`);
  check(0, 0);
  check(900, 6);
  check(149, 3);
  check(null, -1);
  assert.equal(rampStep(5, { from: 5, to: 5 }), 3);
  assert.equal(scaleOf([null]), null);
});

test("strokes share their ends, and parts do not", () => {
  const points = [point(0, 0), point(1, 0), point(2, 0), point(3, 0), point(5, 0, 1), point(6, 0, 1)];
  const found = sketch(points, 120, 120, 10);
  assert.ok(found);
  const drawn = strokes(runsOf(points, [0, 0, 3, 3, 3, 3]), found);
  assert.deepEqual(
    drawn.map(({ step }) => step),
    [0, 3, 3],
  );
  assert.equal(drawn[0]?.d.split("L")[1], drawn[1]?.d.slice(1).split("L")[0]);
  assert.equal(nearestPoint(found, (found.x[4] ?? 0) + 1, found.y[4] ?? 0), 4);
});

test("a small graticule also has a labelled meridian, and labels do not overlap", () => {
  for (let place = 0; place < 200; place += 1) {
    const west = 13 + place * 0.00137;
    const route = [point(west, 52.5), point(west + 0.002 + place * 0.0004, 52.51)];
    for (const width of [288, 326, 358]) {
      const found = sketch(route, width, 260, 36) ?? assert.fail();
      const places = labelledMeridians(found).map(({ at }) => at);
      assert.ok(places.length > 0, `${west}, ${width} px: ${found.meridians.map(({ at }) => at)}`);
      assert.ok(places.every((at, index) => index === 0 || at - (places[index - 1] ?? 0) >= 72));
    }
  }
});

test("a place is a link that an app of maps opens", () => {
  const place = { latitude: 52.5, longitude: -13.4000049 };
  assert.equal(mapLink(place, false), "geo:52.50000,-13.40000");
  assert.equal(mapLink(place, true), "maps://?ll=52.50000,-13.40000&q=52.50000,-13.40000");
  const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15";
  assert.deepEqual([isOfApple(phone), isOfApple("Mozilla/5.0 (Linux; Android 16)")], [true, false]);
});
