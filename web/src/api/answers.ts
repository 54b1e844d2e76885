// Answers as signals: shown at once if they were seen before, read again when the data changes, kept when the server is away.

import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { addDays } from "../format/calendar.ts";
import { personInAddress, type Query } from "../state/address.ts";
import { personZone, today } from "../state/clock.ts";
import { endSession } from "../state/session.ts";
import { type AnswerOf, type Path, readJson, readNow, requestUrl } from "./client.ts";
import { Problem } from "./problem.ts";

export interface Answer<T> {
  /** What was read last, also while it is read again and after a failure. */
  data: T | undefined;
  error: Error | undefined;
  loading: boolean;
}

interface Entry {
  url: string;
  state: Signal<Answer<unknown>>;
  users: number;
  reading: AbortController | undefined;
}

const ENTRIES_MAX = 40;
const entries = new Map<string, Entry>();
const EMPTY: Answer<never> = { data: undefined, error: undefined, loading: false };
const NONE: ReadonlySignal<Answer<never>> = signal(EMPTY);

function entryOf(url: string): Entry {
  const known = entries.get(url);
  // The last one used is the last one of the map.
  if (known) entries.delete(url);
  const entry = known ?? {
    url,
    state: signal<Answer<unknown>>({ ...EMPTY, loading: true }),
    users: 0,
    reading: undefined,
  };
  entries.set(url, entry);
  if (entries.size > ENTRIES_MAX) {
    for (const [old, { users }] of entries) {
      if (users === 0 && old !== url) {
        entries.delete(old);
        break;
      }
    }
  }
  return entry;
}

async function read(entry: Entry): Promise<void> {
  entry.reading?.abort();
  const reading = new AbortController();
  entry.reading = reading;
  if (!entry.state.peek().loading) entry.state.value = { ...entry.state.peek(), loading: true };
  try {
    take(entry, await readJson<unknown>(entry.url, { signal: reading.signal }));
  } catch (error) {
    if (reading.signal.aborted) return;
    if (error instanceof Problem && error.status === 401) endSession();
    entry.state.value = { data: entry.state.peek().data, error: error as Error, loading: false };
  } finally {
    if (entry.reading === reading) entry.reading = undefined;
  }
}

function take(entry: Entry, data: unknown): void {
  noteZone(entry.url, data);
  entry.state.value = { data, error: undefined, loading: false };
}

/** These answers name the zone that the person is in now; that of one night is where they slept. */
const NAMES_ZONE = /^api\/v1\/(overview|days|nights)(\?|$)/;

function noteZone(url: string, data: unknown): void {
  if (!NAMES_ZONE.test(url) || typeof data !== "object" || data === null || !("zone" in data)) return;
  if (typeof data.zone === "string" || data.zone === null) personZone.value = data.zone;
}

/** Asks where the person is, for views whose answers do not say it. */
export async function learnZone(person: string | null): Promise<void> {
  const day = today.peek();
  const url = requestUrl("/api/v1/nights", { from: day, to: addDays(day, 1), person });
  const data = await readJson<unknown>(url).catch(() => null);
  if (person === personInAddress.peek()) noteZone(url, data);
}

/** Reads a path and follows it. `path` null reads nothing. The signal changes when the data does. */
export function useAnswer<P extends Path>(
  path: P | null,
  query: Query = {},
  names: Record<string, string> = {},
): ReadonlySignal<Answer<AnswerOf<P>>> {
  const url = path === null ? null : requestUrl(path, query, names);
  const entry = useMemo(() => (url === null ? null : entryOf(url)), [url]);
  useEffect(() => {
    if (!entry) return;
    entry.users++;
    if (!entry.reading && !isFresh(entry)) void read(entry);
    return () => {
      entry.users--;
      if (entry.users === 0 && entry.reading) {
        entry.reading.abort();
        // The next view may ask before the request has noticed.
        entry.reading = undefined;
        entry.state.value = { ...entry.state.peek(), loading: false };
      }
    };
  }, [entry]);
  return (entry?.state ?? NONE) as ReadonlySignal<Answer<AnswerOf<P>>>;
}

let started: string | undefined;

/** Begins to read before the view is there, so that script and answer arrive side by side. */
export function readAhead(path: Path, query: Query): void {
  const entry = entryOf(requestUrl(path, query));
  started = entry.url;
  const data = readNow(entry.url);
  if (data === undefined) void read(entry);
  else take(entry, data);
}

/** An answer that was read ahead is not read again by the view that it was for. */
function isFresh(entry: Entry): boolean {
  const fresh = entry.url === started && entry.state.peek().data !== undefined;
  if (entry.url === started) started = undefined;
  return fresh;
}

/** Reads again what is on the screen, and forgets what is not. */
export function refreshAnswers(): void {
  for (const [url, entry] of entries) {
    if (entry.users > 0) void read(entry);
    else entries.delete(url);
  }
}

/** Another person, or nobody: nothing that was read may stay. */
export function forgetAnswers(): void {
  for (const entry of entries.values()) {
    entry.reading?.abort();
    if (entry.users > 0) entry.state.value = EMPTY;
  }
  entries.clear();
}
