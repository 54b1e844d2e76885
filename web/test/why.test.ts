import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Explanation } from "../src/api/shapes.ts";
import { setLocale } from "../src/format/locale.ts";
import { measureOf } from "../src/format/units.ts";
import { joinedSpans, lanesOf, spanOf, ticksOf } from "../src/views/why/lanes.ts";
import { hiddenOf, leadOf, overlapOf } from "../src/views/why/lead.ts";

beforeEach(() => setLocale("en-GB"));
const source = (name: string, value: number, recorded = value) => ({
  source: name,
  value,
  recorded,
  samples: 2,
  covered_min: 60,
});
const stretch = (start: string, end: string, name: string) => ({ start, end, source: name, stage: null });
const DAY: Explanation = {
  type: "steps",
  unit: "count",
  zone: "Europe/Berlin",
  day: "2026-11-25",
  start: "2026-11-24T23:00:00Z",
  end: "2026-11-25T23:00:00Z",
  value: 1000,
  adds_up: true,
  naive: 1600,
  samples: 4,
  sources: [source("Watch", 700), source("Phone", 300)],
  stretches: [
    stretch("2026-11-25T08:00:00", "2026-11-25T09:00:00", "Watch"),
    stretch("2026-11-25T09:00:00", "2026-11-25T09:30:00", "Watch"),
    stretch("2026-11-25T23:30:00", "2026-11-26T00:10:00", "Phone"),
  ],
  left_out: [],
  stale: false,
};
const STEPS = measureOf("steps", "count", "metric");
const at = (text: string) => Date.parse(`${text}Z`);

test("what was recorded twice is the difference, but rounding is nothing", () => {
  assert.equal(overlapOf(DAY), 600);
  assert.equal(overlapOf({ ...DAY, naive: 1000.0004 }), 0);
  assert.equal(overlapOf({ ...DAY, naive: null }), 0);
  assert.equal(overlapOf({ ...DAY, adds_up: false }), 0);
});

test("of a source is hidden what a better one recorded also", () => {
  assert.equal(hiddenOf(source("Phone", 300, 900)), 600);
  assert.equal(hiddenOf(source("Phone", 0, 900)), 900);
  assert.equal(hiddenOf(source("Watch", 700)), 0);
  assert.equal(hiddenOf(source("Watch", 700, 700.0001)), 0);
  assert.equal(hiddenOf({ value: 60, recorded: null }), 0);
});

test("the sentence fits the day", () => {
  assert.match(leadOf(DAY, "steps", STEPS), /make 1,600\. 600 of that/);
  assert.match(leadOf({ ...DAY, naive: 1000 }, "steps", STEPS), /do not overlap/);
  assert.match(
    leadOf({ ...DAY, naive: 1000, sources: [source("Watch", 1000)] }, "steps", STEPS),
    /from Watch\. Nothing else/,
  );
  assert.match(leadOf({ ...DAY, naive: 1000, sources: [source("", 1000)] }, "steps", STEPS), /from a source without/);
  const count = { ...DAY, adds_up: false, unit: null, naive: null, value: 1, samples: 1, sources: [] };
  assert.equal(leadOf(count, "headache", STEPS), "A count: 1 sample on this day.");
  assert.match(leadOf({ ...DAY, adds_up: false }, "heart_rate", STEPS), /^The mean of 4 samples/);
});

test("each source has a lane, and the day is as wide as it needs", () => {
  const lanes = lanesOf(DAY);
  assert.deepEqual(
    [...lanes].map(([name, spans]) => [name, spans.length]),
    [
      ["Watch", 2],
      ["Phone", 1],
    ],
  );
  assert.deepEqual(joinedSpans(lanes.get("Watch") ?? []), [
    { from: at("2026-11-25T08:00:00"), to: at("2026-11-25T09:30:00") },
  ]);
  assert.deepEqual(spanOf(DAY, lanes), { from: at("2026-11-25T00:00:00"), to: at("2026-11-26T01:00:00") });
  assert.equal(spanOf(DAY, new Map()), null);
});

test("an axis has at most five hours", () => {
  const ticks = ticksOf({ from: at("2026-11-25T00:00:00"), to: at("2026-11-26T00:00:00") });
  assert.equal(ticks.length, 5);
  assert.ok(ticksOf({ from: at("2026-11-24T22:00:00"), to: at("2026-11-25T04:00:00") }).length <= 5);
});
