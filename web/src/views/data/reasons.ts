// Rejects by their reasons. Pure.

interface Rejected {
  reason: string | null;
  section: string | null;
  index: number | null;
}

interface Reason<R> {
  reason: string | null;
  count: number;
  first: R;
}

/** Returns each reason once, the one with the most rejects first. */
export function reasonsOf<R extends Rejected>(rejects: readonly R[]): Reason<R>[] {
  const reasons = new Map<string | null, Reason<R>>();
  for (const reject of rejects) {
    const known = reasons.get(reject.reason);
    if (known) known.count += 1;
    else reasons.set(reject.reason, { reason: reject.reason, count: 1, first: reject });
  }
  return [...reasons.values()].sort((one, other) => other.count - one.count);
}

/** Where it was in the upload: `HKQuantityTypeIdentifierStepCount[3]`. */
export const placeOf = ({ section, index }: Rejected): string =>
  `${section ?? ""}${index === null ? "" : `[${index}]`}`;
