// The explanation in one or two sentences.

import type { Explanation } from "../../api/shapes.ts";
import { formatNumber } from "../../format/numbers.ts";
import type { Measure } from "../../format/units.ts";
import { texts } from "../../texts.ts";

/** A difference below a thousandth is rounding, not an overlap. */
const OVERLAP_MIN = 0.001;

/** The part that samples would make too much, if none were left out for an overlap; 0 if nothing overlaps. */
export function overlapOf({ naive, value, adds_up: addsUp }: Explanation): number {
  if (!addsUp || naive === null || value === null) return 0;
  const twice = naive - value;
  return twice > naive * OVERLAP_MIN ? twice : 0;
}

/** The part of a source that does not count, since a better one recorded meanwhile; 0 if all of it does. */
export function hiddenOf({ value, recorded }: Pick<Explanation["sources"][number], "value" | "recorded">): number {
  if (value === null || recorded === null) return 0;
  const hidden = recorded - value;
  return hidden > recorded * OVERLAP_MIN ? hidden : 0;
}

/** Of categories the samples are counted: their values are codes without a unit. */
export function isCount({ adds_up: addsUp, unit, value, samples, naive }: Explanation): boolean {
  return !addsUp && unit === null && naive === null && value !== null && value === samples;
}

export function leadOf(explanation: Explanation, type: string, measure: Measure): string {
  const { lead } = texts.why;
  const count = explanation.samples ?? 0;
  const samples = texts.why.samples(formatNumber(count), count);
  if (type === "sleep") return lead.night(samples);
  if (isCount(explanation)) return lead.count(samples);
  if (!explanation.adds_up) return explanation.unit === "dBASPL" ? lead.level(samples) : lead.mean(samples);
  const twice = overlapOf(explanation);
  if (twice > 0) return lead.overlap(measure.format(explanation.naive), measure.format(twice));
  const [first, ...others] = explanation.sources;
  return others.length === 0 ? lead.single(samples, first?.source || texts.noSource) : lead.apart(samples);
}
