// The last value of a type, as lists of all types show it.

interface Summary {
  method: string;
  last: { value: number | null };
  day_value: number | null;
}

const BY_DAY = ["sum", "values", "nights"];
const BY_SAMPLE = ["mean", "level"];

/** The last sample of a sum is a few steps, that of a night one stage: the day says more. */
export const isByDay = (method: string): boolean => BY_DAY.includes(method);

/** Other types have no figures. */
export const hasFigures = (method: string): boolean => isByDay(method) || BY_SAMPLE.includes(method);

export function latestValue({ method, last, day_value: ofDay }: Summary): number | null {
  if (isByDay(method)) return ofDay;
  return hasFigures(method) ? (last.value ?? ofDay) : null;
}
