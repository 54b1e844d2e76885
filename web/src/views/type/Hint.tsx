// What a chart can do, until the owner has done it once.

import { signal } from "@preact/signals";
import { keep, readKept } from "../../state/settings.ts";
import { texts } from "../../texts.ts";

const NAME = "chart-hint";
const isKnown = signal(readKept(NAME) !== null);

/** A value was chosen in a chart. */
export function noteChosen(): void {
  if (isKnown.peek()) return;
  isKnown.value = true;
  keep(NAME, "known");
}

export function Hint() {
  if (isKnown.value) return null;
  const isTouch = matchMedia("(pointer: coarse)").matches;
  return <p class="note chart-hint">{isTouch ? texts.type.hintTouch : texts.type.hint}</p>;
}
