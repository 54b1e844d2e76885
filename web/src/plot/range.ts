import type { Measure } from "../format/units.ts";
import { texts } from "../texts.ts";
import type { Readings } from "./line.ts";

/** Returns the least and the greatest value, with one unit: 51 – 65 bpm. */
export function rangeOf({ values, low, high }: Readings, { parts, format }: Pick<Measure, "parts" | "format">): string {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of low ?? values) least = Math.min(least, value);
  for (const value of high ?? values) greatest = Math.max(greatest, value);
  return Number.isFinite(least) ? texts.plot.range(parts(least).number, format(greatest)) : "";
}
