// Whether data still arrives: from the ledger of uploads, and type by type.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An upload as the ledger has it. */
export interface Upload {
  state: string | null;
  origin: string | null;
  finished: string | null;
  started: string | null;
}

export type Sending = "receiving" | "sending" | "late" | "stopped" | "never";

export interface Verdict {
  sending: Sending;
  /** The end of the last upload, in milliseconds since 1970. */
  last: number | null;
  /** How long there is between two uploads, as a rule; null if that is unknown. */
  usualMs: number | null;
}

/** A phone that uploads more often is not late before this. */
const LATE_MS_MIN = 6 * HOUR_MS;
/** Without a rule, a phone is late after a day. */
const LATE_MS_DEFAULT = DAY_MS;
const STOPPED_MS = 3 * DAY_MS;
/** So many gaps make a rule. */
const GAPS_MIN = 4;
/** Uploads that follow at once are parts of one. */
const PART_MS = 10 * 60_000;

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

/**
 * Returns whether a phone still sends. It is late if its silence is four times as long as usual, and has stopped after three
 * days, or ten times the usual silence. Imports do not count: no phone has sent them.
 */
export function sending(uploads: readonly Upload[], isUploading: boolean, now: number): Verdict {
  const times = uploads
    .filter(({ state, origin }) => state === "done" && origin !== "import")
    .map(({ finished, started }) => Date.parse(finished ?? started ?? ""))
    .filter((time) => !Number.isNaN(time))
    .sort((one, other) => other - one);
  const last = times[0] ?? null;
  const gaps = times.slice(1).map((time, place) => (times[place] ?? time) - time);
  const rests = gaps.filter((gap) => gap > PART_MS);
  const usualMs = rests.length >= GAPS_MIN ? median(rests) : null;
  if (isUploading) return { sending: "receiving", last, usualMs };
  if (last === null) return { sending: "never", last, usualMs };
  const silence = now - last;
  const late = usualMs === null ? LATE_MS_DEFAULT : Math.max(LATE_MS_MIN, 4 * usualMs);
  const stopped = Math.max(STOPPED_MS, 10 * (usualMs ?? 0));
  return { sending: silence > stopped ? "stopped" : silence > late ? "late" : "sending", last, usualMs };
}

/** A type as the API lists it. */
export interface TypeSpan {
  type: string;
  identifier: string;
  first: string | null;
  last: string | null;
  days: number | null;
}

export interface Stopped extends TypeSpan {
  /** Days since the last sample, counted from the newest sample of all types. */
  silentDays: number;
  /** Days between two days with samples, as a rule. */
  usualDays: number;
}

/** A type must have been on so many days before its silence means anything. */
const DAYS_MIN = 5;
const SILENT_DAYS_MIN = 3;

/**
 * Returns types that have come regularly and no longer do, the longest silence first. Silence is measured up to the newest
 * sample of all types: if the phone itself is silent, that is said elsewhere.
 */
export function stoppedTypes(types: readonly TypeSpan[], now: number): Stopped[] {
  // A sample of next year, by a wrong clock, says nothing about the others.
  const newest = Math.max(...types.map(({ last }) => Date.parse(last ?? "")).filter((time) => time <= now));
  return types
    .flatMap((type) => {
      const [first, last, days] = [Date.parse(type.first ?? ""), Date.parse(type.last ?? ""), type.days ?? 0];
      if (Number.isNaN(first) || Number.isNaN(last) || days < DAYS_MIN) return [];
      const silentDays = (newest - last) / DAY_MS;
      const usualDays = Math.max(1, (last - first) / DAY_MS / (days - 1));
      return silentDays > Math.max(SILENT_DAYS_MIN, 4 * usualDays) ? [{ ...type, silentDays, usualDays }] : [];
    })
    .sort((one, other) => other.silentDays - one.silentDays);
}

/** Returns the records that uploads brought on each local date, for dates that have any. */
export function perDay(
  uploads: readonly { finished: string | null; started: string | null; records: number | null }[],
  dateOf: (instant: number) => string,
): Map<string, { uploads: number; records: number }> {
  const days = new Map<string, { uploads: number; records: number }>();
  for (const { finished, started, records } of uploads) {
    const time = Date.parse(finished ?? started ?? "");
    if (Number.isNaN(time)) continue;
    const date = dateOf(time);
    const day = days.get(date) ?? { uploads: 0, records: 0 };
    days.set(date, { uploads: day.uploads + 1, records: day.records + (records ?? 0) });
  }
  return days;
}
