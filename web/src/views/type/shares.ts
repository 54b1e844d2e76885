// What each source adds to the values of a chart, as layers on one another. Pure.

import type { Point } from "./series.ts";

export interface Share {
  /** Null for what is left: of sources that are not asked for one by one, or have no name. */
  name: string | null;
  /** Of each point of the chart. */
  values: (number | null)[];
  total: number;
  /** How much of its colour it has, the first one all of it. */
  tone: number;
}

/** Sources that are layers; the rest is one more. */
export const SHARES_MAX = 5;

const TONES = [1, 0.62, 0.42, 0.28, 0.18, 0.1];
/** Parts of a value below this are those of rounding. */
const TRACE = 1e-6;

/**
 * Returns the shares of sources, the greatest first. `points` are those of the chart; `sources` have sums, of the same days,
 * weeks or months. Where a point is the mean of a period's days, each source has the same share of it as of the sum.
 */
export function sharesOf(
  points: readonly Point[],
  sources: readonly { name: string; points: readonly Point[] }[],
): Share[] {
  const shares = sources.map(({ name, points: own }) => {
    const byKey = new Map(own.map(({ key, value }) => [key, value]));
    const values = points.map((point) => {
      const added = byKey.get(point.key);
      return point.value === null || typeof added !== "number" ? null : added / sumsIn(point);
    });
    return { name: name as string | null, values, total: totalOf(points, values) };
  });
  shares.sort((one, other) => other.total - one.total);
  const rest = points.map(({ value }, place) => {
    if (value === null) return null;
    const left = shares.reduce((sum, { values }) => sum - (values[place] ?? 0), value);
    return left > TRACE * Math.max(1, value) ? left : null;
  });
  if (rest.some((value) => value !== null)) {
    shares.push({ name: null, values: rest, total: totalOf(points, rest) });
  }
  return shares
    .filter(({ total }) => total > 0)
    .map((share, place) => ({ ...share, tone: TONES[Math.min(place, TONES.length - 1)] ?? 1 }));
}

/** How many times the value of a point its sum is. */
function sumsIn({ value, period }: Point): number {
  return period?.sum && value ? period.sum / value : 1;
}

function totalOf(points: readonly Point[], values: readonly (number | null)[]): number {
  return values.reduce<number>((sum, value, place) => {
    const point = points[place];
    return sum + (value ?? 0) * (point ? sumsIn(point) : 1);
  }, 0);
}

/** Returns the heights of layers from the bottom on: each with what is below it. A layer that adds nothing is not drawn. */
export function stacked(shares: readonly Share[]): (number | null)[][] {
  const below: number[] = [];
  return shares.map(({ values }) =>
    values.map((value, place) => {
      if (value === null) return null;
      below[place] = (below[place] ?? 0) + value;
      return below[place] ?? null;
    }),
  );
}
