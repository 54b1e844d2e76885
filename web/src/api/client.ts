// Requests to the API with the session's cookie. Answers have tags, and the browser's cache asks with them again.

import { takeAhead, takeRead } from "../state/ahead.ts";
import { noteKept, noteReached, noteUnreachable } from "../state/connection.ts";
import { Problem, problemOf, Unreachable } from "./problem.ts";
import type { SessionAnswer } from "./shapes.ts";
import type { paths } from "./types.ts";
import { ACCEPTED } from "./url.ts";

export { requestUrl } from "./url.ts";

type Described = {
  [Path in keyof paths as Path extends `/api/v1/${string}` ? Path : never]: paths[Path] extends {
    get: { responses: { 200: { content: infer Content } } };
  }
    ? Content extends { "application/json": infer Body }
      ? Body
      : Content extends { "application/geo+json": infer Body }
        ? Body
        : string
    : never;
};

type Samples = Described["/api/v1/samples"];

/** Each path that is read, with its answer. The page asks for samples of one type at a time. */
export type Answers = Omit<Described, "/api/v1/samples"> & {
  "/api/v1/samples": Exclude<Samples, { series: unknown }>;
  "/session": SessionAnswer;
};
export type Path = keyof Answers;
export type AnswerOf<P extends Path> = Answers[P];

/** The service worker's mark on what it has kept. */
const KEPT_AT = "x-kept-at";

/** Asks the server, and notes whether it answers. */
export function request(url: string, options: RequestInit = {}): Promise<Response> {
  return answered(fetch(url, { credentials: "same-origin", ...options }), options);
}

async function answered(asked: Promise<Response>, options: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await asked;
    options.signal?.throwIfAborted();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    noteUnreachable();
    throw new Unreachable();
  }
  // A proxy answers for a server that is away.
  if (answer.status === 502 || answer.status === 504) {
    noteUnreachable();
    throw new Unreachable();
  }
  noteAnswer(answer);
  if (answer.ok) return answer;
  throw await problemOf(answer);
}

function noteAnswer(answer: Response): void {
  const kept = answer.headers.get(KEPT_AT);
  if (kept) noteKept(new Date(kept));
  else noteReached();
}

/** Returns an answer that was asked for ahead, if it has come already: without a wait, so that the first paint has it. */
export function readNow(url: string): unknown {
  const read = takeRead(url);
  if (read) noteAnswer(read.answer);
  return read?.data;
}

/** Reads JSON. A page of HTML in its place comes from something that is not healthsink, such as a proxy's sign-in. */
export async function readJson<T>(url: string, options: RequestInit = {}): Promise<T> {
  const ahead = takeAhead(url);
  const answer = await (ahead
    ? answered(ahead.answer, options)
    : request(url, { headers: { accept: ACCEPTED }, ...options }));
  try {
    return (await (ahead?.content ?? answer.json())) as T;
  } catch {
    throw new Problem(answer.status, "not JSON", `the answer to ${url.split("?")[0]} is not JSON`);
  }
}
