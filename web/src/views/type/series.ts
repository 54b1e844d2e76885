// From the server's rows to the columns of a chart and the figures above it. Pure.

import type { Day, Hour, Period as Row, Series } from "../../api/shapes.ts";
import { daysBetween, dayToMs } from "../../format/calendar.ts";
import type { Period } from "./ranges.ts";

export interface Point {
  /** Seconds: of the middle of a day as if clocks showed UTC, or of an instant. */
  x: number;
  /** The local day, or the instant at which the hour or sample begins. */
  key: string;
  value: number | null;
  minimum: number | null;
  maximum: number | null;
  samples: number;
  /** Days with data in a week, month or year. */
  days: number;
  /** Of a week, month or year: its sum, and the server's mean of the days that are over. */
  period?: { sum: number | null; mean: number | null; wholeDays: number };
  partial: boolean;
  source: string | null;
  zone: string | null;
}

const HALF_DAY_S = 43_200;
const BUCKET_DAYS = { hour: 0, day: 1, week: 7, month: 30.4, year: 365.25 } as const;

/** The rows of an answer, by whichever name it has. */
export function pointsOf(series: Series): Point[] {
  if (series.hours) return series.hours.map(pointOfHour);
  const width = BUCKET_DAYS[series.bucket];
  if (series.days) return series.days.map((row) => pointOfDay(row, width));
  return (series.weeks ?? series.months ?? series.years ?? []).map((row) => pointOfDay(row, width));
}

function pointOfHour(row: Hour): Point {
  const { start, value, minimum, maximum, samples, partial } = row;
  const x = Date.parse(start) / 1000 + 1800;
  return { x, key: start, value, minimum, maximum, samples, days: 1, partial, source: null, zone: null };
}

function pointOfDay(row: Day | Row, widthDays: number): Point {
  const { day, value, minimum, maximum, samples, partial } = row;
  const x = dayToMs(day) / 1000 + HALF_DAY_S * widthDays;
  const rest =
    "days" in row
      ? { days: row.days, source: null, zone: null, period: { sum: value, mean: row.mean, wholeDays: row.whole_days } }
      : { days: 1, source: row.source, zone: row.zone };
  return { x, key: day, value, minimum, maximum, samples, partial, ...rest };
}

export function within(points: readonly Point[], { from, to }: Period): Point[] {
  return points.filter(({ key }) => key >= from && key < to);
}

/** The points of a period. Weeks and longer are of it alone, and the first of them may begin before it. */
export function shownOf(points: readonly Point[], shown: Period, isDays: boolean): Point[] {
  return isDays ? within(points, shown) : points.filter(({ key }) => key < shown.to);
}

/** Sums of weeks and longer as the mean of their days, so that an unfinished one is not small. */
export function perDay(points: readonly Point[]): Point[] {
  return points.map((point) => ({ ...point, value: point.period ? point.period.mean : point.value }));
}

/** How many of its days are over. */
const wholeDaysOf = ({ period, partial, days }: Point) => period?.wholeDays ?? (partial ? 0 : days);

/** Whether the values of such buckets are averages per day. */
export const isPerDay = (isSum: boolean, bucket: string): boolean =>
  isSum && ["week", "month", "year"].includes(bucket);

const WEEK_DAYS = 7;
const DAYS_MIN = 4;

/** For each day the mean of it and the six before; null with fewer than four values. Days that are not over do not count,
 * and there is none behind the last value. */
export function weekMeans(days: readonly string[], points: readonly Point[]): (number | null)[] {
  const byDay = new Map(points.filter(({ partial }) => !partial).map(({ key, value }) => [dayToMs(key), value]));
  const lastDay = points.reduce((last, { key, value }) => (value !== null && key > last ? key : last), "");
  return days.map((day) => {
    if (day > lastDay) return null;
    const values: number[] = [];
    for (let back = 0; back < WEEK_DAYS; back++) {
      const value = byDay.get(dayToMs(day) - back * HALF_DAY_S * 2000);
      if (typeof value === "number") values.push(value);
    }
    return values.length < DAYS_MIN ? null : meanOf(values);
  });
}

/** The values of the period before, each at the day that is as far from its start. */
export function valuesBefore(days: readonly string[], from: string, points: readonly Point[], before: Period) {
  const byOffset = new Map(points.map(({ key, value }) => [daysBetween(before.from, key), value]));
  return days.map((day) => byOffset.get(daysBetween(from, day)) ?? null);
}

export interface Summary {
  total: number;
  /** Of days that are over; of all days if none is. */
  average: number | null;
  lowest: Point | null;
  highest: Point | null;
  /** Those that the average is of. */
  days: number;
  /** They are over. */
  isWhole: boolean;
  isPartial: boolean;
}

/** Of values of days, or of averages per day of longer buckets. */
export function summaryOf(points: readonly Point[], isSum: boolean): Summary {
  const known = points.filter(({ value }) => value !== null);
  const amount = ({ value }: Point) => value ?? 0;
  const added = (of: readonly Point[], part: (point: Point) => number) =>
    of.reduce((total, point) => total + part(point), 0);
  const wholeDays = added(known, wholeDaysOf);
  const daysOf = wholeDays > 0 ? wholeDaysOf : (point: Point) => point.days;
  const days = added(known, daysOf);
  const whole = known.filter(({ partial }) => !partial);
  const counted = whole.length > 0 ? whole : known;
  const low = (point: Point) => (isSum ? amount(point) : (point.minimum ?? amount(point)));
  const high = (point: Point) => (isSum ? amount(point) : (point.maximum ?? amount(point)));
  return {
    total: added(known, (point) => point.period?.sum ?? amount(point) * point.days),
    average: known.length === 0 ? null : added(known, (point) => amount(point) * daysOf(point)) / Math.max(1, days),
    lowest: best(counted, (one, other) => low(one) < low(other)),
    highest: best(known, (one, other) => high(one) > high(other)),
    days,
    isWhole: wholeDays > 0,
    isPartial: known.some(({ partial }) => partial),
  };
}

/** Returns the change against the period before; null where one of them has no whole day: a part of a day says nothing. */
export function changeOf(now: Summary, before: Summary | null): number | null {
  if (!now.isWhole || !before?.isWhole || !before.average || now.average === null) return null;
  return now.average / before.average - 1;
}

function best(points: readonly Point[], isBetter: (one: Point, other: Point) => boolean): Point | null {
  return points.reduce<Point | null>((found, point) => (!found || isBetter(point, found) ? point : found), null);
}

export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
}

/** Every day of a period, so that a day without data is a gap. */
export function daysOf({ from, to }: Period): string[] {
  const days: string[] = [];
  for (let ms = dayToMs(from); ms < dayToMs(to); ms += HALF_DAY_S * 2000)
    days.push(new Date(ms).toISOString().slice(0, 10));
  return days;
}

/** A time without data. */
export function gap(key: string, x: number): Point {
  const nothing = { value: null, minimum: null, maximum: null, source: null, zone: null };
  return { key, x, ...nothing, samples: 0, days: 0, partial: false };
}
