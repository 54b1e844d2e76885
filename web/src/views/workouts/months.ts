// Workouts as a list of months, the newest first.

import type { WorkoutRow } from "../../api/shapes.ts";
import { dayIn } from "../../format/calendar.ts";

export interface Month {
  /** As 2026-11. */
  month: string;
  workouts: WorkoutRow[];
  seconds: number;
  kilometers: number | null;
}

/** Groups workouts by the month of their start in a zone, the newest first. What has no start is left out. */
export function months(workouts: readonly WorkoutRow[], zone: string | null): Month[] {
  const sorted = workouts
    .filter(({ start }) => start !== null)
    // Instants of one form are in order as texts, and thousands of them need not be parsed.
    .sort((one, other) => ((one.start ?? "") < (other.start ?? "") ? 1 : -1));
  const result: Month[] = [];
  for (const workout of sorted) {
    const month = dayIn(zone, new Date(workout.start ?? "")).slice(0, 7);
    let last = result.at(-1);
    if (last?.month !== month) {
      last = { month, workouts: [], seconds: 0, kilometers: null };
      result.push(last);
    }
    last.workouts.push(workout);
    last.seconds += workout.duration_s ?? 0;
    if (workout.distance_km !== null) last.kilometers = (last.kilometers ?? 0) + workout.distance_km;
  }
  return result;
}

/** Returns the months with at most so many workouts in all; the last one may be cut. */
export function firstOf(all: readonly Month[], count: number): Month[] {
  const result: Month[] = [];
  let left = count;
  for (const month of all) {
    if (left <= 0) break;
    result.push({ ...month, workouts: month.workouts.slice(0, left) });
    left -= month.workouts.length;
  }
  return result;
}

/** Returns the activities of workouts, the most frequent first. */
export function activitiesOf(workouts: readonly WorkoutRow[]): string[] {
  const counts = new Map<string, number>();
  for (const { activity } of workouts) {
    if (activity) counts.set(activity, (counts.get(activity) ?? 0) + 1);
  }
  return [...counts].sort((one, other) => other[1] - one[1] || one[0].localeCompare(other[0])).map(([name]) => name);
}
