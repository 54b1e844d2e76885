// Weeks of nights as bars, where a night would be narrower than a line: on a phone, half a year is 26 of them.

import { type Signal, useSignal } from "@preact/signals";
import type { Averages, WeekBar, WeekBars } from "../../draw/nights.ts";
import { formatDay, formatDays } from "../../format/dates.ts";
import { formatMinutes } from "../../format/durations.ts";
import { formatNumber } from "../../format/numbers.ts";
import { linkTo } from "../../state/address.ts";
import { texts } from "../../texts.ts";
import { type Frame, frameOf, Grid, HEIGHT, Usual } from "./nightsFrame.tsx";
import { classOfStage } from "./stages.ts";
import { timeText } from "./times.ts";

interface WeeksPlotProps {
  weeks: WeekBars;
  summary: Averages;
  width: number;
}

export function WeeksPlot({ weeks, summary, width }: WeeksPlotProps) {
  const chosen = useSignal<string | null>(null);
  const frame = frameOf(weeks, width);
  return (
    <>
      <figcaption>
        <Readout week={weeks.bars.find(({ last }) => last === chosen.value)} summary={summary} />
      </figcaption>
      <div class="nights-box" style={{ height: `${HEIGHT}px` }}>
        <svg class="nights-plot behind" width={width} height={HEIGHT} aria-hidden="true">
          <Grid bars={weeks} frame={frame} />
          <Usual summary={summary} bars={weeks} frame={frame} />
          <Months weeks={weeks} frame={frame} />
        </svg>
        <svg class="nights-plot" width={width} height={HEIGHT} role="group" aria-label={texts.sleep.weeksPlot}>
          {weeks.bars.map((week) => (
            <Bar key={week.last} week={week} frame={frame} chosen={chosen} />
          ))}
        </svg>
      </div>
      <ul class="legend">
        <li>
          <span class={`swatch ${classOfStage("asleep")}`} />
          {texts.sleep.week}
        </li>
        <li>
          <span class="swatch usual" />
          {texts.sleep.usual}
        </li>
      </ul>
    </>
  );
}

function aboutWeek({ first, last, from, to, nights }: WeekBar): string[] {
  return [
    formatDays(first, last),
    texts.sleep.fromTo(timeText(from), timeText(to)),
    texts.sleep.nights(formatNumber(nights), nights),
  ];
}

function Readout({ week, summary }: { week: WeekBar | undefined; summary: Averages }) {
  return (
    <div class="readout">
      <span class="readout-value">{formatMinutes(week ? week.asleep : summary.asleep)}</span>
      <span class="readout-text">{week ? aboutWeek(week).join(" · ") : texts.sleep.onAverage}</span>
    </div>
  );
}

interface BarProps {
  week: WeekBar;
  frame: Frame;
  chosen: Signal<string | null>;
}

/** Leads to the nights of the week. */
function Bar({ week, frame, chosen }: BarProps) {
  const { column, from, to, last } = week;
  const left = frame.x(column) - frame.bar / 2;
  const choose = () => {
    chosen.value = last;
  };
  return (
    <a
      class={`night-bar${chosen.value === last ? " chosen" : ""}`}
      href={linkTo("sleep", [], { range: "week", end: last })}
      aria-label={[texts.sleep.slept(formatMinutes(week.asleep)), ...aboutWeek(week)].join(", ")}
      onPointerEnter={choose}
      onFocus={choose}
    >
      <rect class="night-column" x={frame.x(column) - frame.column / 2} y={0} width={frame.column} height={HEIGHT} />
      <rect
        class={classOfStage("asleep")}
        x={left}
        y={frame.y(from)}
        width={frame.bar}
        height={Math.max(1, frame.y(to) - frame.y(from))}
        rx={Math.min(5, frame.bar / 3)}
      />
    </a>
  );
}

/** Each month's name stands at the week that it begins in. */
function Months({ weeks, frame }: { weeks: WeekBars; frame: Frame }) {
  const begins = weeks.dates.flatMap((last, column) => (Number(last.slice(8)) <= 7 ? [{ last, column }] : []));
  return (
    <g class="plot-labels">
      {begins.map(({ last, column }) => (
        <text key={last} x={frame.x(column)} y={HEIGHT - 8} text-anchor="middle">
          {formatDay(last, "monthShort")}
        </text>
      ))}
    </g>
  );
}
