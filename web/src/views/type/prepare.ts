// From the server's days to what a chart draws of them. Pure.

import type { Series } from "../../api/shapes.ts";
import type { Measure } from "../../format/units.ts";
import type { ChartData } from "./Chart.tsx";
import { unfinished } from "./order.ts";
import type { Period } from "./ranges.ts";
import { daysOf, gap, type Point, perDay, pointsOf, shownOf, valuesBefore, weekMeans, within } from "./series.ts";
import { type Share, stacked } from "./shares.ts";
import { inWeeks, type Week, weeksOf } from "./weeks.ts";

/** So many days as a line are a scribble: their 7-day mean is not. */
const CROWDED = 45;
/** More days than these are weeks on a phone. */
const NARROW_DAYS_MAX = 100;
const MEAN_DAYS_MIN = 14;

interface Manner {
  isSum: boolean;
  measure: Measure;
  mayHaveWeeks: boolean;
}

export interface Prepared {
  points: Point[];
  /** Of the days, if these are drawn in place of them. */
  weeks: Week[] | null;
  drawn: Point[];
  data: ChartData;
  /** The days of the period before. */
  earlier: Point[];
  /** Whether the period before is its 7-day mean. */
  isCrowded: boolean;
}

/** Days without data are there as gaps; of weeks and longer only those with data. */
export function prepare(series: Series, shown: Period, before: Period | null, manner: Manner): Prepared {
  const { isSum, measure, mayHaveWeeks } = manner;
  const isDays = series.bucket === "day";
  const rows = isDays || !isSum ? pointsOf(series) : perDay(pointsOf(series));
  const known = shownOf(rows, shown, isDays);
  const earlier = before ? within(rows, before) : [];
  const points = isDays && known.length > 0 ? withGaps(known, shown) : known;
  const weeks = isDays && mayHaveWeeks && points.length > NARROW_DAYS_MAX ? weeksOf(points) : null;
  const drawn = weeks ? weeks.map(({ point }) => point) : points;
  const converted = (values: readonly (number | null)[]) =>
    values.map((value) => (value === null ? null : measure.convert(value)));
  const keys = points.map(({ key }) => key);
  const means = isDays && !weeks && points.length > MEAN_DAYS_MIN ? weekMeans(keys, rows) : null;
  const isCrowded = points.length > CROWDED;
  const last = weeks ? weeks.map(({ last }) => last) : keys;
  const value = converted(drawn.map((point) => point.value));
  const data: ChartData = {
    kind: isSum ? "bars" : "band",
    x: drawn.map(({ x }) => x),
    value,
    partial: isSum ? unfinished(drawn, value) : undefined,
    low: isSum ? undefined : converted(drawn.map(({ minimum }) => minimum)),
    high: isSum ? undefined : converted(drawn.map(({ maximum }) => maximum)),
    mean: means ? converted(means) : undefined,
    before:
      isDays && before && earlier.length > 0
        ? converted(valuesBefore(last, shown.from, isCrowded ? smoothed(earlier) : earlier, before))
        : undefined,
    zone: null,
    width: 86_400,
  };
  return { points, weeks, drawn, data, earlier, isCrowded };
}

/** The same as bars of layers, without other lines over them. */
export function layered(data: ChartData, shares: readonly Share[], weeks: readonly Week[] | null, measure: Measure) {
  const drawn = weeks ? shares.map((share) => ({ ...share, values: inWeeks(share.values, weeks) })) : shares;
  const heights = stacked(drawn);
  const layers = drawn.map(({ tone }, place) => ({
    heights: (heights[place] ?? []).map((value) => (value === null ? null : measure.convert(value))),
    tone,
  }));
  return { ...data, layers, mean: undefined, before: undefined };
}

function smoothed(points: readonly Point[]): Point[] {
  const means = weekMeans(
    points.map(({ key }) => key),
    points,
  );
  return points.map((point, place) => ({ ...point, value: means[place] ?? null }));
}

function withGaps(known: readonly Point[], shown: Period): Point[] {
  const byDay = new Map(known.map((point) => [point.key, point]));
  return daysOf(shown).map(
    (day, place) => byDay.get(day) ?? gap(day, Date.parse(`${shown.from}T12:00:00Z`) / 1000 + place * 86_400),
  );
}
