// How fast a workout was, as people say it: pace on foot and in water, speed elsewhere.

import { formatClock } from "../../format/durations.ts";
import { formatNumber, NOTHING } from "../../format/numbers.ts";
import type { UnitSystem } from "../../format/units.ts";
import { texts } from "../../texts/first.ts";

export interface Pacing {
  name: string;
  /** Whether less is faster. */
  isPace: boolean;
  /** From metres in a second to what is drawn: seconds of a pace, or a speed; null if it is too slow for one. */
  convert: (speed: number) => number | null;
  /** Of a value as drawn. */
  format: (value: number) => string;
  formatTick: (value: number) => string;
}

const MILE_M = 1609.344;
const YARD_M = 0.9144;
/** Slower than this is standing. */
const SPEED_MIN = 0.3;

export function pacingOf(activity: string | null, system: UnitSystem): Pacing {
  if (/swim/.test(activity ?? "")) {
    return system === "us" ? pace(100 * YARD_M, "100 yd") : pace(100, "100 m");
  }
  if (/run|walk|hik|stroll|jog|track|wheelchair|snowshoe/.test(activity ?? "")) {
    return system === "us" ? pace(MILE_M, "mi") : pace(1000, "km");
  }
  const [factor, unit] = system === "us" ? [3600 / MILE_M, "mph"] : [3.6, "km/h"];
  return {
    name: texts.pacing.speed,
    isPace: false,
    convert: (speed) => speed * factor,
    format: (value) => `${formatNumber(value, 1)} ${unit}`,
    formatTick: (value) => formatNumber(value),
  };
}

function pace(metres: number, unit: string): Pacing {
  return {
    name: texts.pacing.pace,
    isPace: true,
    convert: (speed) => (speed < SPEED_MIN ? null : metres / speed),
    format: (value) => `${formatClock(value)} /${unit}`,
    formatTick: formatClock,
  };
}

/** The pace or speed of a distance. */
export function formatPace(pacing: Pacing, metres: number | null, seconds: number | null): string {
  if (metres === null || seconds === null || metres <= 0 || seconds <= 0) return NOTHING;
  const value = pacing.convert(metres / seconds);
  return value === null ? NOTHING : pacing.format(value);
}

const FOOT_M = 0.3048;

export interface Heights {
  /** From metres. */
  convert: (metres: number) => number;
  /** Of what is converted, in whole metres or feet. */
  format: (value: number) => string;
}

export function heightsOf(system: UnitSystem): Heights {
  const [length, unit] = system === "us" ? [FOOT_M, "ft"] : [1, "m"];
  return { convert: (metres) => metres / length, format: (value) => `${formatNumber(value)} ${unit}` };
}

/** A height or a climb. */
export function formatHeight(metres: number, system: UnitSystem): string {
  const { convert, format } = heightsOf(system);
  return format(convert(metres));
}
