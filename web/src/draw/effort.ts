// What a workout's splits and zones show: pace, heart rate, and shares of the whole.

import { type Reading, series } from "./track.ts";

/** A split as the API has it. */
export interface Split {
  number: number | null;
  start: string | null;
  end: string | null;
  distance_m: number | null;
  seconds: number | null;
}

export interface SplitRow {
  number: number;
  seconds: number;
  metres: number;
  /** Metres in a second. */
  speed: number | null;
  /** Whether the workout ended before the split was whole. */
  isRest: boolean;
  /** 0 to 1: its speed against the fastest split. */
  share: number;
  heartRate: number | null;
}

/** A split counts as whole from this share of its length on. */
const WHOLE_SHARE = 0.999;

/** Returns the rows of splits of some length. */
export function splitRows(splits: readonly Split[], lengthM: number, heartRates: readonly Reading[]): SplitRow[] {
  const rates = series(heartRates);
  const rows = splits.flatMap((split) => {
    if (split.seconds === null || split.distance_m === null) return [];
    const [from, to] = [Date.parse(split.start ?? ""), Date.parse(split.end ?? "")];
    const within = rates.values.filter((_, place) => (rates.at[place] ?? 0) >= from && (rates.at[place] ?? 0) < to);
    const row: SplitRow = {
      number: split.number ?? 0,
      seconds: split.seconds,
      metres: split.distance_m,
      speed: split.seconds > 0 ? split.distance_m / split.seconds : null,
      isRest: split.distance_m < lengthM * WHOLE_SHARE,
      share: 0,
      heartRate: within.length > 0 ? within.reduce((sum, value) => sum + value, 0) / within.length : null,
    };
    return [row];
  });
  const fastest = Math.max(...rows.map(({ speed }) => speed ?? 0));
  for (const row of rows) row.share = fastest > 0 ? (row.speed ?? 0) / fastest : 0;
  return rows;
}

/** A zone of heart rates as the API has it. */
export interface Zone {
  zone: number | null;
  from: number | null;
  to: number | null;
  seconds: number | null;
}

export interface ZoneRow {
  zone: number;
  from: number;
  to: number | null;
  seconds: number;
  /** 0 to 1: its part of the time in all zones. */
  share: number;
}

/** Returns the rows of zones, from the lowest on. Without any time in zones there are none. */
export function zoneRows(zones: readonly Zone[]): ZoneRow[] {
  const total = zones.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  if (total <= 0) return [];
  return zones.map(({ zone, from, to, seconds }, place) => ({
    zone: zone ?? place + 1,
    from: from ?? 0,
    to,
    seconds: seconds ?? 0,
    share: (seconds ?? 0) / total,
  }));
}

export interface WorkoutEvent {
  kind: "pause" | "resume" | "lap" | "marker" | "motionPause" | "motionResume" | "segment" | "pauseRequest" | "other";
  from: number;
  to: number;
}

/** HealthKit's numbers of events, from 1 on. */
const KINDS = ["pause", "resume", "lap", "marker", "motionPause", "motionResume", "segment", "pauseRequest"] as const;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads events as they were sent. What is no event is left out. */
export function workoutEvents(sent: unknown): WorkoutEvent[] {
  if (!Array.isArray(sent)) return [];
  return sent.flatMap((event: unknown) => {
    if (!isRecord(event)) return [];
    const from = Date.parse(String(event.startDate ?? event.date ?? ""));
    const to = Date.parse(String(event.endDate ?? ""));
    if (Number.isNaN(from)) return [];
    return [{ kind: kindOf(event.type), from, to: Number.isNaN(to) ? from : to }];
  });
}

function kindOf(type: unknown): WorkoutEvent["kind"] {
  if (typeof type === "number") return KINDS[type - 1] ?? "other";
  // Apple's export has names.
  const name = String(type).replace(/^HKWorkoutEventType/, "");
  const kind = KINDS.find((known) => known.toLowerCase() === name.toLowerCase());
  return kind ?? (name === "MotionPaused" ? "motionPause" : name === "MotionResumed" ? "motionResume" : "other");
}

/** Returns the pauses: from each pause to the resume behind it. */
export function pauses(events: readonly WorkoutEvent[], endMs: number): { from: number; to: number }[] {
  const result: { from: number; to: number }[] = [];
  let open: number | null = null;
  for (const { kind, from } of [...events].sort((one, other) => one.from - other.from)) {
    if (kind === "pause" || kind === "motionPause") open ??= from;
    else if ((kind === "resume" || kind === "motionResume") && open !== null) {
      result.push({ from: open, to: from });
      open = null;
    }
  }
  if (open !== null) result.push({ from: open, to: endMs });
  return result.filter(({ from, to }) => to > from);
}

export interface Statistic {
  identifier: string;
  unit: string;
  sum: number | null;
  average: number | null;
  minimum: number | null;
  maximum: number | null;
}

function quantity(value: unknown): { quantity: number; unit: string } | null {
  if (!isRecord(value) || typeof value.quantity !== "number") return null;
  return { quantity: value.quantity, unit: String(value.unit ?? "") };
}

/** Reads the statistics of a workout as they were sent, by type. What has no figure is left out. */
export function statistics(sent: unknown): Statistic[] {
  if (!isRecord(sent)) return [];
  return Object.entries(sent).flatMap(([identifier, value]) => {
    if (!isRecord(value)) return [];
    const [sum, average, minimum, maximum] = ["sum", "average", "minimum", "maximum"].map((name) =>
      quantity(value[`${name}Quantity`]),
    );
    const known = [sum, average, minimum, maximum].find((figure) => figure);
    if (!known) return [];
    const figure = (part: { quantity: number } | null | undefined) => part?.quantity ?? null;
    return [
      {
        identifier,
        unit: known.unit,
        sum: figure(sum),
        average: figure(average),
        minimum: figure(minimum),
        maximum: figure(maximum),
      },
    ];
  });
}
