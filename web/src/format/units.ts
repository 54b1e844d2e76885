// From the unit that the server computes in to the one that people read: kilometres or miles, °C or °F, percent.

import { texts } from "../texts/first.ts";
import { formatMinutes } from "./durations.ts";
import { formatNumber, formatPercent, NOTHING } from "./numbers.ts";

export type UnitSystem = "metric" | "us";

/** How values of a type are shown. */
export interface Measure {
  /** Behind the number; empty for counts, percent and durations. */
  label: string;
  digits: number;
  convert: (value: number) => number;
  format: (value: number | null | undefined) => string;
  /** A value that is converted already. */
  formatShown: (converted: number) => string;
  /** The value and its unit as two texts, for a big figure. */
  parts: (value: number | null | undefined) => { number: string; unit: string };
}

interface Rule {
  label: string;
  factor: number;
  offset?: number;
  digits: number;
  /** Digits of values below 20, if they need more. */
  digitsSmall?: number;
  /** Steps are not rounded up: a step that is not done is none. */
  isFloored?: boolean;
}

const scaled = (label: string, factor: number, digits: number, offset = 0): Rule => ({ label, factor, digits, offset });

const KM_PER_MILE = 1.609344;
const LONG_DISTANCE = /(^|_)distance(_|$)|^distance/;
const SHORT_LENGTH = /height|waist|step_length|stride|oscillation/;
const PER_MINUTE_OF_HEART = /heart_rate/;
const PULSES = /^(heart_rate|resting_heart_rate|walking_heart_rate|heart_rate_recovery)/;
const LARGE_NUTRIENTS = /carbohydrates|protein|fiber|sugar|fat/;
const COUNTED = /^(steps|flights_climbed)$/;
const TRACE_NUTRIENTS = /vitamin_(a|b12|d|k)|folate|biotin|iodine|selenium|chromium|molybdenum/;

const METRIC: Record<string, (type: string) => Rule> = {
  m: (type) => {
    if (type.includes("six_minute")) return scaled("m", 1, 0);
    if (LONG_DISTANCE.test(type)) return scaled("km", 0.001, 2);
    return SHORT_LENGTH.test(type) ? scaled("cm", 100, 0) : scaled("m", 1, 1);
  },
  cm: () => scaled("cm", 1, 1),
  "m/s": (type) => (type.startsWith("stair_") ? scaled("m/s", 1, 2) : scaled("km/h", 3.6, 1)),
  kg: () => scaled("kg", 1, 1),
  mL: () => scaled("mL", 1, 0),
  degC: () => scaled("°C", 1, 1),
};

const US: Record<string, (type: string) => Rule> = {
  m: (type) => {
    if (type.includes("six_minute")) return scaled("ft", 3.28084, 0);
    if (LONG_DISTANCE.test(type)) return scaled("mi", 0.001 / KM_PER_MILE, 2);
    return SHORT_LENGTH.test(type) ? scaled("in", 39.37008, 1) : scaled("ft", 3.28084, 1);
  },
  cm: () => scaled("in", 0.3937008, 1),
  "m/s": (type) => (type.startsWith("stair_") ? scaled("ft/s", 3.28084, 2) : scaled("mph", 3.6 / KM_PER_MILE, 1)),
  kg: () => scaled("lb", 2.2046226, 1),
  mL: () => scaled("fl oz", 0.033814, 0),
  degC: () => scaled("°F", 1.8, 1, 32),
};

const EVERYWHERE: Record<string, (type: string) => Rule> = {
  count: (type) => ({ ...scaled("", 1, type === "body_mass_index" ? 1 : 0), isFloored: COUNTED.test(type) }),
  "count/min": (type) =>
    PULSES.test(type) ? scaled("bpm", 1, 0) : scaled("/min", 1, PER_MINUTE_OF_HEART.test(type) ? 0 : 1),
  kcal: () => scaled("kcal", 1, 0),
  h: () => scaled("h", 1, 0),
  g: (type) => {
    if (LARGE_NUTRIENTS.test(type)) return scaled("g", 1, 0);
    return TRACE_NUTRIENTS.test(type) ? scaled("µg", 1e6, 0) : scaled("mg", 1000, 0);
  },
  ms: () => scaled("ms", 1, 0),
  W: () => scaled("W", 1, 0),
  // What was sent without a unit may have been mmol/L: 5.5 must not become 6.
  "mg/dL": () => ({ ...scaled("mg/dL", 1, 0), digitsSmall: 1 }),
  mmHg: () => scaled("mmHg", 1, 0),
  dBASPL: () => scaled("dB", 1, 0),
  IU: () => scaled("IU", 1, 1),
  L: () => scaled("L", 1, 2),
  "kcal/(kg*hr)": () => scaled("MET", 1, 1),
  "ml/(kg*min)": () => scaled("mL/kg·min", 1, 1),
  appleEffortScore: () => scaled("", 1, 0),
};

/** Returns how values of a type in the server's unit are shown. A unit that is not known here stays as it is. */
export function measureOf(type: string, unit: string | null | undefined, system: UnitSystem): Measure {
  if (unit === "%")
    return shown(
      "%",
      1,
      (value) => value * 100,
      percentParts,
      (share) => percentParts(share / 100).number,
    );
  if (unit === "min") return shown("min", 0, (value) => value, minuteParts, formatMinutes);
  const rules = system === "us" ? US : METRIC;
  const rule = (rules[unit ?? ""] ?? EVERYWHERE[unit ?? ""])?.(type) ?? scaled(unit ?? "", 1, 1);
  const convert = (value: number) => value * rule.factor + (rule.offset ?? 0);
  const ofConverted = (converted: number) => ({ number: numberBy(rule, converted), unit: rule.label });
  return shown(
    rule.label,
    rule.digits,
    convert,
    (value) => ofConverted(convert(value)),
    (converted) => joined(ofConverted(converted)),
  );
}

const SMALL_MAX = 20;
/** Parts of samples that make a whole may be a trace below it. */
const TRACE = 1e-6;

function numberBy({ digits, digitsSmall, isFloored }: Rule, converted: number): string {
  const isSmall = digitsSmall !== undefined && Math.abs(converted) < SMALL_MAX;
  return formatNumber(isFloored ? Math.floor(converted + TRACE) : converted, isSmall ? digitsSmall : digits);
}

/** Of categories, such as symptoms, the samples are counted: their values are codes. */
export function measureOfSamples(): Measure {
  const parts = (value: number) => ({
    number: formatNumber(value, Number.isInteger(value) ? 0 : 1),
    unit: texts.units.samples(value),
  });
  return shown(
    "",
    0,
    (value) => value,
    parts,
    (converted) => joined(parts(converted)),
  );
}

/** As `measureOf`, for a type of which the method is known. */
export function measureOfRow(
  { type, method }: { type: string; method: string },
  unit: string | null | undefined,
  system: UnitSystem,
): Measure {
  return method === "values" ? measureOfSamples() : measureOf(type, unit, system);
}

type Parts = { number: string; unit: string };

function shown(
  label: string,
  digits: number,
  convert: (value: number) => number,
  partsOf: (value: number) => Parts,
  formatShown: (converted: number) => string,
): Measure {
  const parts = (value: number | null | undefined): Parts =>
    value === null || value === undefined || !Number.isFinite(value) ? { number: NOTHING, unit: "" } : partsOf(value);
  return { label, digits, convert, parts, formatShown, format: (value) => joined(parts(value)) };
}

const joined = ({ number, unit }: Parts) => (unit ? `${number} ${unit}` : number);

function percentParts(value: number): Parts {
  return { number: formatPercent(value, value < 1 && value > 0 ? 1 : 0), unit: "" };
}

function minuteParts(value: number): Parts {
  return { number: formatMinutes(value), unit: "" };
}

/** A distance in metres, as people say it. */
export function formatDistance(meters: number | null | undefined, system: UnitSystem): string {
  return measureOf("distance", "m", system).format(meters);
}

export function formatKilometers(kilometers: number | null | undefined, system: UnitSystem): string {
  return formatDistance(typeof kilometers === "number" ? kilometers * 1000 : kilometers, system);
}
