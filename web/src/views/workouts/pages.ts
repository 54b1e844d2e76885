// All workouts of a time: the first page by the usual way, further ones by the API's cursor.

import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import { type AnswerOf, readJson, requestUrl } from "../../api/client.ts";
import type { WorkoutRow } from "../../api/shapes.ts";
import { personInAddress } from "../../state/address.ts";

const PAGE_ROWS = 5000;
/** Ten years of three workouts a day have fewer pages. */
const PAGES_MAX = 20;

export function useWorkouts(from: string | null) {
  const query = { from, limit: PAGE_ROWS, person: personInAddress.value };
  const answer = useAnswer("/api/v1/workouts", query);
  const first = answer.value.data;
  const [more, setMore] = useState<readonly WorkoutRow[]>([]);
  useEffect(() => {
    setMore([]);
    const reading = new AbortController();
    const readOn = async () => {
      const rows: WorkoutRow[] = [];
      let cursor = first?.next_cursor ?? null;
      for (let page = 1; cursor && page < PAGES_MAX; page += 1) {
        const url = requestUrl("/api/v1/workouts", { ...query, cursor });
        const next = await readJson<AnswerOf<"/api/v1/workouts">>(url, { signal: reading.signal });
        rows.push(...next.workouts);
        cursor = next.next_cursor ?? null;
        setMore([...rows]);
      }
    };
    readOn().catch(() => {});
    return () => reading.abort();
  }, [first]);
  return { answer, more };
}
