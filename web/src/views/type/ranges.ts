// Periods of the calendar that a chart shows, and the parts of one that a zoom does. Pure.

import {
  addDays,
  addMonths,
  daysBetween,
  dayToMs,
  isDay,
  startOfMonth,
  startOfWeek,
  startOfYear,
} from "../../format/calendar.ts";
import { formatDay, formatDays, formatInstant, formatTime } from "../../format/dates.ts";

export const RANGES = ["day", "week", "month", "half", "year", "all"] as const;
export type Range = (typeof RANGES)[number];

/** From a day up to another one, which is not included. */
export interface Period {
  from: string;
  to: string;
}

export const isRange = (text: string | null): text is Range => RANGES.includes(text as Range);

/** The period of the calendar that a day is in. `all` is the span of the data. */
export function periodOf(range: Range, day: string, all: Period): Period {
  if (range === "day") return { from: day, to: addDays(day, 1) };
  if (range === "week") return { from: startOfWeek(day), to: addDays(startOfWeek(day), 7) };
  if (range === "all") return all;
  const month = startOfMonth(day);
  if (range === "month") return { from: month, to: addMonths(month, 1) };
  if (range === "half") return { from: addMonths(month, -5), to: addMonths(month, 1) };
  return { from: startOfYear(day), to: addMonths(startOfYear(day), 12) };
}

const MONTHS = { month: 1, half: 6, year: 12 } as const;

/** The period before or after one of the same range. */
export function shifted(range: Range, { from, to }: Period, steps: number): Period {
  if (range === "day") return { from: addDays(from, steps), to: addDays(to, steps) };
  if (range === "week") return { from: addDays(from, 7 * steps), to: addDays(to, 7 * steps) };
  if (range === "all") return { from, to };
  const months = MONTHS[range] * steps;
  return { from: addMonths(from, months), to: addMonths(to, months) };
}

/** The day that stands for a period in the address: its last one, but not a day to come. */
export function endOf({ to }: Period, today: string): string {
  const last = addDays(to, -1);
  return last > today ? today : last;
}

export function nameOfPeriod(range: Range, { from, to }: Period): string {
  if (range === "day") return formatDay(from, "weekdayYear");
  if (range === "month") return formatDay(from, "month");
  if (range === "year") return formatDay(from, "onlyYear");
  return formatDays(from, addDays(to, -1));
}

/** A part of a period: days, or instants once single samples are shown. */
export type Zoom = { kind: "days"; from: string; to: string } | { kind: "instants"; from: string; to: string };

const ZOOM = /^(.+)\.\.(.+)$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$/;

export function parseZoom(text: string | null): Zoom | null {
  const [, from, to] = ZOOM.exec(text ?? "") ?? [];
  if (from === undefined || to === undefined || from >= to) return null;
  if (isDay(from) && isDay(to)) return { kind: "days", from, to };
  return INSTANT.test(from) && INSTANT.test(to) ? { kind: "instants", from, to } : null;
}

const DAY_S = 86_400;
const MINUTE_S = 60;
/** Fewer days than these are shown by hours or by samples. */
export const FINE_DAYS = 4;

export const isFine = (zoom: Zoom): boolean => zoom.kind === "instants" || daysBetween(zoom.from, zoom.to) < FINE_DAYS;

/** The zoom that a chart of days was dragged to; its axis has seconds of days. */
export function zoomOfDays(min: number, max: number): string {
  const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
  return `${day(Math.floor(min / DAY_S) * DAY_S)}..${day(Math.max(Math.ceil(max / DAY_S), Math.floor(min / DAY_S) + 1) * DAY_S)}`;
}

/** The zoom that a chart of instants was dragged to: whole minutes, at least five. */
export function zoomOfInstants(min: number, max: number): string {
  const from = Math.floor(min / MINUTE_S) * MINUTE_S;
  const to = Math.max(Math.ceil(max / MINUTE_S) * MINUTE_S, from + 5 * MINUTE_S);
  const instant = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`;
  return `${instant(from)}..${instant(to)}`;
}

export function nameOfZoom(zoom: Zoom, zone: string | null): string {
  if (zoom.kind === "days") return formatDays(zoom.from, addDays(zoom.to, -1));
  return `${formatInstant(zoom.from, zone)} – ${formatTime(zoom.to, zone)}`;
}

/** Where a chart of days begins and ends, in seconds. */
export function secondsOf({ from, to }: Period): [number, number] {
  return [dayToMs(from) / 1000, dayToMs(to) / 1000];
}
