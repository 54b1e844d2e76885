// A request that began before the page's scripts were there, and the script that takes its answer.

interface Ahead {
  url: string;
  answer: Promise<Response>;
}
declare global {
  interface Window {
    ahead?: Ahead | undefined;
  }
}

/** The address that the page's head asks for. No other request has its "?", or it would get that answer hours later. */
export const IN_HEAD = "api/v1/overview?";

/** As the page's head writes an address, if it asks for that. */
export const inHead = (url: string): string => (`${url}?` === IN_HEAD ? IN_HEAD : url);

/** Asks for an address as the head writes it, without headers: browsers take the answer that the head got only then. */
export function askAhead(url: string, written: string): void {
  const answer = fetch(written, { credentials: "same-origin" });
  // Its taker handles the failure.
  answer.catch(() => undefined);
  window.ahead = { url, answer };
}

/** Returns the answer to this address once, if it was asked for. */
export function takeAhead(url: string): Promise<Response> | undefined {
  const ahead = typeof window === "undefined" ? undefined : window.ahead;
  if (ahead?.url !== url) return undefined;
  window.ahead = undefined;
  return ahead.answer;
}
