// One night's segments as blocks on lanes. Overlapping sources are cut to one, and an unknown stage has no lane.

import { DAY_MIN, wallMs, wallOf } from "./clock.ts";

export type Stage = "awake" | "rem" | "core" | "deep" | "asleep";

/** From the top of a hypnogram down. */
export const STAGES: readonly Stage[] = ["awake", "rem", "core", "deep", "asleep"];

/** A segment as the API has it. */
export interface Segment {
  start: string | null;
  end: string | null;
  stage: string | null;
  source: string | null;
}

/** A stretch of time, in milliseconds since 1970. */
export interface Span {
  from: number;
  to: number;
}

export interface Block extends Span {
  stage: Stage;
  source: string | null;
}

export interface Hypnogram {
  /** In time order, without overlap. */
  blocks: Block[];
  /** In bed, joined. */
  inBed: Span[];
  /** The lanes that are drawn, from the top down. */
  lanes: Stage[];
}

const STAGE_OF: Record<string, Stage> = {
  awake: "awake",
  asleepREM: "rem",
  asleepCore: "core",
  asleepDeep: "deep",
  asleepUnspecified: "asleep",
  asleep: "asleep",
};
/** As the server ranks the stages of a source: a stage before awake, awake before asleep without a stage. */
const RANK: Record<Stage, number> = { deep: 3, core: 3, rem: 3, awake: 2, asleep: 1 };
/** A gap of an hour separates two periods, as on the server. */
const PERIOD_GAP_MS = 3_600_000;

function spanOf(segment: Segment): Span | null {
  const from = Date.parse(segment.start ?? "");
  const to = Date.parse(segment.end ?? "");
  return to > from ? { from, to } : null;
}

function joined(spans: Span[], gapMs: number): Span[] {
  const sorted = [...spans].sort((one, other) => one.from - other.from);
  const result: Span[] = [];
  for (const { from, to } of sorted) {
    const last = result.at(-1);
    if (last && from - last.to <= gapMs) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

/** Cuts overlapping blocks: at each time the best stage counts, and among equals the first one of the list. */
function cut(blocks: readonly Block[]): Block[] {
  const borders = [...new Set(blocks.flatMap(({ from, to }) => [from, to]))].sort((one, other) => one - other);
  const result: Block[] = [];
  for (const [place, from] of borders.entries()) {
    const to = borders[place + 1];
    if (to === undefined) break;
    let best: Block | undefined;
    for (const block of blocks) {
      const covers = block.from <= from && block.to >= to;
      if (covers && (!best || RANK[block.stage] > RANK[best.stage])) best = block;
    }
    if (!best) continue;
    const last = result.at(-1);
    if (last && last.to === from && last.stage === best.stage && last.source === best.source) last.to = to;
    else result.push({ from, to, stage: best.stage, source: best.source });
  }
  return result;
}

/** Returns the lanes of a night. Without any known stage there are no blocks. */
export function hypnogram(segments: readonly Segment[]): Hypnogram {
  const blocks: Block[] = [];
  const inBed: Span[] = [];
  for (const segment of segments) {
    const span = spanOf(segment);
    if (!span) continue;
    const stage = Object.hasOwn(STAGE_OF, segment.stage ?? "") ? STAGE_OF[segment.stage ?? ""] : undefined;
    if (segment.stage === "inBed") inBed.push(span);
    else if (stage) blocks.push({ ...span, stage, source: segment.source });
  }
  const clean = cut(blocks);
  const has = (stage: Stage) => clean.some((block) => block.stage === stage);
  const isStaged = has("rem") || has("core") || has("deep");
  const lanes = STAGES.filter((stage) => has(stage) || (isStaged && stage !== "asleep"));
  return { blocks: clean, inBed: joined(inBed, 0), lanes };
}

/** Returns the minutes of each stage. */
export function minutesOf(blocks: readonly Block[]): Record<Stage, number> {
  const minutes: Record<Stage, number> = { awake: 0, rem: 0, core: 0, deep: 0, asleep: 0 };
  for (const { stage, from, to } of blocks) minutes[stage] += (to - from) / 60_000;
  return minutes;
}

/** Returns the stretches of sleep and of time in bed, which gaps of an hour separate. */
export function periods({ blocks, inBed }: Hypnogram): Span[] {
  const spans = joined([...blocks, ...inBed], PERIOD_GAP_MS - 1);
  return spans;
}

export interface Parts {
  /** From bedtime to waking. */
  night: Span;
  naps: Span[];
}

/** Divides a night's periods into the night itself and the naps: what is outside of bedtime and waking. */
export function parts(night: Hypnogram, bedtime: string | null, wakeTime: string | null, zone: string): Parts | null {
  const all = periods(night);
  const [bed, wake] = [wallMs(bedtime), wallMs(wakeTime)];
  const isInNight = ({ from, to }: Span) =>
    bed !== null && wake !== null && wallOf(to, zone) > bed && wallOf(from, zone) < wake;
  const inNight = all.filter(isInNight);
  // The clocks of another zone may have been meant: then the longest period is the night.
  const longest = all.reduce<Span | null>(
    (best, span) => (best && best.to - best.from >= span.to - span.from ? best : span),
    null,
  );
  const chosen = inNight.length > 0 ? inNight : longest ? [longest] : [];
  const [first, last] = [chosen[0], chosen.at(-1)];
  if (!first || !last) return null;
  return {
    night: { from: first.from, to: last.to },
    naps: all.filter((span) => span.to <= first.from || span.from >= last.to),
  };
}

/** Returns the time from falling asleep to the last sleep, without lying awake before and after it. */
export function asleepIn({ blocks }: Hypnogram, { from, to }: Span): Span | null {
  const asleep = blocks.filter((block) => block.stage !== "awake" && block.to > from && block.from < to);
  const [first, last] = [asleep[0], asleep.at(-1)];
  return first && last ? { from: first.from, to: last.to } : null;
}

/** Returns blocks in minutes from midnight of a date, on the clocks of a zone. */
export function onWall(
  blocks: readonly Block[],
  date: string,
  zone: string,
): { stage: Stage; from: number; to: number }[] {
  const midnight = wallMs(date) ?? 0;
  const minutes = (at: number) => (wallOf(at, zone) - midnight) / 60_000;
  return blocks
    .map(({ stage, from, to }) => ({ stage, from: minutes(from), to: minutes(to) }))
    .filter(({ from, to }) => to > from && from > -DAY_MIN && to < 2 * DAY_MIN);
}
