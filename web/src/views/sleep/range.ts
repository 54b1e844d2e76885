// Which nights the view shows: so many up to the last one, which the address may name.

import { addDays, isDay } from "../../format/calendar.ts";

export type Range = "week" | "month" | "half";

export const RANGES: Record<Range, number> = { week: 7, month: 30, half: 182 };

export interface Nights {
  range: Range;
  /** The first and the last date of mornings. */
  first: string;
  last: string;
  /** Whether nothing newer can exist. */
  isNewest: boolean;
}

export function nightsOf(query: URLSearchParams, today: string): Nights {
  const wanted = query.get("range");
  const range = wanted === "month" || wanted === "half" ? wanted : "week";
  const end = query.get("end");
  const last = isDay(end) && end < today ? end : today;
  return { range, first: addDays(last, 1 - RANGES[range]), last, isNewest: last === today };
}

/** The end of the nights before or behind; null for the newest ones. */
export function movedEnd({ range, last }: Nights, direction: -1 | 1, today: string): string | null {
  const end = addDays(last, direction * RANGES[range]);
  return end >= today ? null : end;
}
