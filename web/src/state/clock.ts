// The time, as often as ages on the screen need it.

import { computed, signal } from "@preact/signals";
import { dayIn, HERE } from "../format/calendar.ts";

const TICK_MS = 20_000;

export const now = signal(new Date());

/** Where the person is, once an answer says so: their day may be another one than the browser's. */
export const personZone = signal<string | null>(null);

/** The person's date. */
export const today = computed(() => dayIn(personZone.value ?? HERE, now.value));

export function startClock(): void {
  const tick = () => {
    if (document.visibilityState === "visible") now.value = new Date();
  };
  setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", tick);
}
