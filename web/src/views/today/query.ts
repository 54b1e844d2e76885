// What Today asks for: small enough to be asked before the view is loaded.

import { signal } from "@preact/signals";
import { personInAddress, type Query } from "../../state/address.ts";
import { keep, readKept } from "../../state/settings.ts";

export const FIGURES = 4;
const NAME = "figures";

/** The owner's choice; null until there is one: then the server chooses. */
export const chosenFigures = signal<string[] | null>(parsed(readKept(NAME)));

function parsed(text: string | null): string[] | null {
  const types =
    text
      ?.split(",")
      .filter((type) => type !== "")
      .slice(0, FIGURES) ?? [];
  return types.length > 0 ? types : null;
}

export function chooseFigures(types: string[]): void {
  keep(NAME, types.join(","));
  chosenFigures.value = types;
}

export function overviewQuery(): Query {
  return { type: chosenFigures.value?.join(","), person: personInAddress.value };
}
