// Which of the last samples are listed. Pure.

/** Days back from the last sample, one after the other until there are enough; null for all. */
export const SPANS = [7, 31, 366, null] as const;
/** Rows of one request. */
export const SAMPLES_MAX = 10_000;
const SHOWN = 200;

/** Whether no longer time needs to be asked for. */
export const isEnough = (span: number, count: number): boolean => count >= SHOWN || span >= SPANS.length - 1;

/** The last rows of those that begin with the oldest, the newest first. */
export function newest<T>(rows: readonly T[]): T[] {
  return rows.slice(-SHOWN).reverse();
}
