// The address holds the view and what it shows: #/type/steps?range=month&end=2026-11-26&person=ben&units=us
//
// Person and units go along with every link; everything else belongs to one view.

import { computed, signal } from "@preact/signals";
import { type Address, buildAddress, parseAddress, type Query } from "./hash.ts";
import { Trail } from "./trail.ts";

export { type Address, buildAddress, parseAddress, type Query } from "./hash.ts";

const CARRIED = ["person", "units"];

const hash = signal(typeof location === "undefined" ? "" : location.hash);
const trail = new Trail();
if (typeof window !== "undefined") {
  window.addEventListener("hashchange", () => {
    trail.leave(hash.value, location.hash);
    hash.value = location.hash;
  });
}

export const address = computed(() => parseAddress(hash.value));

/** The person that the address names; null for the session's. */
export const personInAddress = computed(() => address.value.query.get("person"));

const carried = (): Query => Object.fromEntries(CARRIED.map((name) => [name, address.value.query.get(name)]));

/** A link to a view, which keeps person and units: `linkTo("type", ["steps"], { range: "month" })`. */
export function linkTo(view: string, parts: readonly string[] = [], query: Query = {}): string {
  return buildAddress(view, parts, { ...carried(), ...query });
}

/** The address that was left last, of those that are wanted. */
export const lastLeft = (isWanted: (address: Address) => boolean): Address | undefined => trail.last(isWanted);

/** A link back to an address, for the person and with the units of now. */
export const linkBackTo = ({ view, parts, query }: Address): string =>
  linkTo(view, parts, { ...Object.fromEntries(query), ...carried() });

export function go(link: string): void {
  location.hash = link;
}

/** Changes parts of the query. A small change, such as a word typed, replaces the entry in the browser's history. */
export function changeQuery(changes: Query, history: "add" | "replace" = "add"): void {
  const { view, parts, query } = address.value;
  const link = buildAddress(view, parts, { ...Object.fromEntries(query), ...changes });
  if (link === location.hash) return;
  if (history === "add") {
    location.hash = link;
  } else {
    window.history.replaceState(window.history.state, "", link);
    hash.value = link;
  }
}
