// The stages of many nights. The list of nights has none, so each night is read by itself, a few at a time, and kept.

import { type ReadonlySignal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { readJson, requestUrl } from "../../api/client.ts";
import type { Night, NightRow, Segment } from "../../api/shapes.ts";
import { personInAddress } from "../../state/address.ts";

/** Fewer than a token may have under way, so that the rest of the page need not wait. */
const AT_ONCE = 3;
/** Bars are drawn again so often while stages come in. */
const SHOWN_EVERY_MS = 100;
const KEPT_MAX = 400;
const kept = new Map<string, Segment[]>();

/** A night that has changed has another key, so nothing old is shown. */
function keyOf(person: string | null, night: NightRow): string {
  return `${person ?? ""} ${JSON.stringify(night)}`;
}

export type Stages = ReadonlyMap<string, readonly Segment[]>;

/** Returns the segments of nights by date, as they come in. */
export function useStages(nights: readonly NightRow[]): ReadonlySignal<Stages> {
  const person = personInAddress.value;
  const stages = useMemo(() => signal<Stages>(new Map()), [nights, person]);
  useEffect(() => {
    const reading = new AbortController();
    const known = new Map<string, Segment[]>();
    const missing: NightRow[] = [];
    for (const night of nights) {
      const segments = kept.get(keyOf(person, night));
      if (segments) known.set(night.night, segments);
      else missing.unshift(night);
    }
    const show = () => {
      stages.value = new Map(known);
    };
    show();
    let timer: number | undefined;
    const showSoon = () => {
      timer ??= window.setTimeout(() => {
        timer = undefined;
        show();
      }, SHOWN_EVERY_MS);
    };
    const work = async () => {
      for (let night = missing.shift(); night; night = missing.shift()) {
        const url = requestUrl("/api/v1/nights/{date}", { person }, { date: night.night });
        const answer = await readJson<Night>(url, { signal: reading.signal });
        known.set(night.night, answer.segments);
        if (kept.size >= KEPT_MAX) kept.clear();
        kept.set(keyOf(person, night), answer.segments);
        showSoon();
      }
    };
    // Without its stages a night is still drawn, and the list reports failures.
    for (let worker = 0; worker < AT_ONCE; worker += 1) work().catch(() => {});
    return () => {
      reading.abort();
      clearTimeout(timer);
    };
  }, [nights, person, stages]);
  return stages;
}
