// What the owner of a browser chooses: kept there, and the units also in the address.

import { computed, signal } from "@preact/signals";
import type { UnitSystem } from "../format/units.ts";
import { address, changeQuery } from "./address.ts";
import { keep, readKept } from "./kept.ts";

export { keep, readKept } from "./kept.ts";

const isSystem = (text: string | null): text is UnitSystem => text === "metric" || text === "us";
const usesMiles = () => /^en-(US|LR)|-MM$/i.test(typeof navigator === "undefined" ? "" : navigator.language);
const keptUnits = signal(readKept("units"));

export const units = computed<UnitSystem>(() => {
  const inAddress = address.value.query.get("units");
  if (isSystem(inAddress)) return inAddress;
  if (isSystem(keptUnits.value)) return keptUnits.value;
  return usesMiles() ? "us" : "metric";
});

export function chooseUnits(system: UnitSystem): void {
  keep("units", system);
  keptUnits.value = system;
  changeQuery({ units: system }, "replace");
}
