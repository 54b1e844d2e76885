// What can go wrong with a request: the server refuses it and says why, or the server cannot be reached.

import { texts } from "../texts/first.ts";

/** The server's `application/problem+json`, as an error. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail);
  }
}

/** No answer at all: the server or the network is away. */
export class Unreachable extends Error {
  constructor() {
    super(texts.problems.unreachable);
  }
}

export async function problemOf(answer: Response): Promise<Problem> {
  const content = await answer.json().catch(() => null);
  const text = (name: string): string | null => {
    const value = content && typeof content === "object" ? (content as Record<string, unknown>)[name] : null;
    return typeof value === "string" ? value : null;
  };
  const title = text("title") ?? `${answer.status} ${answer.statusText}`.trim();
  return new Problem(answer.status, title, text("detail") ?? title);
}
