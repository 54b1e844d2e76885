// Nights as bars from bedtime to waking, and what is usual among them. A night that is missing has no bar.

import { datesBetween, knownZone, type MeanTime, mean, meanTime, minutesFrom, wallMs, wallOf } from "./clock.ts";
import type { Stage } from "./hypnogram.ts";

/** A night as the API lists it. */
export interface Night {
  night: string;
  asleep_min: number | null;
  in_bed_min: number | null;
  core_min: number | null;
  deep_min: number | null;
  rem_min: number | null;
  unspecified_min: number | null;
  awake_min: number | null;
  asleep_main_min: number | null;
  bedtime: string | null;
  wake_time: string | null;
  awakenings: number | null;
  naps: number | null;
  in_bed_estimated: boolean;
  approximate: boolean;
  partial: boolean;
  zone: string | null;
}

/** A night's bar, in minutes from midnight of its date. */
export interface Bar {
  night: Night;
  /** Its place among the dates of the chart. */
  column: number;
  from: number;
  to: number;
}

export interface Bars {
  dates: string[];
  bars: Bar[];
  /** Whole hours, in minutes, that hold all bars. */
  from: number;
  to: number;
}

const WEEK_NIGHTS = 7;
/** What is drawn without any night: from 21 to 9 o'clock. */
const USUAL: readonly [number, number] = [-180, 540];

/** Returns the bars of the dates from `from` to `to`, without `to`. */
export function bars(nights: readonly Night[], from: string, to: string): Bars {
  const dates = datesBetween(from, to);
  const columns = new Map(dates.map((date, column) => [date, column]));
  const result: Bar[] = [];
  for (const night of nights) {
    const column = columns.get(night.night);
    const start = minutesFrom(night.night, night.bedtime);
    const end = minutesFrom(night.night, night.wake_time);
    if (column !== undefined && start !== null && end !== null && end > start)
      result.push({ night, column, from: start, to: end });
  }
  return { dates, bars: result, ...wholeHours(result) };
}

function wholeHours(bars: readonly { from: number; to: number }[]): { from: number; to: number } {
  if (bars.length === 0) return { from: USUAL[0], to: USUAL[1] };
  const least = Math.min(...bars.map(({ from }) => from));
  const greatest = Math.max(...bars.map(({ to }) => to));
  return { from: Math.floor((least - 15) / 60) * 60, to: Math.ceil((greatest + 15) / 60) * 60 };
}

/** Seven nights as one bar, from their mean bedtime to their mean waking. Nights that are not over do not count. */
export interface WeekBar {
  first: string;
  last: string;
  column: number;
  from: number;
  to: number;
  asleep: number | null;
  nights: number;
}

export interface WeekBars {
  /** The last date of each column. */
  dates: string[];
  bars: WeekBar[];
  from: number;
  to: number;
}

/** Returns the weeks of nights, counted back from the last date. */
export function weekBars({ dates, bars }: Bars): WeekBars {
  const columns = Math.ceil(dates.length / WEEK_NIGHTS);
  const lead = columns * WEEK_NIGHTS - dates.length;
  const last = (column: number) => (column + 1) * WEEK_NIGHTS - lead - 1;
  const result: WeekBar[] = [];
  for (let column = 0; column < columns; column++) {
    const end = last(column);
    const of = bars.filter((bar) => !bar.night.partial && bar.column <= end && bar.column > end - WEEK_NIGHTS);
    const [from, to] = [mean(of.map((bar) => bar.from)), mean(of.map((bar) => bar.to))];
    if (from === null || to === null) continue;
    const asleep = mean(of.map(({ night }) => night.asleep_min));
    const span = { first: dates[Math.max(0, end - WEEK_NIGHTS + 1)] ?? "", last: dates[end] ?? "" };
    result.push({ ...span, column, from, to, asleep, nights: of.length });
  }
  const ends = Array.from({ length: columns }, (_, column) => dates[last(column)] ?? "");
  return { dates: ends, bars: result, ...wholeHours(result) };
}

export interface Averages {
  nights: number;
  asleep: number | null;
  inBed: number | null;
  /** Minutes of each stage; null if no night has stages. */
  stages: Record<Stage, number | null>;
  bedtime: MeanTime | null;
  waking: MeanTime | null;
  naps: number;
}

/** Whether a night knows stages: not only that the person slept. */
export function isStaged(night: Night): boolean {
  return [night.core_min, night.deep_min, night.rem_min].some((minutes) => (minutes ?? 0) > 0);
}

/** A person who has been up for so long will hardly sleep on. */
const UP_MS = 3 * 3_600_000;

/**
 * Returns a night with what is open about it now. The server's night lasts until the evening, since a nap may follow; the
 * owner has been up since the morning.
 */
export function seenAt<N extends Night>(night: N, now: Date, zone: string): N {
  const waking = wallMs(night.wake_time);
  if (!night.partial || waking === null) return night;
  const up = wallOf(now.getTime(), knownZone(night.zone) ?? zone) - waking;
  return up < UP_MS ? night : { ...night, partial: false };
}

/** Returns the averages of whole nights. Stages are averages of the nights that know stages. */
export function averages(all: readonly Night[]): Averages {
  const nights = all.filter((night) => !night.partial);
  const staged = nights.filter(isStaged);
  const times = (pick: (night: Night) => string | null) =>
    nights
      .map((night) => minutesFrom(night.night, pick(night)))
      .filter((minutes): minutes is number => minutes !== null);
  return {
    nights: nights.length,
    asleep: mean(nights.map((night) => night.asleep_min)),
    inBed: mean(nights.map((night) => night.in_bed_min)),
    stages: {
      awake: mean(staged.map((night) => night.awake_min)),
      rem: mean(staged.map((night) => night.rem_min)),
      core: mean(staged.map((night) => night.core_min)),
      deep: mean(staged.map((night) => night.deep_min)),
      asleep: mean(nights.filter((night) => (night.unspecified_min ?? 0) > 0).map((night) => night.unspecified_min)),
    },
    bedtime: meanTime(times((night) => night.bedtime)),
    waking: meanTime(times((night) => night.wake_time)),
    naps: nights.reduce((sum, night) => sum + (night.naps ?? 0), 0),
  };
}

/** Returns the minutes of each stage of a night, from deep sleep on; stages without minutes are left out. */
export function stagesOf(night: Night): { stage: Stage; minutes: number }[] {
  const all: [Stage, number | null][] = [
    ["deep", night.deep_min],
    ["core", night.core_min],
    ["rem", night.rem_min],
    ["asleep", night.unspecified_min],
    ["awake", night.awake_min],
  ];
  return all.flatMap(([stage, minutes]) => (minutes !== null && minutes > 0 ? [{ stage, minutes }] : []));
}
