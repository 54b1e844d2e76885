// What Today asks for.

import { signal } from "@preact/signals";
import { personInAddress, type Query } from "../../state/address.ts";
import { keep } from "../../state/settings.ts";
import { NAME, queryOf, readChosen } from "./chosen.ts";

export { FIGURES } from "./chosen.ts";

export const chosenFigures = signal<string[] | null>(readChosen());

export function chooseFigures(types: string[]): void {
  keep(NAME, types.join(","));
  chosenFigures.value = types;
}

export function overviewQuery(): Query {
  return queryOf(chosenFigures.value, personInAddress.value);
}
