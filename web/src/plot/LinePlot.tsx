// A line of values over time, with their least and greatest, in a stack of plots.

import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { niceRange, type Steps, valueTicks } from "../draw/ticks.ts";
import { type Axis, LEFT, RIGHT, xOf } from "./axis.ts";
import { drawn, type Readings, readingAt } from "./line.ts";
import { type Cursor, CursorLine, TimeLines } from "./Stack.tsx";

export interface LinePlotProps {
  name: string;
  readings: Readings;
  axis: Axis;
  cursor: Cursor;
  /** A custom property of CSS: `--heart`. */
  color: string;
  format: (value: number) => string;
  /** Labels of the axis; without it, `format`. */
  formatTick?: (value: number) => string;
  /** Shown while no cursor is there. */
  summary?: string;
  height?: number;
  /** Steps of the axis; without it, round numbers. */
  steps?: Steps;
  /** The least values are on top: of paces, the fastest. */
  isInverted?: boolean;
  /** The area below the line is filled. */
  isFilled?: boolean;
  /** Values of stretches of time, such as a whole night. */
  spans?: readonly { from: number; to: number; value: number }[];
  /** Values that the axis should hold, whatever the readings are. */
  least?: number;
  greatest?: number;
  /** Drawn behind the line, with the place of a value. */
  behind?: (toY: (value: number) => number, height: number) => ComponentChildren;
}

const TOP = 6;
const BOTTOM = 4;

export function LinePlot(props: LinePlotProps) {
  const { name, readings, axis, cursor, color, format, summary, height = 96, spans = [] } = props;
  const { from, to, toY } = useScale(props, height);
  const paths = useMemo(() => drawn(readings, axis, toY), [readings, axis, toY]);
  const ticks = valueTicks(from, to, height < 70 ? 2 : height < 90 ? 3 : 4, props.steps);
  const base = height - BOTTOM;
  return (
    <figure class="plot" style={{ "--plot": `var(${color})` }}>
      <figcaption class="plot-head">
        <span class="plot-name">{name}</span>
        <Readout {...{ readings, cursor, format, spans }} summary={summary ?? ""} />
      </figcaption>
      {axis.width > 0 && (
        <svg width={axis.width} height={height} aria-hidden="true">
          {props.behind?.(toY, height)}
          <TimeLines axis={axis} height={height} />
          <g class="plot-grid">
            {ticks.map((value) => (
              <line key={value} x1={LEFT} x2={axis.width - RIGHT} y1={toY(value)} y2={toY(value)} />
            ))}
          </g>
          <g class="plot-labels">
            {ticks.map((value) => (
              <text key={value} x={LEFT - 8} y={toY(value) + 4} text-anchor="end">
                {(props.formatTick ?? format)(value)}
              </text>
            ))}
          </g>
          {paths.band && <path class="plot-band" d={paths.band} />}
          {props.isFilled && paths.line && <path class="plot-area" d={areaOf(paths.line, base)} />}
          <path class="plot-line" d={paths.line} />
          {paths.dots.map(({ x, y }) => (
            <circle key={x} class="plot-dot" cx={x} cy={y} r={2.2} />
          ))}
          {spans.map((span) => (
            <line
              key={span.from}
              class="plot-span"
              x1={Math.max(LEFT, xOf(axis, span.from))}
              x2={Math.min(axis.width - RIGHT, xOf(axis, span.to))}
              y1={toY(span.value)}
              y2={toY(span.value)}
            />
          ))}
          <CursorLine axis={axis} cursor={cursor} height={height} />
          <CursorDot {...{ readings, axis, cursor, toY }} />
        </svg>
      )}
    </figure>
  );
}

interface Scale {
  from: number;
  to: number;
  toY: (value: number) => number;
}

function useScale({ readings, spans, least, greatest, isInverted, steps }: LinePlotProps, height: number): Scale {
  return useMemo(() => {
    let [low, high] = [least ?? Number.POSITIVE_INFINITY, greatest ?? Number.NEGATIVE_INFINITY];
    const hold = (value: number) => {
      low = Math.min(low, value);
      high = Math.max(high, value);
    };
    for (const value of readings.low ?? readings.values) hold(value);
    for (const value of readings.high ?? readings.values) hold(value);
    for (const { value } of spans ?? []) hold(value);
    const [from, to] = niceRange(low, high, 4, steps);
    const room = height - TOP - BOTTOM;
    const toY = (value: number) => {
      const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
      return TOP + (isInverted ? share : 1 - share) * room;
    };
    return { from, to, toY };
  }, [readings, spans, least, greatest, isInverted, steps, height]);
}

/** Closes each run of a line at the bottom. */
function areaOf(line: string, base: number): string {
  return line
    .split("M")
    .filter((run) => run !== "")
    .map((run) => {
      const spots = run.split("L");
      const [first, last] = [spots[0]?.split(" ")[0] ?? "0", spots.at(-1)?.split(" ")[0] ?? "0"];
      return `M${first} ${base}L${spots.join("L")}L${last} ${base}Z`;
    })
    .join("");
}

interface ReadoutProps {
  readings: Readings;
  cursor: Cursor;
  format: (value: number) => string;
  summary: string;
  spans: readonly { from: number; to: number; value: number }[];
}

function Readout({ readings, cursor, format, summary, spans }: ReadoutProps) {
  if (cursor.value === null) return <span class="plot-readout">{summary}</span>;
  const at = cursor.value;
  const span = spans.find(({ from, to }) => at >= from && at <= to);
  const place = readingAt(readings, at);
  const value = place >= 0 ? readings.values[place] : span?.value;
  return <span class="plot-readout now">{value === undefined ? "–" : format(value)}</span>;
}

interface CursorDotProps {
  readings: Readings;
  axis: Axis;
  cursor: Cursor;
  toY: (value: number) => number;
}

function CursorDot({ readings, axis, cursor, toY }: CursorDotProps) {
  if (cursor.value === null) return null;
  const place = readingAt(readings, cursor.value);
  if (place < 0) return null;
  return (
    <circle class="plot-now" cx={xOf(axis, readings.at[place] ?? 0)} cy={toY(readings.values[place] ?? 0)} r={4.5} />
  );
}
