// A line through readings as paths of SVG: broken where nothing was measured.

import { nearest } from "../draw/ticks.ts";
import type { Axis } from "./axis.ts";
import { xOf } from "./axis.ts";

export interface Readings {
  at: readonly number[];
  values: readonly number[];
  /** The least and the greatest value behind each value. */
  low?: readonly number[];
  high?: readonly number[];
}

const LEAST_MS = 60_000;
const REACH_MS_MAX = 30 * 60_000;

/** Returns the usual time between two readings. */
function usualGap(at: readonly number[]): number {
  const gaps = at.slice(1).map((time, place) => time - (at[place] ?? time));
  return gaps.sort((one, other) => one - other)[Math.floor(gaps.length / 2)] ?? 0;
}

/** Returns a time without a reading after which the line is broken: four times the usual one. */
export function gapOf(at: readonly number[]): number {
  return Math.max(4 * usualGap(at), LEAST_MS);
}

/** Returns the place of the reading that holds at a time; -1 if none is as near as readings usually are. */
export function readingAt({ at }: Readings, time: number): number {
  const reach = Math.min(Math.max(usualGap(at), LEAST_MS), REACH_MS_MAX);
  const place = nearest(at, time);
  return place >= 0 && Math.abs((at[place] ?? 0) - time) <= reach ? place : -1;
}

/** Returns the places of readings in runs without a gap. */
export function runs(at: readonly number[], gapMs: number): number[][] {
  const result: number[][] = [];
  for (let place = 0; place < at.length; place += 1) {
    const last = result.at(-1);
    if (last && (at[place] ?? 0) - (at[place - 1] ?? 0) <= gapMs) last.push(place);
    else result.push([place]);
  }
  return result;
}

export interface Drawn {
  line: string;
  band: string;
  /** Readings between two gaps. */
  dots: { x: number; y: number }[];
}

/** Returns the paths of readings. */
export function drawn(readings: Readings, axis: Axis, toY: (value: number) => number): Drawn {
  const { at, values, low, high } = readings;
  const result: Drawn = { line: "", band: "", dots: [] };
  const spot = (place: number, value: number | undefined) =>
    `${xOf(axis, at[place] ?? 0).toFixed(1)} ${toY(value ?? 0).toFixed(1)}`;
  for (const run of runs(at, gapOf(at))) {
    const first = run[0] ?? 0;
    if (run.length === 1) {
      result.dots.push({ x: xOf(axis, at[first] ?? 0), y: toY(values[first] ?? 0) });
      continue;
    }
    result.line += `M${run.map((place) => spot(place, values[place])).join("L")}`;
    if (low && high) {
      const back = [...run].reverse();
      result.band += `M${run.map((place) => spot(place, high[place])).join("L")}L${back.map((place) => spot(place, low[place])).join("L")}Z`;
    }
  }
  return result;
}
