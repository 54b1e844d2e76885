// The time axis of a chart: its steps, where its labels stand, and what they say. Pure.

import { dateFormat } from "../../format/locale.ts";

export const DAY_S = 86_400;

/** Days have no zone. What stands for one is at its noon, and so is its label: between two midnights, not at one. */
export const labelled = (seconds: number, zone: string | null) => (zone === null ? seconds - DAY_S / 2 : seconds);

/** Half of a digit, and the room behind the axis. */
const HALF_DIGIT_PX = 3.6;
const END_PX = 4;

/** A label in the middle of that place would be cut at the right. */
export const isCut = (label: string, toEndPx: number) => toEndPx + END_PX < label.length * HALF_DIGIT_PX;

/** As much of the date as the step needs. */
export const LONG_S = 4 * 365 * DAY_S;
export const SHORT_S = 8 * DAY_S;
const YEAR_S = 365 * DAY_S;

/** Steps of an axis of days: nothing is known of their hours. The months and years are uPlot's. */
export const DAYS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 30, 60, 90, 120, 180, 365, 730, 1825, 3650, 9125].map(
  (days) => days * DAY_S,
);

/** Months of many years would have the same labels. */
export const stepsOf = (spanS: number): number[] => (spanS > LONG_S ? DAYS.filter((step) => step >= YEAR_S) : DAYS);

export function labelOfTick(seconds: number, step: number, zone: string | null, dayPx: number): string {
  const format = (options: Intl.DateTimeFormatOptions) =>
    dateFormat({ ...options, timeZone: zone ?? "UTC" }).format(seconds * 1000);
  if (step < DAY_S) return format({ hour: "numeric", minute: "2-digit" });
  if (step < 2 * DAY_S) {
    // As below the nights of a week.
    return `${format({ weekday: dayPx < 56 ? "narrow" : "short" })} ${format({ day: "numeric" })}`;
  }
  if (step < 27 * DAY_S) return format({ day: "numeric", month: "short" });
  return step < 360 * DAY_S ? format({ month: "short" }) : format({ year: "numeric" });
}
