// Workouts as a list of months, the newest first.

import type { WorkoutRow } from "../../api/shapes.ts";
import { knownZone } from "../../draw/clock.ts";
import { dayIn } from "../../format/calendar.ts";

export interface Month {
  /** As 2026-11. */
  month: string;
  workouts: WorkoutRow[];
  seconds: number;
  kilometers: number | null;
}

/** The zone of a workout; without a known one, that of the person. */
export function zoneOfWorkout({ zone }: { zone: string | null }, other: string | null): string | null {
  return knownZone(zone) ?? other;
}

/** Groups workouts by the month of their start in their zones, the newest first. What has no start is left out. */
export function months(workouts: readonly WorkoutRow[], zone: string | null): Month[] {
  const sorted = workouts
    .filter(({ start }) => start !== null)
    // Instants of one form are in order as texts, and thousands of them need not be parsed.
    .sort((one, other) => ((one.start ?? "") < (other.start ?? "") ? 1 : -1));
  // A month ends in one zone before it does in another.
  const result = new Map<string, Month>();
  for (const workout of sorted) {
    const month = dayIn(zoneOfWorkout(workout, zone), new Date(workout.start ?? "")).slice(0, 7);
    const found = result.get(month) ?? { month, workouts: [], seconds: 0, kilometers: null };
    result.set(month, found);
    found.workouts.push(workout);
    found.seconds += workout.duration_s ?? 0;
    if (workout.distance_km !== null) found.kilometers = (found.kilometers ?? 0) + workout.distance_km;
  }
  return [...result.values()].sort((one, other) => (one.month < other.month ? 1 : -1));
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
