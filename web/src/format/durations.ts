// Lengths of time.

import { texts } from "../texts/first.ts";
import { formatNumber, NOTHING } from "./numbers.ts";

/** Hours and minutes: 7h 12m. Less than a minute has seconds. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NOTHING;
  if (seconds !== 0 && Math.abs(seconds) < 60) return formatSeconds(formatNumber(Math.round(seconds)));
  const minutes = Math.round(seconds / 60);
  const [hours, rest] = [Math.trunc(minutes / 60), minutes % 60];
  if (hours === 0) return formatOnlyMinutes(formatNumber(minutes));
  const whole = formatHours(formatNumber(hours));
  return rest === 0 ? whole : `${whole} ${formatOnlyMinutes(formatNumber(rest))}`;
}

export function formatMinutes(minutes: number | null | undefined): string {
  return formatDuration(typeof minutes === "number" ? Math.round(minutes) * 60 : minutes);
}

/** Hours, minutes and seconds with colons: 1:02:03, 5:30. */
export function formatClock(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NOTHING;
  const whole = Math.round(seconds);
  const two = (part: number) => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.trunc(whole / 3600), Math.trunc(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

const { hours: formatHours, minutes: formatOnlyMinutes, seconds: formatSeconds } = texts.durations;
