// Nights as bars from bedtime, above, to waking, below. A missing night leaves its place empty.

import { type Signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { NightRow, Segment } from "../../api/shapes.ts";
import { knownZone } from "../../draw/clock.ts";
import { hypnogram, onWall } from "../../draw/hypnogram.ts";
import { type Averages, type Bar, type Bars, weekBars } from "../../draw/nights.ts";
import { sparse } from "../../draw/ticks.ts";
import { formatDay } from "../../format/dates.ts";
import { formatMinutes } from "../../format/durations.ts";
import { useWidth } from "../../plot/size.ts";
import { linkTo } from "../../state/address.ts";
import { texts } from "../../texts.ts";
import { marksOf } from "./NightsTable.tsx";
import { FOOT, type Frame, frameOf, Grid, HEIGHT, Usual } from "./nightsFrame.tsx";
import type { Range } from "./range.ts";
import { useStages } from "./segments.ts";
import { classOfStage, nameOfStage } from "./stages.ts";
import { timeText } from "./times.ts";
import { WeeksPlot } from "./WeeksPlot.tsx";

interface NightsPlotProps {
  bars: Bars;
  summary: Averages;
  range: Range;
  zone: string | null;
  today: string;
}

/** Of narrower columns seven are one. */
const NIGHT_PX_MIN = 2;
const NONE: readonly NightRow[] = [];

export function NightsPlot({ bars, summary, range, zone, today }: NightsPlotProps) {
  const [place, width] = useWidth();
  const chosen = useSignal<string | null>(null);
  const rows = bars.bars.map(({ night }) => night);
  const frame = frameOf(bars, width);
  const nights = frame.hasStages ? rows : NONE;
  const stages = useStages(useKept(nights, JSON.stringify(nights)));
  if (width > 0 && frame.column < NIGHT_PX_MIN) {
    return (
      <figure class="nights" ref={place}>
        <WeeksPlot weeks={weekBars(bars)} summary={summary} width={width} />
      </figure>
    );
  }
  return (
    <figure class="nights" ref={place}>
      <figcaption>
        <Readout bars={bars} summary={summary} chosen={chosen} />
      </figcaption>
      <div class="nights-box" style={{ height: `${HEIGHT}px` }}>
        {width > 0 && (
          <>
            <svg class="nights-plot behind" width={width} height={HEIGHT} aria-hidden="true">
              <Grid bars={bars} frame={frame} />
              <Usual summary={summary} bars={bars} frame={frame} />
              <Dates bars={bars} frame={frame} range={range} today={today} />
            </svg>
            <svg class="nights-plot" width={width} height={HEIGHT} role="group" aria-label={texts.sleep.plot}>
              {bars.bars.map((bar) => (
                <NightBar
                  key={bar.night.night}
                  bar={bar}
                  frame={frame}
                  chosen={chosen}
                  zone={knownZone(bar.night.zone ?? zone) ?? "UTC"}
                  segments={stages.value.get(bar.night.night)}
                />
              ))}
            </svg>
          </>
        )}
      </div>
      <Legend hasNaps={summary.naps > 0} hasStages={frame.hasStages} hasBed={rows.some(isInBed)} />
    </figure>
  );
}

/** The same list as long as its content is the same. */
function useKept<T>(value: T, key: string): T {
  return useMemo(() => value, [key]);
}

/** A bar begins in bed, not asleep. */
const isInBed = ({ in_bed_min: inBed, asleep_min: asleep, in_bed_estimated: isEstimated }: NightRow) =>
  !isEstimated && (inBed ?? 0) > (asleep ?? 0);

interface NightBarProps {
  bar: Bar;
  frame: Frame;
  chosen: Signal<string | null>;
  zone: string;
  segments: readonly Segment[] | undefined;
}

function NightBar({ bar, frame, chosen, zone, segments }: NightBarProps) {
  const { night } = bar;
  const left = frame.x(bar.column) - frame.bar / 2;
  const [top, bottom] = [frame.y(bar.from), frame.y(bar.to)];
  const radius = frame.hasStages ? Math.min(5, frame.bar / 3) : 0;
  const known = segments || night.asleep_min === null ? "night-bed" : "night-whole";
  const blocks = useMemo(
    () => (segments ? onWall(hypnogram(segments).blocks, night.night, zone) : []),
    [segments, night.night, zone],
  );
  const clip = `night-${night.night}`;
  const shape = { x: left, y: top, width: frame.bar, height: Math.max(1, bottom - top), rx: radius };
  const choose = () => {
    chosen.value = night.night;
  };
  return (
    <a
      class={`night-bar${night.partial ? " partial" : ""}${chosen.value === night.night ? " chosen" : ""}`}
      href={linkTo("sleep", [night.night])}
      aria-label={describe(bar)}
      onPointerEnter={choose}
      onFocus={choose}
    >
      <rect class="night-column" x={left - (frame.column - frame.bar) / 2} y={0} width={frame.column} height={HEIGHT} />
      <clipPath id={clip}>
        <rect {...shape} />
      </clipPath>
      <rect class={frame.hasStages ? known : classOfStage("asleep")} {...shape} />
      <g clip-path={`url(#${clip})`}>
        {blocks.map(({ stage, from, to }) => (
          <rect
            key={from}
            class={classOfStage(stage)}
            x={left}
            y={frame.y(from)}
            width={frame.bar}
            height={Math.max(0.5, frame.y(to) - frame.y(from))}
          />
        ))}
      </g>
      {night.partial && <rect class="night-open" {...shape} />}
      {(night.naps ?? 0) > 0 && (
        <circle class="night-nap" cx={frame.x(bar.column)} cy={HEIGHT - FOOT + 10} r={Math.min(3, frame.bar / 2)} />
      )}
    </a>
  );
}

function describe({ night, from, to }: Bar): string {
  const times = texts.sleep.fromTo(timeText(from), timeText(to));
  return [
    formatDay(night.night, "weekday"),
    texts.sleep.slept(formatMinutes(night.asleep_min)),
    times,
    ...marksOf(night),
  ].join(", ");
}

interface DatesProps {
  bars: Bars;
  frame: Frame;
  range: Range;
  today: string;
}

function Dates({ bars, frame, range, today }: DatesProps) {
  const y = HEIGHT - 8;
  if (range === "week") {
    return (
      <g class="plot-labels">
        {bars.dates.map((date, column) => (
          <text key={date} x={frame.x(column)} y={y} text-anchor="middle" class={date === today ? "strong" : undefined}>
            {frame.column < 56 ? formatDay(date, "letter") : formatDay(date, "name")} {Number(date.slice(8))}
          </text>
        ))}
      </g>
    );
  }
  const places =
    range === "half"
      ? bars.dates.flatMap((date, column) => (date.endsWith("-01") ? [column] : []))
      : sparse(bars.dates.length, Math.floor(frame.width / 72));
  return (
    <g class="plot-labels">
      {places.map((column) => (
        <text key={column} x={frame.x(column)} y={y} text-anchor={range === "half" ? "start" : "middle"}>
          {formatDay(bars.dates[column], range === "half" ? "monthShort" : "short")}
        </text>
      ))}
    </g>
  );
}

function Readout({ bars, summary, chosen }: { bars: Bars; summary: Averages; chosen: Signal<string | null> }) {
  // Without a night that is over there is no average: the first morning has its own night.
  const first = summary.nights === 0 ? bars.bars.at(-1) : undefined;
  const bar = bars.bars.find(({ night }) => night.night === chosen.value) ?? first;
  if (!bar) {
    return (
      <div class="readout">
        <span class="readout-value">{formatMinutes(summary.asleep)}</span>
        <span class="readout-text">{texts.sleep.onAverage}</span>
      </div>
    );
  }
  const times = texts.sleep.fromTo(timeText(bar.from), timeText(bar.to));
  return (
    <div class="readout">
      <span class="readout-value">{formatMinutes(bar.night.asleep_min)}</span>
      <span class="readout-text">
        {[formatDay(bar.night.night, "weekday"), times, ...marksOf(bar.night)].join(" · ")}
      </span>
    </div>
  );
}

interface LegendProps {
  hasNaps: boolean;
  hasStages: boolean;
  hasBed: boolean;
}

function Legend({ hasNaps, hasStages, hasBed }: LegendProps) {
  return (
    <ul class="legend">
      {(hasStages ? (["deep", "core", "rem", "awake"] as const) : (["asleep"] as const)).map((stage) => (
        <li key={stage}>
          <span class={`swatch ${classOfStage(stage)}`} />
          {nameOfStage(stage)}
        </li>
      ))}
      {hasStages && hasBed && (
        <li>
          <span class="swatch bed" />
          {texts.sleep.inBed}
        </li>
      )}
      <li>
        <span class="swatch usual" />
        {texts.sleep.usual}
      </li>
      {hasNaps && (
        <li>
          <span class="swatch nap" />
          {texts.sleep.nap}
        </li>
      )}
    </ul>
  );
}
