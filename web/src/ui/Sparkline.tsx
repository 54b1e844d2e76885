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
      {kind === "bars"
        ? values.map((value, place) =>
            bar(value, place, { step, height, top, last: values.findLastIndex((value) => value !== null), partial }),
          )
        : line(values, step, top)}
    </svg>
  );
}

interface Bars {
  step: number;
  height: number;
  top: (value: number) => number;
  last: number;
  partial: boolean | undefined;
}

function bar(value: number | null, place: number, { step, height, top, last, partial }: Bars) {
  if (value === null) return null;
  const y = Math.min(top(value), height - 1);
  const x = place * step + step * 0.16;
  const faded = partial && place === last;
  return (
    <rect
      key={place}
      x={x}
      y={y}
      width={step * 0.68}
      height={height - y}
      // A card of half a desk stretches it: larger corners would not stay round.
      rx={Math.min(1, step / 5)}
      class={place === last ? "last" : undefined}
      fill-opacity={faded ? 0.55 : undefined}
    />
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
