// The order in which the parts of a chart are drawn: the last one is on top. Pure.

export type Part = "before" | "casing" | "value" | "layers" | "partial" | "mean";

/** Bars would hide lines, so these are drawn over them. The period before is dimmed, behind a line. */
export function orderOf(kind: "bars" | "band" | "dots"): readonly Part[] {
  return kind === "bars" ? ["value", "layers", "partial", "casing", "before", "mean"] : ["before", "value", "mean"];
}

/** Returns the values of times that are not over; nothing if there are none. */
export function unfinished(
  points: readonly { partial: boolean }[],
  values: readonly (number | null)[],
): (number | null)[] | undefined {
  const found = values.map((value, place) => (points[place]?.partial ? value : null));
  return found.some((value) => value !== null) ? found : undefined;
}
