// Whether the server answers, and since when it does not.

import { signal } from "@preact/signals";

/** The instant since which the server cannot be reached; null while it can. */
export const unreachableSince = signal<Date | null>(null);

/** When the server answered last. */
export const reachedAt = signal<Date | null>(null);

export function noteReached(): void {
  reachedAt.value = new Date();
  if (unreachableSince.peek()) unreachableSince.value = null;
}

export function noteUnreachable(): void {
  if (!unreachableSince.peek()) unreachableSince.value = new Date();
}

/** An answer that the browser has kept, in place of a server that is away. */
export function noteKept(at: Date): void {
  noteUnreachable();
  if (!reachedAt.peek()) reachedAt.value = at;
}
