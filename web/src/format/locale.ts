// The browser's language, and formats made once for each. Ages are words within sentences, so they are in the texts' language.

import { texts } from "../texts/first.ts";

let current = typeof navigator === "undefined" ? "en" : navigator.language || "en";
const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

export function locale(): string {
  return current;
}

/** For tests: the page never changes it. */
export function setLocale(language: string): void {
  current = language;
  made.clear();
}

function once<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(
  kind: string,
  options: object,
  make: () => T,
): T {
  const key = kind + JSON.stringify(options);
  const known = made.get(key);
  if (known) return known as T;
  const format = make();
  made.set(key, format);
  return format;
}

export function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return once("number", options, () => new Intl.NumberFormat(current, options));
}

export function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return once("date", options, () => new Intl.DateTimeFormat(current, options));
}

export function relativeFormat(options: Intl.RelativeTimeFormatOptions): Intl.RelativeTimeFormat {
  return once("relative", options, () => new Intl.RelativeTimeFormat(texts.language, options));
}
