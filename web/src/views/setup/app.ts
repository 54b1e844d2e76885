// What the server expects of the app.

import type { SessionAnswer } from "../../api/shapes.ts";

export interface App {
  url: string;
  path: string;
  /** The header of the token; null for `Authorization: Bearer`. */
  header: string | null;
}

/** Without a public address, the address of the page has reached the server. */
export function appOf(
  session: Pick<SessionAnswer, "app"> | null | undefined,
  here: { origin: string; pathname: string },
): App {
  const known = session?.app;
  // Behind a proxy the page may be below a path.
  const below = here.pathname.slice(0, here.pathname.lastIndexOf("/"));
  return {
    url: known?.url ?? here.origin + below,
    path: known?.path ?? "/api/health-data",
    header: known?.header ?? null,
  };
}

function hostOf(url: string): string {
  try {
    return new URL(url).hostname.replace(/^\[|\]$/g, "");
  } catch {
    return "";
  }
}

/** The notice about an address: with uploads from elsewhere it says where phones send to, not that they cannot. */
export function noticeOf(url: string, hasArrived: boolean): "onlyHere" | "otherAddress" | null {
  if (!isOnlyHere(url)) return null;
  return hasArrived ? "otherAddress" : "onlyHere";
}

/** Whether only the server's own machine reaches the address. */
export function isOnlyHere(url: string): boolean {
  const host = hostOf(url);
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127\./.test(host);
}

/** Whether others in the network can read what is sent. */
export function isOpenHttp(url: string): boolean {
  return url.startsWith("http:") && !isOnlyHere(url);
}

/** The command that makes a token. A name with other characters is quoted for a shell. */
export function tokenCommand(person: string): string {
  const quoted = /^[\w.-]+$/.test(person) ? person : `'${person.replaceAll("'", `'\\''`)}'`;
  return `healthsink token new --person ${quoted} --label phone`;
}
