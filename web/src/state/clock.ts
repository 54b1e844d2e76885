// The time, as often as ages on the screen need it.

import { computed, signal } from "@preact/signals";
import { knownZone } from "../draw/clock.ts";
import { dayIn, HERE } from "../format/calendar.ts";

const TICK_MS = 20_000;

export const now = signal(new Date());

/**
 * Where the person is, once an answer says so: their day may be another one than the browser's. undefined until then; null if
 * the server does not know: then days are those of UTC.
 */
export const personZone = signal<string | null | undefined>(undefined);

/** The zone in which times are shown. */
export const zone = computed(() => (personZone.value === undefined ? HERE : (knownZone(personZone.value) ?? "UTC")));

/** The person's date. */
export const today = computed(() => dayIn(zone.value, now.value));

export function startClock(): void {
  const tick = () => {
    if (document.visibilityState === "visible") now.value = new Date();
  };
  setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", tick);
}
