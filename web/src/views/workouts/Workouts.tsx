import type { ViewProps } from "../registry.ts";
import { List } from "./List.tsx";
import { OneWorkout } from "./OneWorkout.tsx";

/** The list, or the workout that the address names. */
export default function Workouts({ parts, query }: ViewProps) {
  const [uuid] = parts;
  return uuid ? <OneWorkout uuid={uuid} key={uuid} /> : <List query={query} />;
}
