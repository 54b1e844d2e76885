// Where bars of nights stand, and what is behind them.

import { DAY_MIN } from "../../draw/clock.ts";
import type { Averages } from "../../draw/nights.ts";
import { clockTicks } from "../../draw/ticks.ts";
import { LEFT, RIGHT } from "../../plot/axis.ts";
import { timeText } from "./times.ts";

/** Minutes from midnight at the top and the bottom, and the dates of columns. */
interface Axis {
  dates: readonly string[];
  from: number;
  to: number;
}

export const HEIGHT = 300;
const TOP = 8;
/** Below the bars: a row for naps, and one for dates. */
export const FOOT = 44;
/** Narrower columns have no stages: they would be a scribble, and each night's are a request. */
const STAGES_PX_MIN = 4;

export interface Frame {
  width: number;
  column: number;
  bar: number;
  hasStages: boolean;
  x: (column: number) => number;
  y: (minutes: number) => number;
}

export function frameOf(bars: Axis, width: number): Frame {
  const column = Math.max(1, width - LEFT - RIGHT) / Math.max(1, bars.dates.length);
  const hasStages = column >= STAGES_PX_MIN;
  const bar = hasStages ? Math.min(40, column * 0.62) : column;
  const room = HEIGHT - TOP - FOOT;
  return {
    width,
    column,
    bar,
    hasStages,
    x: (place) => LEFT + (place + 0.5) * column,
    y: (minutes) => TOP + ((minutes - bars.from) / (bars.to - bars.from)) * room,
  };
}

export function Grid({ bars, frame }: { bars: Axis; frame: Frame }) {
  return (
    <>
      {clockTicks(bars.from, bars.to, 7).map((minutes) => (
        <g key={minutes}>
          <line class="plot-rule" x1={LEFT} x2={frame.width - RIGHT} y1={frame.y(minutes)} y2={frame.y(minutes)} />
          <text class="plot-label" x={LEFT - 8} y={frame.y(minutes) + 4} text-anchor="end">
            {timeText(minutes)}
          </text>
        </g>
      ))}
    </>
  );
}

/** The usual bedtime and waking, where the axis has them. */
export function Usual({ summary, bars, frame }: { summary: Averages; bars: Axis; frame: Frame }) {
  const times = [summary.bedtime, summary.waking].flatMap((time) => {
    const minutes = time && [time.minutes, time.minutes + DAY_MIN, time.minutes - DAY_MIN];
    return minutes?.find((minute) => minute >= bars.from && minute <= bars.to) ?? [];
  });
  return (
    <g class="plot-usual">
      {times.map((minutes) => (
        <line key={minutes} x1={LEFT} x2={frame.width - RIGHT} y1={frame.y(minutes)} y2={frame.y(minutes)} />
      ))}
    </g>
  );
}
