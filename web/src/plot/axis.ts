// The horizontal axis that plots of one stack share.

import { wallOf } from "../draw/clock.ts";
import { durationTicks, stepOf } from "../draw/ticks.ts";
import { formatTime } from "../format/dates.ts";
import { formatClock } from "../format/durations.ts";

export interface Tick {
  at: number;
  text: string;
}

export interface Axis {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  width: number;
  ticks: readonly Tick[];
}

/** Room for labels at the left, and for half a label at the right. */
export const LEFT = 56;
export const RIGHT = 20;

export function xOf(axis: Axis, at: number): number {
  const share = (at - axis.from) / Math.max(1, axis.to - axis.from);
  return LEFT + share * Math.max(1, axis.width - LEFT - RIGHT);
}

export function timeOf(axis: Axis, x: number): number {
  const share = (x - LEFT) / Math.max(1, axis.width - LEFT - RIGHT);
  return axis.from + Math.min(1, Math.max(0, share)) * (axis.to - axis.from);
}

const HOUR_MS = 3_600_000;

/** An axis of clock times in a zone. */
export function clockAxis(from: number, to: number, width: number, zone: string): Axis {
  const count = Math.max(2, Math.floor((width - LEFT - RIGHT) / 64));
  const step = stepOf(
    [0.25, 0.5, 1, 2, 3, 4, 6, 12, 24].map((hours) => hours * HOUR_MS),
    to - from,
    count,
  );
  const ticks: Tick[] = [];
  // Whole steps of the wall clock, which may change in between.
  const first = from + ((step - (wallOf(from, zone) % step)) % step);
  for (let at = first; at <= to && ticks.length < 100; at += step) {
    ticks.push({ at, text: formatTime(new Date(at), zone) });
  }
  return { from, to, width, ticks };
}

/** An axis of the time since the start. */
export function elapsedAxis(from: number, to: number, width: number): Axis {
  const count = Math.max(2, Math.floor((width - LEFT - RIGHT) / 64));
  const ticks = durationTicks((to - from) / 1000, count).map((seconds) => ({
    at: from + seconds * 1000,
    text: formatClock(seconds),
  }));
  return { from, to, width, ticks };
}
