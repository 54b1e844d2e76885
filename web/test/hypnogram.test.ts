import assert from "node:assert/strict";
import { test } from "node:test";
import { asleepIn, hypnogram, minutesOf, onWall, parts, type Segment } from "../src/draw/hypnogram.ts";

const at = (clock: string) => `2026-01-06T${clock}:00.000Z`;
const segment = (stage: string | null, from: string, to: string, source = "Watch"): Segment => ({
  stage,
  start: at(from),
  end: at(to),
  source,
});
const seen = (segments: Segment[]) =>
  hypnogram(segments).blocks.map(
    ({ stage, from, to }) =>
      `${stage} ${new Date(from).toISOString().slice(11, 16)} ${new Date(to).toISOString().slice(11, 16)}`,
  );

test("a stage that nobody knows has no lane and no block", () => {
  const night = hypnogram([
    segment("asleepLucid", "01:00", "02:00"),
    segment("__proto__", "01:00", "02:00"),
    segment(null, "01:00", "02:00"),
  ]);
  assert.deepEqual(night, { blocks: [], inBed: [], lanes: [] });
});

test("time in bed covers no lane", () => {
  const night = hypnogram([
    segment("inBed", "00:00", "07:00"),
    segment("inBed", "07:00", "07:30"),
    segment("asleepCore", "01:00", "02:00"),
  ]);
  assert.equal(night.blocks.length, 1);
  assert.deepEqual(night.inBed, [{ from: Date.parse(at("00:00")), to: Date.parse(at("07:30")) }]);
});

test("overlapping sources are cut to one", () => {
  const segments = [
    segment("asleepUnspecified", "00:00", "06:00", "App"),
    segment("asleepCore", "01:00", "02:00"),
    segment("awake", "02:00", "02:30"),
    segment("asleepDeep", "01:30", "02:15"),
  ];
  assert.deepEqual(seen(segments), [
    "asleep 00:00 01:00",
    "core 01:00 02:00",
    "deep 02:00 02:15",
    "awake 02:15 02:30",
    "asleep 02:30 06:00",
  ]);
  const minutes = minutesOf(hypnogram(segments).blocks);
  assert.equal(
    Object.values(minutes).reduce((sum, value) => sum + value),
    360,
  );
});

test("neighbours of one stage become one block", () => {
  assert.deepEqual(seen([segment("asleepREM", "02:00", "03:00"), segment("asleepREM", "01:00", "02:00")]), [
    "rem 01:00 03:00",
  ]);
});

test("a segment that ends before it starts is left out", () => {
  assert.deepEqual(
    seen([segment("asleepREM", "03:00", "02:00"), { stage: "awake", start: null, end: at("02:00"), source: null }]),
    [],
  );
});

test("the lane of sleep without stages is there only with such sleep", () => {
  assert.deepEqual(hypnogram([segment("asleepCore", "01:00", "02:00")]).lanes, ["awake", "rem", "core", "deep"]);
  assert.deepEqual(hypnogram([segment("asleepUnspecified", "01:00", "02:00")]).lanes, ["asleep"]);
});

test("a nap is apart from its night", () => {
  const night = hypnogram([
    segment("asleepCore", "00:00", "03:00"),
    segment("asleepDeep", "03:40", "06:00"),
    segment("asleepCore", "13:00", "13:40"),
  ]);
  const found = parts(night, "2026-01-06T01:00:00", "2026-01-06T07:00:00", "Europe/Berlin");
  assert.deepEqual(found?.night, { from: Date.parse(at("00:00")), to: Date.parse(at("06:00")) });
  assert.deepEqual(found?.naps, [{ from: Date.parse(at("13:00")), to: Date.parse(at("13:40")) }]);
  assert.equal(parts(hypnogram([]), null, null, "UTC"), null);
});

test("blocks stand on the wall clock of their zone", () => {
  const { blocks } = hypnogram([segment("asleepCore", "00:30", "01:30")]);
  assert.deepEqual(onWall(blocks, "2026-01-06", "America/New_York"), [{ stage: "core", from: -270, to: -210 }]);
});

test("sleep begins behind getting into bed and lying awake", () => {
  const night = hypnogram([
    segment("inBed", "00:45", "07:00"),
    segment("awake", "00:50", "00:57"),
    segment("asleepCore", "00:57", "03:00"),
    segment("awake", "03:00", "03:10"),
    segment("asleepDeep", "03:10", "06:34"),
    segment("awake", "06:34", "06:40"),
    segment("asleepCore", "13:00", "13:40"),
  ]);
  const found = parts(night, "2026-01-06T01:45:00", "2026-01-06T07:40:00", "Europe/Berlin");
  assert.ok(found);
  assert.deepEqual(asleepIn(night, found.night), { from: Date.parse(at("00:57")), to: Date.parse(at("06:34")) });
  assert.equal(asleepIn(hypnogram([segment("awake", "01:00", "02:00")]), { from: 0, to: 9e12 }), null);
});
