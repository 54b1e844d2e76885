// Addresses of requests.

import type { Query } from "../state/hash.ts";

/** What requests for JSON accept. */
export const ACCEPTED = "application/json, application/geo+json";

/** Fills `{names}` of a path and adds the query. The address is relative, since a proxy may add a prefix. */
export function requestUrl(path: string, query: Query = {}, names: Record<string, string> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return filled.slice(1) + (text ? `?${text}` : "");
}
