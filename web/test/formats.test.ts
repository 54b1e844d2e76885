import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { formatAge, formatDay, formatDays, formatHour, formatLocalTime, formatTime } from "../src/format/dates.ts";
import { formatClock, formatDuration, formatMinutes } from "../src/format/durations.ts";
import { setLocale } from "../src/format/locale.ts";
import { formatBytes, formatChange, formatNumber, formatPercent } from "../src/format/numbers.ts";
import { measureOf, measureOfRow } from "../src/format/units.ts";

beforeEach(() => setLocale("en-GB"));
// Browsers and versions of Node differ in which spaces they use.
const plain = (text: string) => text.replace(/[\u00a0\u202f\u2009]/g, " ");

test("numbers follow the language, and absence is never 0", () => {
  assert.equal(formatNumber(12345.678, 1), "12,345.7");
  assert.equal(formatNumber(-0.2), "0");
  assert.equal(formatNumber(-3), "−3");
  assert.equal(formatNumber(null), "–");
  assert.equal(formatNumber(Number.NaN), "–");
  setLocale("de-DE");
  assert.equal(formatNumber(12345.678, 1), "12.345,7");
  assert.equal(plain(formatPercent(0.957, 1)), "95,7 %");
});

test("a change has a sign", () => {
  assert.equal(formatChange(0.124), "+12%");
  assert.equal(formatChange(-0.05), "−5%");
  assert.equal(formatChange(0), "0%");
  assert.equal(formatChange(null), "–");
});

test("lengths of time", () => {
  assert.equal(formatMinutes(432), "7h 12m");
  assert.equal(formatMinutes(60), "1h");
  assert.equal(formatMinutes(0), "0m");
  assert.equal(formatDuration(42), "42s");
  assert.equal(formatDuration(59 * 60 + 59), "1h");
  assert.equal(formatDuration(null), "–");
  assert.equal(formatClock(3723), "1:02:03");
  assert.equal(formatClock(330), "5:30");
});

test("days and times", () => {
  assert.match(formatDay("2026-11-26", "long"), /^Thursday,? 26 November$/);
  assert.match(formatDays("2026-11-03", "2026-11-09"), /^3\s?–\s?9 Nov 2026$/);
  assert.match(formatTime("2026-11-26T23:30:00Z", "Europe/Berlin"), /^0?0:30$/);
  // Days without a known zone are those of UTC: so are times.
  assert.equal(formatTime("2026-11-26T23:30:00Z", null), "23:30");
  assert.equal(formatLocalTime("2026-01-05T22:05:00"), "22:05");
  assert.equal(formatHour(22 * 3_600_000), "22:00");
  setLocale("en-US");
  assert.match(formatHour(22 * 3_600_000), /^10\sPM$/);
  assert.equal(formatDay(null), "–");
});

test("ages are rounded down", () => {
  const now = new Date("2026-11-26T12:00:00Z");
  assert.equal(formatAge("2026-11-26T11:47:01Z", now), "12 min ago");
  assert.equal(formatAge("2026-11-26T11:59:30Z", now), "just now");
  assert.equal(formatAge("2026-11-25T11:00:00Z", now), "1 day ago");
  assert.equal(formatAge("2026-11-26T12:00:30Z", now), "just now");
  assert.equal(formatAge("2026-11-26T12:33:00Z", now), "in the future");
  assert.match(formatAge("2024-11-20T11:00:00Z", now), /^2 yrs? ago$/);
  assert.equal(formatAge(null, now), "–");
});

test("sizes", () => {
  assert.equal(plain(formatBytes(532)), "532 byte");
  assert.equal(plain(formatBytes(1_500_000)), "1.5 MB");
});

test("units are those that people read", () => {
  const check = (type: string, unit: string | null, value: number, metric: string, us: string) => {
    assert.equal(plain(measureOf(type, unit, "metric").format(value)), metric, type);
    assert.equal(plain(measureOf(type, unit, "us").format(value)), us, type);
  };
  check("walking_running_distance", "m", 5000, "5.00 km", "3.11 mi");
  check("body_mass", "kg", 70.44, "70.4 kg", "155.3 lb");
  check("sleeping_wrist_temperature", "degC", 36.6, "36.6 °C", "97.9 °F");
  check("heart_rate", "count/min", 61.6, "62 bpm", "62 bpm");
  check("respiratory_rate", "count/min", 14.25, "14.3 /min", "14.3 /min");
  check("steps", "count", 7000, "7,000", "7,000");
  check("steps", "count", 8438.67, "8,438", "8,438");
  check("steps", "count", 999.9999999, "1,000", "1,000");
  check("flights_climbed", "count", 9.9, "9", "9");
  check("blood_sugar", "mg/dL", 5.5, "5.5 mg/dL", "5.5 mg/dL");
  check("blood_sugar", "mg/dL", 99.6, "100 mg/dL", "100 mg/dL");
  check("spo2", "%", 0.9325, "93.3%", "93.3%");
  check("exercise_time", "min", 95, "1h 35m", "1h 35m");
  check("walking_speed", "m/s", 1.25, "4.5 km/h", "2.8 mph");
  check("height", "m", 1.8, "180 cm", "70.9 in");
  check("caffeine", "g", 0.12, "120 mg", "120 mg");
  check("unknown", "furlong", 2, "2.0 furlong", "2.0 furlong");
  assert.equal(measureOf("body_mass", "kg", "us").format(null), "–");
  assert.equal(measureOf("steps", "count", "metric").formatShown(7.9), "7");
});

test("samples of categories are counted", () => {
  const headache = measureOfRow({ type: "headache", method: "values" }, null, "metric");
  assert.equal(headache.format(1), "1 sample");
  assert.equal(headache.format(3), "3 samples");
  assert.equal(headache.format(1.5), "1.5 samples");
  assert.equal(headache.format(null), "–");
});
