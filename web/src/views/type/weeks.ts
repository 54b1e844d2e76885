// Weeks in place of days, where so many days would be narrower than a pixel or two. Pure.

import { addDays, dayToMs, startOfWeek } from "../../format/calendar.ts";
import type { Period } from "./ranges.ts";
import { meanOf, type Point } from "./series.ts";

const WEEK_DAYS = 7;
const HALF_WEEK_S = 302_400;

export interface Week {
  /** Its value is the mean of its days that are over, as the server's is; of all its days while none is over. */
  point: Point;
  /** The places of those days. */
  counted: readonly number[];
  /** The last of its days among these. */
  last: string;
}

/** The whole weeks that a period is in: their bars are as wide as others. */
export function wholeWeeks({ from, to }: Period): Period {
  return { from: startOfWeek(from), to: addDays(startOfWeek(addDays(to, -1)), WEEK_DAYS) };
}

/** Returns the weeks of days, each with its days among these only. */
export function weeksOf(days: readonly Point[]): Week[] {
  const places = new Map<string, number[]>();
  days.forEach(({ key }, place) => {
    const monday = startOfWeek(key);
    places.set(monday, [...(places.get(monday) ?? []), place]);
  });
  return [...places].map(([monday, of]) => weekOf(monday, of, days));
}

function weekOf(key: string, places: readonly number[], days: readonly Point[]): Week {
  const known = places.filter((place) => typeof days[place]?.value === "number");
  const whole = known.filter((place) => !days[place]?.partial);
  const counted = whole.length > 0 ? whole : known;
  const valuesOf = (name: "value" | "minimum" | "maximum", of: readonly number[]) =>
    of.map((place) => days[place]?.[name]).filter((value) => typeof value === "number");
  const [least, greatest] = [valuesOf("minimum", known), valuesOf("maximum", known)];
  const point: Point = {
    x: dayToMs(key) / 1000 + HALF_WEEK_S,
    key,
    value: meanOf(valuesOf("value", counted)),
    minimum: least.length === 0 ? null : Math.min(...least),
    maximum: greatest.length === 0 ? null : Math.max(...greatest),
    samples: known.reduce((sum, place) => sum + (days[place]?.samples ?? 0), 0),
    days: known.length,
    partial: whole.length < known.length,
    source: null,
    zone: null,
  };
  return { point, counted, last: days[places.at(-1) ?? 0]?.key ?? key };
}

/** The mean of a week's days of what a source adds to each; null where it adds nothing. */
export function inWeeks(values: readonly (number | null)[], weeks: readonly Week[]): (number | null)[] {
  return weeks.map(({ counted }) => {
    const added = counted.map((place) => values[place] ?? null);
    return added.some((value) => value !== null) ? meanOf(added.map((value) => value ?? 0)) : null;
  });
}
