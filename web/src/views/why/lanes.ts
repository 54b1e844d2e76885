// The stretches of a day as lanes, one for each source. Their times are local, and read here as if clocks showed UTC. Pure.

import type { Explanation } from "../../api/shapes.ts";
import { dayToMs } from "../../format/calendar.ts";

export interface Span {
  from: number;
  to: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function lanesOf({ stretches }: Pick<Explanation, "stretches">): Map<string, Span[]> {
  const lanes = new Map<string, Span[]>();
  for (const { start, end, source } of stretches) {
    if (!start || !end || source === null) continue;
    const lane = lanes.get(source) ?? [];
    lane.push({ from: Date.parse(`${start}Z`), to: Date.parse(`${end}Z`) });
    lanes.set(source, lane);
  }
  return lanes;
}

/** The day from midnight to midnight, wider if a stretch is beyond it; a night from its first to its last hour. */
export function spanOf({ day, type }: Pick<Explanation, "day" | "type">, lanes: Map<string, Span[]>): Span | null {
  const spans = [...lanes.values()].flat();
  if (spans.length === 0) return null;
  const first = Math.min(...spans.map(({ from }) => from));
  const last = Math.max(...spans.map(({ to }) => to));
  const [hourBefore, hourAfter] = [Math.floor(first / HOUR_MS) * HOUR_MS, Math.ceil(last / HOUR_MS) * HOUR_MS];
  if (type === "sleep") return { from: hourBefore, to: hourAfter };
  const midnight = dayToMs(day);
  return { from: Math.min(midnight, hourBefore), to: Math.max(midnight + DAY_MS, hourAfter) };
}

/** Hours for an axis: at most five. */
export function ticksOf({ from, to }: Span): number[] {
  const hours = (to - from) / HOUR_MS;
  const step = ([1, 2, 3, 6, 12].find((candidate) => hours / candidate <= 4) ?? 24) * HOUR_MS;
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}

/** Spans with less than a minute between them are one. */
export function joinedSpans(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of [...spans].sort((one, other) => one.from - other.from)) {
    const last = joined.at(-1);
    if (last && span.from - last.to < 60_000) last.to = Math.max(last.to, span.to);
    else joined.push({ ...span });
  }
  return joined;
}
