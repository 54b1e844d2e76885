// uPlot as a component: bars or a band with its average, a mean, the period before, one cursor.

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { wallOf } from "../../draw/clock.ts";
import { formatBrief } from "../../format/numbers.ts";
import { DAY_S, isCut, LONG_S, labelled, labelOfTick, SHORT_S, stepsOf } from "./axis.ts";
import { followGestures, onChartKey, type Span } from "./gestures.ts";
import { noteChosen } from "./Hint.tsx";
import { orderOf, type Part } from "./order.ts";

export interface ChartData {
  kind: "bars" | "band" | "dots";
  x: number[];
  value: (number | null)[];
  low?: (number | null)[] | undefined;
  high?: (number | null)[] | undefined;
  mean?: (number | null)[] | undefined;
  before?: (number | null)[] | undefined;
  /** The values of times that are not over, whose bars are lighter. */
  partial?: (number | null)[] | undefined;
  /** Bars as layers from the bottom on, each with what is below it; the last one is the value. */
  layers?: readonly { heights: (number | null)[]; tone: number }[] | undefined;
  /** The zone of instants; null for days, whose seconds are as if clocks showed UTC. */
  zone: string | null;
  /** Seconds that one bar stands for. */
  width: number;
}

interface ChartProps {
  data: ChartData;
  span: Span;
  limits: Span;
  color: string;
  label: string;
  zoom: (span: Span) => void;
  reset: () => void;
  point: (index: number) => void;
}

const HEIGHT = 260;
/** So many points are drawn each for itself. */
const CROWDED = 45;
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();
const REFOCUS_MS = 3000;
let refocusUntil = 0;

export function Chart({ data, span, limits, color, label, zoom, reset, point }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const theme = useTheme();
  // The newest functions, without a new chart for them.
  const acts = useRef({ zoom, reset, point });
  acts.current = { zoom, reset, point };
  const { value: values } = data;
  const commit = (to: Span) => acts.current.zoom(to);
  const gestures = { values, limits, commit, reset: () => acts.current.reset() };

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const colors = colorsOf(element, color);
    const options = optionsOf(data, span, colors, element.clientWidth);
    options.hooks = {
      setSelect: [
        ({ select, posToVal, setSelect }: uPlot) => {
          if (select.width < 8) return;
          const dragged = { min: posToVal(select.left, "x"), max: posToVal(select.left + select.width, "x") };
          setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          acts.current.zoom(dragged);
        },
      ],
      setCursor: [
        ({ cursor }: uPlot) => {
          if (typeof cursor.idx !== "number") return;
          acts.current.point(cursor.idx);
          noteChosen();
        },
      ],
    };
    // A zoom by key makes another chart: the focus goes along.
    if (performance.now() < refocusUntil) element.focus({ preventScroll: true });
    const made = new uPlot(options, columnsOf(data, colors), element);
    chart.current = made;
    const release = followGestures(made, gestures);
    const resized = new ResizeObserver(() => {
      if (element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      release();
      made.destroy();
    };
  }, [data, span.min, span.max, limits.min, limits.max, color, theme]);

  return (
    <div
      ref={host}
      class="chart"
      role="application"
      tabIndex={0}
      aria-label={label}
      onKeyDown={(event) => {
        if (chart.current && onChartKey(event, chart.current, gestures)) refocusUntil = performance.now() + REFOCUS_MS;
      }}
    />
  );
}

/** A number that changes with the system's theme: canvases know no variables of CSS. */
function useTheme(): number {
  const [theme, setTheme] = useState(0);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => setTheme((count) => count + 1);
    dark.addEventListener("change", changed);
    return () => dark.removeEventListener("change", changed);
  }, []);
  return theme;
}

interface Colors {
  data: string;
  surface: string;
  soft: string;
  text: string;
  muted: string;
  line: string;
}

function colorsOf(element: HTMLElement, color: string): Colors {
  const style = getComputedStyle(element);
  const variable = (name: string) => style.getPropertyValue(name).trim();
  const data = variable(color.replace(/^var\(|\)$/g, ""));
  return {
    data,
    surface: variable("--surface"),
    soft: `${data}33`,
    text: variable("--text"),
    muted: variable("--muted"),
    line: variable("--line"),
  };
}

type Drawn = [uPlot.Series, (number | null)[]];

/** What is drawn, from the back to the front. */
function drawnOf(data: ChartData, colors: Colors): Drawn[] {
  const isBars = data.kind === "bars";
  const line = { points: { show: false }, spanGaps: true };
  const { value, before, partial, mean, layers = [] } = data;
  const parts: Record<Part, Drawn[]> = {
    value: [[isBars ? barsOf(data, data.layers ? "transparent" : colors.data) : lineOf(data, colors), value]],
    // The highest one is behind the others.
    layers: layers
      .map(({ heights, tone }): Drawn => [barsOf(data, mixed(colors.data, colors.surface, tone)), heights])
      .reverse(),
    // A veil makes the bar of a day that is not over lighter.
    partial: partial ? [[barsOf(data, `${colors.surface}99`), partial]] : [],
    casing: before ? [[{ ...line, stroke: colors.surface, width: 4, alpha: 0.7 }, before]] : [],
    before: before ? [[{ ...line, stroke: colors.muted, width: 1.5, alpha: isBars ? 1 : 0.55 }, before]] : [],
    mean: mean
      ? [[{ ...line, stroke: colors.text, width: 1.75, dash: [5, 4].map((part) => part * devicePixelRatio) }, mean]]
      : [],
  };
  return orderOf(data.kind).flatMap((part) => parts[part]);
}

function columnsOf(data: ChartData, colors: Colors): uPlot.AlignedData {
  const { kind, x, value, low, high } = data;
  const nothing = x.map(() => null);
  const isBand = kind === "band";
  return [
    x,
    isBand ? (high ?? value) : nothing,
    isBand ? (low ?? value) : nothing,
    ...drawnOf(data, colors).map(([, values]) => values),
  ];
}

function optionsOf(data: ChartData, span: Span, colors: Colors, width: number): uPlot.Options {
  const isBars = data.kind === "bars";
  const isDays = data.zone === null;
  const edge = { stroke: "transparent", width: 0, points: { show: false } };
  const font = "12px system-ui, sans-serif";
  const axis = { stroke: colors.muted, font, ticks: { show: false }, border: { show: false } };
  return {
    width,
    height: HEIGHT,
    padding: [12, 4, 0, 0],
    legend: { show: false },
    tzDate: (seconds) => clocksOf(labelled(seconds, data.zone) * 1000, data.zone),
    cursor: {
      y: false,
      points: { show: !isBars, size: 8, fill: colors.data, width: 0 },
      drag: { x: true, y: false, setScale: false },
    },
    scales: {
      x: { time: true, range: () => [span.min, span.max], auto: false, min: span.min, max: span.max },
      y: { range: (_, low, high) => rangeOf(low, high, isBars) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        gap: 8,
        // Years, and the days of one week, are shorter than days with their months.
        space: (_, _axis, from, to) => (to - from > LONG_S || (isDays && to - from < SHORT_S) ? 36 : 56),
        ...(isDays ? { incrs: stepsOf(span.max - span.min) } : {}),
        values: ({ bbox }, ticks, _axis, _space, step) => {
          const secondPx = bbox.width / devicePixelRatio / (span.max - span.min);
          return ticks.map((tick) => {
            const label = labelOfTick(labelled(tick, data.zone), step, data.zone, secondPx * DAY_S);
            return isCut(label, (span.max - tick) * secondPx) ? "" : label;
          });
        },
      },
      {
        ...axis,
        grid: { stroke: colors.line, width: 1 },
        size: sizeOfAxis,
        gap: 8,
        space: 44,
        // Of what is counted there are no quarters.
        ...(data.value.every((value) => value === null || Number.isInteger(value)) ? { incrs: WHOLE } : {}),
        values: (_, ticks) => ticks.map((tick) => formatBrief(tick)),
      },
    ],
    bands: [{ series: [1, 2], fill: colors.soft }],
    series: [{}, edge, edge, ...drawnOf(data, colors).map(([series]) => series)],
  };
}

/** A colour between two, of which the first one has a part. */
function mixed(one: string, other: string, part: number): string {
  const bytes = (color: string) => [1, 3, 5].map((place) => Number.parseInt(color.slice(place, place + 2), 16));
  const second = bytes(other);
  const parts = bytes(one).map((byte, place) => Math.round(byte * part + (second[place] ?? 0) * (1 - part)));
  return parts.every(Number.isFinite) ? `rgb(${parts.join(" ")})` : one;
}

function barsOf(data: ChartData, color: string): uPlot.Series {
  const paths = uPlot.paths.bars?.({ size: [0.72, 48], radius: [0.18, 0] });
  const isCrowded = data.x.length > 100 && data.mean !== undefined;
  const fill = isCrowded ? `${color}80` : color;
  return { stroke: "transparent", width: 0, fill, points: { show: false }, ...(paths ? { paths } : {}) };
}

function lineOf(data: ChartData, colors: Colors): uPlot.Series {
  const isDots = data.kind === "dots";
  // Samples of a sum have nothing between them.
  const hasLine = !isDots || data.low !== undefined;
  const points = { show: isDots || data.x.length < CROWDED, size: 5, fill: colors.data, stroke: colors.data, width: 0 };
  return {
    stroke: isDots ? `${colors.data}66` : colors.data,
    width: isDots ? (hasLine ? 1 : 0) : 2,
    points,
    spanGaps: !isDots,
  };
}

/** Sums begin at 0. Others have some space around them. */
function rangeOf(low: number | null, high: number | null, isBars: boolean): uPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  if (isBars) return [0, high > 0 ? high * 1.06 : 1];
  const margin = (high - low || Math.abs(high) || 1) * 0.1;
  return [low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin];
}

function sizeOfAxis(_: uPlot, values: string[] | null): number {
  const longest = Math.max(...(values ?? []).map(({ length }) => length), 1);
  return 12 + longest * 7.5;
}

/** A date whose local fields are what clocks of the zone show. uPlot's own makes a format for each tick, which takes long. */
function clocksOf(ms: number, zone: string | null): Date {
  const wall = new Date(zone ? wallOf(ms, zone) : ms);
  const [hours, minutes] = [wall.getUTCHours(), wall.getUTCMinutes()];
  const seconds = wall.getUTCSeconds() + wall.getUTCMilliseconds() / 1000;
  return new Date(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate(), hours, minutes, seconds);
}
