// A small picture of a few values: bars for sums, a line for means. Days without values leave a gap, unless many have none.

interface SparklineProps {
  values: readonly (number | null)[];
  kind: "bars" | "line";
  color: string;
  /** For screen readers. Without it the picture is decoration. */
  label?: string;
  width?: number;
  height?: number;
  /** The last value is of a day that is not over. */
  partial?: boolean;
}

export function Sparkline({ values, kind, color, label, width = 96, height = 32, partial }: SparklineProps) {
  const known = values.filter((value): value is number => value !== null);
  const highest = kind === "bars" ? Math.max(...known, 0) : Math.max(...known);
  const lowest = kind === "bars" ? 0 : Math.min(...known);
  const step = width / Math.max(1, values.length);
  // Values that are all alike are in the middle: at the bottom they would look like none.
  const share = (value: number) =>
    highest > lowest ? (value - lowest) / (highest - lowest) : kind === "bars" ? 0 : 0.5;
  const top = (value: number) => height - 2 - share(value) * (height - 4);
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role={label ? "img" : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : "true"}
      style={{ color }}
    >
      {kind === "bars" ? bars(values, { step, height, top, partial }) : line(values, step, top)}
    </svg>
  );
}

interface Bars {
  step: number;
  height: number;
  top: (value: number) => number;
  partial: boolean | undefined;
}

/** Two paths, whatever the number of bars: a phone draws four pictures of a week at once. */
function bars(values: readonly (number | null)[], { step, height, top, partial }: Bars) {
  const last = values.findLastIndex((value) => value !== null);
  const bar = (value: number | null, place: number) => {
    if (value === null) return "";
    const y = Math.min(top(value), height - 1);
    const [x, width] = [place * step + step * 0.16, step * 0.68];
    return `M${x.toFixed(2)} ${y.toFixed(2)}h${width.toFixed(2)}V${height}h${(-width).toFixed(2)}z`;
  };
  const before = values.slice(0, Math.max(0, last)).map(bar).join("");
  return (
    <>
      {before && <path class="bars" d={before} />}
      {last >= 0 && <path class={partial ? "last unfinished" : "last"} d={bar(values[last] ?? null, last)} />}
    </>
  );
}

/** Neighbours are joined; a single value between gaps is a dot. */
function line(values: readonly (number | null)[], step: number, top: (value: number) => number) {
  const runs: [number, number][][] = [];
  let run: [number, number][] = [];
  const isSparse = values.filter((value) => value !== null).length < values.length * 0.8;
  values.forEach((value, place) => {
    if (value === null) {
      if (isSparse) return;
      if (run.length > 0) runs.push(run);
      run = [];
    } else {
      run.push([(place + 0.5) * step, top(value)]);
    }
  });
  if (run.length > 0) runs.push(run);
  const end = runs.at(-1)?.at(-1);
  return (
    <>
      {runs.map((points) => (
        <polyline key={points[0]?.[0]} points={points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")} />
      ))}
      {end && <path class="dot" d={`M${end[0].toFixed(1)} ${end[1].toFixed(1)}h0`} />}
    </>
  );
}
