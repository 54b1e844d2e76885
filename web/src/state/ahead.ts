// A request that began before the page's scripts were there, and the script that takes its answer.

interface Ahead {
  url: string;
  answer: Promise<Response>;
  /** The JSON of a good answer; undefined of another one. Only one reader may take it. */
  content: Promise<unknown>;
  /** Both, once they are there. */
  read?: Read;
}
interface Read {
  answer: Response;
  data: unknown;
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
  const content = answer.then((answer) => (answer.ok ? answer.json() : undefined));
  const ahead: Ahead = { url, answer, content };
  window.ahead = ahead;
  Promise.all([answer, content]).then(
    ([answer, data]) => {
      if (answer.ok) ahead.read = { answer, data };
    },
    // Its taker handles the failure.
    () => undefined,
  );
}

/** Returns the answer to this address once, if it was asked for. */
export function takeAhead(url: string): Ahead | undefined {
  const ahead = typeof window === "undefined" ? undefined : window.ahead;
  if (ahead?.url !== url) return undefined;
  window.ahead = undefined;
  return ahead;
}

/** Returns the answer to this address with its JSON, if it is there already. */
export function takeRead(url: string): Read | undefined {
  return typeof window !== "undefined" && window.ahead?.read ? takeAhead(url)?.read : undefined;
}
