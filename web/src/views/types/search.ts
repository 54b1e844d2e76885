// Whether a type is meant by a word that was typed. Pure.

import { groupOfType, nameOfType } from "../../format/types.ts";
import { texts } from "../../texts.ts";

/** Each part of the word is in its name, its group or HealthKit's identifier, whatever its accents and capitals. */
export function matches({ type, identifier }: { type: string; identifier: string }, word: string): boolean {
  const content = folded(`${nameOfType(type)} ${type} ${texts.groups[groupOfType(type)]} ${identifier}`);
  return folded(word)
    .split(/\s+/)
    .every((part) => content.includes(part));
}

function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
