// Asks what each source adds. Each has its hook, of which there are always as many.

import { useMemo } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import type { Query } from "../../state/address.ts";
import { type Point, pointsOf } from "./series.ts";
import { SHARES_MAX, type Share, sharesOf } from "./shares.ts";

const PLACES = Array.from({ length: SHARES_MAX }, (_, place) => place);

/** Returns the shares of the points of a chart; null while they are read, or if they are not wanted. */
export function useShares(
  isWanted: boolean,
  query: Query,
  sources: readonly string[],
  points: readonly Point[],
): Share[] | null {
  const names = sources.filter((name) => name !== "").slice(0, SHARES_MAX);
  const answers = PLACES.map((place) => {
    const source = names[place];
    return useAnswer(isWanted && source !== undefined ? "/api/v1/days" : null, { ...query, source }).value.data;
  });
  return useMemo(() => {
    const known = names.flatMap((name, place) => {
      const answer = answers[place];
      return answer && "bucket" in answer ? [{ name, points: pointsOf(answer) }] : [];
    });
    return isWanted && known.length === names.length ? sharesOf(points, known) : null;
  }, [isWanted, points, ...answers]);
}
