import { clockText } from "../../draw/clock.ts";
import { formatLocalTime } from "../../format/dates.ts";

/** Minutes from any midnight on, as a time of day in the browser's language. */
export function timeText(minutes: number): string {
  return formatLocalTime(`2000-01-01T${clockText(minutes)}:00`);
}
