// Arithmetic of local dates, which are texts such as 2026-01-31. Days are those of the person, so no time zone is in here.

const DAY_MS = 86_400_000;

export function dayToMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

export function msToDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function isDay(text: string | null | undefined): text is string {
  return !!text && /^\d{4}-\d{2}-\d{2}$/.test(text) && msToDayOrNull(dayToMs(text)) === text;
}

function msToDayOrNull(ms: number): string | null {
  return Number.isFinite(ms) ? msToDay(ms) : null;
}

export function addDays(day: string, days: number): string {
  return msToDay(dayToMs(day) + days * DAY_MS);
}

/** The same day of another month, or its last day: a month after 31 January is 28 February. */
export function addMonths(day: string, months: number): string {
  const date = new Date(dayToMs(day));
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
  const next = new Date(first);
  const length = new Date(Date.UTC(next.getUTCFullYear(), next.getUTCMonth() + 1, 0)).getUTCDate();
  return msToDay(first + (Math.min(date.getUTCDate(), length) - 1) * DAY_MS);
}

export function daysBetween(from: string, to: string): number {
  return Math.round((dayToMs(to) - dayToMs(from)) / DAY_MS);
}

/** The Monday of its week: the server's weeks begin there. */
export function startOfWeek(day: string): string {
  return addDays(day, -((new Date(dayToMs(day)).getUTCDay() + 6) % 7));
}

export function startOfMonth(day: string): string {
  return `${day.slice(0, 7)}-01`;
}

export function startOfYear(day: string): string {
  return `${day.slice(0, 4)}-01-01`;
}

const dayFormats = new Map<string, Intl.DateTimeFormat>();

/** The local date of an instant in a zone. */
export function dayIn(zone: string | null, instant: Date): string {
  const timeZone = zone ?? "UTC";
  let format = dayFormats.get(timeZone);
  if (!format) {
    // Canada writes dates as 2026-01-31.
    format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
    dayFormats.set(timeZone, format);
  }
  return format.format(instant);
}

/** The browser's zone. */
export const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The instant at which a local day begins in a zone, in milliseconds. */
export function startOfDayMs(day: string, zone: string | null): number {
  const wall = dayToMs(day);
  // The offset at the wall's instant may be that of before a change of clocks: the second look has the right one.
  const first = wall - offsetMs(zone, wall);
  return wall - offsetMs(zone, first);
}

function offsetMs(zone: string | null, instantMs: number): number {
  if (!zone) return 0;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(instantMs)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - instantMs;
}
