// Dates, times and ages in the browser's language. Days are texts of the person's calendar, instants have a zone.

import { texts } from "../texts/first.ts";
import { dayToMs } from "./calendar.ts";
import { dateFormat, relativeFormat } from "./locale.ts";
import { NOTHING } from "./numbers.ts";

const DAY_FORMATS = {
  /** Thursday, 26 November */
  long: { weekday: "long", day: "numeric", month: "long" },
  /** Thu, 26 Nov */
  weekday: { weekday: "short", day: "numeric", month: "short" },
  /** 26 Nov */
  short: { day: "numeric", month: "short" },
  /** 26 Nov 2026 */
  year: { day: "numeric", month: "short", year: "numeric" },
  /** Thursday, 26 November 2026 */
  full: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  /** Thu, 26 Nov 2026 */
  weekdayYear: { weekday: "short", day: "numeric", month: "short", year: "numeric" },
  /** November 2026 */
  month: { month: "long", year: "numeric" },
  /** Nov */
  monthShort: { month: "short" },
  /** T */
  letter: { weekday: "narrow" },
  /** Thu */
  name: { weekday: "short" },
  onlyYear: { year: "numeric" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

export type DayFormat = keyof typeof DAY_FORMATS;

export function formatDay(day: string | null | undefined, format: DayFormat = "year"): string {
  if (!day) return NOTHING;
  return dateFormat({ ...DAY_FORMATS[format], timeZone: "UTC" }).format(dayToMs(day));
}

/** The days from the first to the last one: 3 – 9 Nov 2026. */
export function formatDays(first: string, last: string): string {
  const format = dateFormat({ ...DAY_FORMATS.year, timeZone: "UTC" });
  return format.formatRange(dayToMs(first), dayToMs(last));
}

/** A clock time in a zone; without one, that of UTC, as days are. */
export function formatTime(instant: string | Date | null | undefined, zone: string | null): string {
  if (!instant) return NOTHING;
  return dateFormat({ hour: "numeric", minute: "2-digit", ...inZone(zone) }).format(new Date(instant));
}

export function formatInstant(instant: string | Date | null | undefined, zone: string | null): string {
  if (!instant) return NOTHING;
  const options = { day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit" } as const;
  return dateFormat({ ...options, ...inZone(zone) }).format(new Date(instant));
}

/** A local time without a zone, such as a bedtime 2026-01-05T22:00:00. */
export function formatLocalTime(local: string | null | undefined): string {
  if (!local) return NOTHING;
  const ms = Date.parse(`${local.slice(0, 16)}Z`);
  return dateFormat({ hour: "numeric", minute: "2-digit", timeZone: "UTC" }).format(ms);
}

/** A full hour of local time, for axes: 6 AM where the clock has twelve hours, else 06:00. */
export function formatHour(localMs: number): string {
  const hour = { hour: "numeric", timeZone: "UTC" } as const;
  const isShort = dateFormat(hour).resolvedOptions().hour12;
  return dateFormat(isShort ? hour : { ...hour, minute: "2-digit" }).format(localMs);
}

function inZone(zone: string | null): Intl.DateTimeFormatOptions {
  return { timeZone: zone ?? "UTC" };
}

const STEPS = [
  ["minute", 60],
  ["hour", 3600],
  ["day", 86_400],
  ["month", 2_629_800],
  ["year", 31_557_600],
] as const;

/** Clocks of two machines differ by seconds. */
const AHEAD_S = 60;

/** How long ago an instant was: 12 min ago. Less than a minute is "just now". */
export function formatAge(instant: string | Date | null | undefined, now: Date): string {
  if (!instant) return NOTHING;
  const seconds = (now.getTime() - new Date(instant).getTime()) / 1000;
  if (seconds <= -AHEAD_S) return texts.ages.future;
  let [unit, length]: readonly [Intl.RelativeTimeFormatUnit, number] = ["second", 1];
  for (const [name, step] of STEPS) {
    if (seconds >= step) [unit, length] = [name, step];
  }
  if (unit === "second") return texts.ages.now;
  return relativeFormat({ numeric: "always", style: "short" }).format(-Math.trunc(seconds / length), unit);
}
