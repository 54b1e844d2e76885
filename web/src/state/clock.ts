// The time, as often as ages on the screen need it.

import { signal } from "@preact/signals";

const TICK_MS = 20_000;

export const now = signal(new Date());

export function startClock(): void {
  const tick = () => {
    if (document.visibilityState === "visible") now.value = new Date();
  };
  setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", tick);
}
