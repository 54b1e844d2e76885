// The service worker: the page and the last answers while the server cannot be reached. It exists only over HTTPS.
//
// Files under assets/ never change, so they come from the cache. Everything else comes from the server first. Signing in or
// out deletes the answers.

declare const SHELL: string[];
declare const VERSION: string;

interface WaitingEvent extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface FetchedEvent extends WaitingEvent {
  request: Request;
  /** The answer to a navigation, which the browser asks for while the worker starts. */
  preloadResponse: Promise<Response | undefined>;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  registration: { scope: string; navigationPreload?: { enable(): Promise<void> } };
  addEventListener(name: "install" | "activate", listener: (event: WaitingEvent) => void): void;
  addEventListener(name: "fetch", listener: (event: FetchedEvent) => void): void;
}

const worker = self as unknown as Worker;
const FILES = `files-${VERSION}`;
const ANSWERS = "answers";
const ANSWERS_MAX = 40;
const KEPT_AT = "x-kept-at";
const SIGNS_IN_OR_OUT = /^session(\/end)?$/;
const KEPT = /^api\/v1\/(overview|days|nights|types|workouts|people)(\/|$)|^session$/;

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(FILES)
      .then((cache) => cache.addAll(SHELL))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (event) => {
  const outdated = (name: string) => name !== FILES && name !== ANSWERS;
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(outdated).map((name) => caches.delete(name))))
      .then(() => worker.registration.navigationPreload?.enable())
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (!request.url.startsWith(worker.registration.scope)) return;
  const path = request.url.slice(worker.registration.scope.length).split(/[?#]/)[0] ?? "";
  if (request.method !== "GET") {
    // The next one to sign in may be another person.
    if (SIGNS_IN_OR_OUT.test(path)) event.waitUntil(caches.delete(ANSWERS));
  } else if (path.startsWith("assets/")) {
    event.respondWith(fromCacheFirst(request));
  } else if (request.mode === "navigate" && path === "") {
    event.respondWith(fromServerFirst(event, FILES));
  } else if (KEPT.test(path)) {
    event.respondWith(fromServerFirst(event, ANSWERS));
  }
});

async function fromCacheFirst(request: Request): Promise<Response> {
  const cache = await caches.open(FILES);
  const known = await cache.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

/** The page gets the answer at once, and the worker keeps it meanwhile. */
async function fromServerFirst(event: FetchedEvent, name: string): Promise<Response> {
  const { request } = event;
  // Opened before the request: signing out meanwhile deletes it, with what is put into it afterwards.
  const opened = caches.open(name);
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(request));
    if (answer.ok) event.waitUntil(keep(opened, request, answer.clone()));
    else if (answer.status === 401) await caches.delete(ANSWERS);
    return answer;
  } catch (error) {
    const known = await (await opened).match(request);
    if (known) return known;
    throw error;
  }
}

/** With the time, so that the page says how old it is. */
async function keep(opened: Promise<Cache>, request: Request, answer: Response): Promise<void> {
  const cache = await opened;
  const headers = new Headers(answer.headers);
  headers.set(KEPT_AT, new Date().toISOString());
  await cache.delete(request);
  await cache.put(request, new Response(answer.body, { status: answer.status, headers }));
  const requests = await cache.keys();
  const over = requests.slice(0, Math.max(0, requests.length - ANSWERS_MAX));
  await Promise.all(over.filter((old) => !old.url.includes("/assets/")).map((old) => cache.delete(old)));
}
