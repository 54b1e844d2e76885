// Follows the server's events. What is on the screen is read again when data has changed.
//
// The browser's own reconnection gives up after an answer that is not a stream, so it is done here: after 1 s, then twice as
// long each time up to a minute, and at once when the network is back. A hidden page follows nothing: browsers open few
// connections to one server, and a page that has none cannot load.

import { effect, signal } from "@preact/signals";
import { forgetAnswers, learnZone, refreshAnswers } from "../api/answers.ts";
import { requestUrl } from "../api/client.ts";
import { address, personInAddress } from "./address.ts";
import { personZone } from "./clock.ts";
import { noteReached, unreachableSince } from "./connection.ts";
import { loadSession, person, session } from "./session.ts";

export interface UploadNews {
  state: "running" | "done" | "failed";
  records: number;
  bytes: number;
}

/** The upload under way, and for a moment the one that has ended. */
export const upload = signal<UploadNews | null>(null);

const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 60_000;
const UPLOAD_SHOWN_MS = 6000;
const REFRESH_MIN_MS = 1500;

let source: EventSource | undefined;
let retryMs = RETRY_MIN_MS;
let retryTimer: number | undefined;
let uploadTimer: number | undefined;
let refreshTimer: number | undefined;
let refreshedAt = 0;
let seenChange: number | undefined;

/** Starts once; follows whoever is signed in. */
export function startLive(): void {
  let whose: string | null = null;
  effect(() => {
    const now = session.value ? person.value : null;
    if (now === whose) return;
    if (whose !== null) {
      forgetAnswers();
      personZone.value = undefined;
    }
    whose = now;
    disconnect();
    if (now !== null) connect();
    // Today's own answer says it.
    if (now !== null && address.peek().view !== "") void learnZone(personInAddress.peek());
  });
  // A read that found the server away says so before the stream does.
  effect(() => {
    if (unreachableSince.value === null || !isOpen()) return;
    source?.close();
    void retryLater();
  });
  const wake = () => {
    if (document.hidden) rest();
    else if (session.peek() && !isOpen()) resume();
  };
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("online", wake);
}

/** Tries again at once, as the owner asks. */
export function reconnectNow(): void {
  retryMs = RETRY_MIN_MS;
  disconnect();
  if (session.peek()) connect();
  refreshAnswers();
}

/** What changes meanwhile is seen by the number of the last change. */
function rest(): void {
  clearTimeout(retryTimer);
  source?.close();
  source = undefined;
}

function resume(): void {
  rest();
  retryMs = RETRY_MIN_MS;
  connect();
  if (seenChange === undefined) refreshAnswers();
}

const isOpen = () => source?.readyState === EventSource.OPEN;

function connect(): void {
  if (document.hidden) return;
  const opened = new EventSource(requestUrl("/api/v1/events", { person: personInAddress.peek() }));
  source = opened;
  const on = (name: string, act: (data: Record<string, unknown>) => void) =>
    opened.addEventListener(name, (event) => {
      const data = parsed((event as MessageEvent<string>).data);
      if (data) act(data);
    });
  on("hello", ({ change }) => {
    retryMs = RETRY_MIN_MS;
    const wasAway = unreachableSince.peek() !== null;
    noteReached();
    // What changed while nobody listened, and what could not be read.
    if (wasAway || (typeof change === "number" && seenChange !== undefined && change !== seenChange)) refreshSoon();
    if (typeof change === "number") seenChange = change;
  });
  on("change", ({ change }) => {
    if (typeof change === "number") seenChange = change;
    refreshSoon();
  });
  on("upload", (data) => showUpload(data as unknown as UploadNews));
  opened.onerror = () => {
    opened.close();
    if (source === opened) void retryLater();
  };
}

function disconnect(): void {
  rest();
  seenChange = undefined;
}

async function retryLater(): Promise<void> {
  source = undefined;
  clearTimeout(retryTimer);
  // A stream that ends says nothing about why: the server is away, or the session has ended.
  await loadSession();
  clearTimeout(retryTimer);
  retryTimer = window.setTimeout(() => {
    if (session.peek() && !source) connect();
  }, retryMs);
  retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
}

function showUpload(news: UploadNews): void {
  upload.value = news;
  clearTimeout(uploadTimer);
  if (news.state !== "running") {
    uploadTimer = window.setTimeout(() => {
      upload.value = null;
    }, UPLOAD_SHOWN_MS);
    refreshSoon();
  }
}

/** Many changes in a row make one read every 1.5 s. */
function refreshSoon(): void {
  if (refreshTimer !== undefined) return;
  const waitMs = Math.max(0, refreshedAt + REFRESH_MIN_MS - Date.now());
  refreshTimer = window.setTimeout(() => {
    refreshTimer = undefined;
    refreshedAt = Date.now();
    refreshAnswers();
  }, waitMs);
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === "object" ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
