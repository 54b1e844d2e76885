// The address holds the view and what it shows: #/type/steps?range=month&end=2026-11-26&person=ben&units=us
//
// Person and units go along with every link; everything else belongs to one view.

import { computed, signal } from "@preact/signals";

export interface Address {
  /** The view's name; empty for Today. */
  view: string;
  /** The parts of the path behind the view. */
  parts: string[];
  query: URLSearchParams;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

const CARRIED = ["person", "units"];

export function parseAddress(hash: string): Address {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [view = "", ...parts] = path.split("/").map(decoded);
  return { view, parts: parts.filter((part) => part !== ""), query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Builds a hash. What is null, undefined or empty is left out. */
export function buildAddress(view: string, parts: readonly string[], query: Query): string {
  const path = [view, ...parts].map(encodeURIComponent).join("/");
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) search.set(name, String(value));
  }
  const text = search.toString();
  return `#/${path}${text ? `?${text}` : ""}`;
}

const hash = signal(typeof location === "undefined" ? "" : location.hash);
if (typeof window !== "undefined") {
  window.addEventListener("hashchange", () => {
    hash.value = location.hash;
  });
}

export const address = computed(() => parseAddress(hash.value));

/** The person that the address names; null for the session's. */
export const personInAddress = computed(() => address.value.query.get("person"));

/** A link to a view, which keeps person and units: `linkTo("type", ["steps"], { range: "month" })`. */
export function linkTo(view: string, parts: readonly string[] = [], query: Query = {}): string {
  const carried = CARRIED.map((name) => [name, address.value.query.get(name)]);
  return buildAddress(view, parts, { ...Object.fromEntries(carried), ...query });
}

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
