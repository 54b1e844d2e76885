// Times of day as minutes on a wall clock, without a time zone: bedtimes, wake times, and their averages round midnight.

export const DAY_MIN = 24 * 60;
const MINUTE_MS = 60_000;

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?$/;

/** Returns what a wall clock shows, as milliseconds of a clock without zone; null if the text is no local time. */
export function wallMs(text: string | null): number | null {
  const match = text === null ? null : LOCAL.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0));
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1, hour, minute, second);
}

/** Returns the minutes from midnight of `date` to a local time: negative on the evening before. */
export function minutesFrom(date: string, local: string | null): number | null {
  const [midnight, at] = [wallMs(date), wallMs(local)];
  return midnight === null || at === null ? null : (at - midnight) / MINUTE_MS;
}

/** Returns a date some days later, as `2026-01-31`. */
export function addDays(date: string, days: number): string {
  const at = wallMs(date) ?? 0;
  return new Date(at + days * DAY_MIN * MINUTE_MS).toISOString().slice(0, 10);
}

/** Returns each date from `from` to `to`, without `to`. */
export function datesBetween(from: string, to: string): string[] {
  const dates: string[] = [];
  for (let date = from; date < to; date = addDays(date, 1)) dates.push(date);
  return dates;
}

/** Returns the day of the week, 0 for Monday. */
export function weekday(date: string): number {
  return (new Date(wallMs(date) ?? 0).getUTCDay() + 6) % 7;
}

export interface MeanTime {
  /** From -720 (noon before) to 720: 22:30 is -90. */
  minutes: number;
  /** The circular standard deviation, in minutes. */
  spread: number;
  count: number;
}

/**
 * Returns the mean of times of day. Their directions on the clock's face are added, so 23:00 and 1:00 make midnight, not noon.
 * Null without times, and if they point everywhere, so that no time is typical.
 */
export function meanTime(minutes: readonly number[]): MeanTime | null {
  let [x, y] = [0, 0];
  for (const minute of minutes) {
    const angle = (minute / DAY_MIN) * 2 * Math.PI;
    x += Math.cos(angle);
    y += Math.sin(angle);
  }
  const length = Math.hypot(x, y) / Math.max(minutes.length, 1);
  if (length < 0.1) return null;
  const toMinutes = DAY_MIN / (2 * Math.PI);
  const spread = Math.sqrt(Math.max(0, -2 * Math.log(Math.min(1, length)))) * toMinutes;
  return { minutes: Math.atan2(y, x) * toMinutes, spread, count: minutes.length };
}

/** Returns the mean of the values that exist; null without any. */
export function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value): value is number => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Returns the zone if the browser knows it; null otherwise. Zones come from payloads also. */
export function knownZone(zone: unknown): string | null {
  if (typeof zone !== "string" || zone === "") return null;
  let isKnown = known.get(zone);
  if (isKnown === undefined) {
    isKnown = isZone(zone);
    known.set(zone, isKnown);
  }
  return isKnown ? zone : null;
}

/** A format takes long to make, and thousands of workouts have few zones. */
const known = new Map<string, boolean>();

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    const fields = {
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    } as const;
    try {
      format = new Intl.DateTimeFormat("en-CA", { ...fields, hourCycle: "h23", timeZone: zone });
    } catch {
      // The server's tz database may be newer than the browser's.
      format = new Intl.DateTimeFormat("en-CA", { ...fields, hourCycle: "h23", timeZone: "UTC" });
    }
    formats.set(zone, format);
  }
  return format;
}

/** Returns how far the clocks of a zone are ahead of UTC at an instant, in milliseconds. */
export function offsetMs(instantMs: number, zone: string): number {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(instantMs)
      .map((part) => [part.type, Number(part.value)]),
  );
  const get = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  const wall = Date.UTC(get("year"), get("month") - 1, get("day"), get("hour"), get("minute"), get("second"));
  return wall - Math.floor(instantMs / 1000) * 1000;
}

/** Returns what the clocks of a zone show at an instant, as milliseconds of a clock without zone. */
export function wallOf(instantMs: number, zone: string): number {
  return instantMs + offsetMs(instantMs, zone);
}

/** Returns the date that the clocks of a zone show. */
export function dateOf(instantMs: number, zone: string): string {
  return new Date(wallOf(instantMs, zone)).toISOString().slice(0, 10);
}

/** Returns `23:05` for minutes from any midnight on. */
export function clockText(minutes: number): string {
  const whole = ((Math.round(minutes) % DAY_MIN) + DAY_MIN) % DAY_MIN;
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}
