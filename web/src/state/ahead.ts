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

export function askAhead(url: string, accept: string): void {
  const answer = fetch(url, { credentials: "same-origin", headers: { accept } });
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
