// Heart rate over zones, pace or speed, and height, over the time since the start.

import { useMemo } from "preact/hooks";
import { pauses, workoutEvents, type ZoneRow } from "../../draw/effort.ts";
import { paceStep } from "../../draw/ticks.ts";
import { type Point, series } from "../../draw/track.ts";
import { formatClock } from "../../format/durations.ts";
import { formatBrief, formatNumber } from "../../format/numbers.ts";
import { measureOf } from "../../format/units.ts";
import { type Axis, elapsedAxis, LEFT, RIGHT, xOf } from "../../plot/axis.ts";
import { LinePlot } from "../../plot/LinePlot.tsx";
import type { Readings } from "../../plot/line.ts";
import { readingAt } from "../../plot/line.ts";
import { rangeOf } from "../../plot/range.ts";
import { type Cursor, Stack } from "../../plot/Stack.tsx";
import { useWidth } from "../../plot/size.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import { TableBehind } from "../../ui/DataTable.tsx";
import type { Workout } from "./OneWorkout.tsx";
import { type Heights, heightsOf, type Pacing } from "./pace.ts";

interface EffortPlotsProps {
  workout: Workout;
  points: readonly Point[];
  cursor: Cursor;
  pacing: Pacing;
  zones: readonly ZoneRow[];
}

export function EffortPlots({ workout, points, cursor, pacing, zones }: EffortPlotsProps) {
  const [place, width] = useWidth();
  const system = units.value;
  const start = Date.parse(workout.start ?? "");
  const end = Math.max(Date.parse(workout.end ?? ""), start + 1000);
  const axis = useMemo(() => elapsedAxis(start, end, width), [start, end, width]);
  const heart = useMemo(() => heartOf(workout), [workout.heart_rate]);
  const pace = useMemo(() => paceOf(points, pacing), [points, pacing.name, system]);
  const heights = heightsOf(system);
  const height = useMemo(() => heightOf(points, heights), [points, system]);
  const resting = pauses(workoutEvents(workout.events), end);
  const beats = measureOf("heart_rate", "count/min", system);
  if (heart.at.length === 0 && pace.at.length === 0 && height.at.length === 0) return null;
  const describe = (at: number) => {
    const parts = [formatClock((at - start) / 1000)];
    const [rate, speed] = [readingAt(heart, at), readingAt(pace, at)];
    if (rate >= 0) parts.push(beats.format(heart.values[rate]));
    if (speed >= 0) parts.push(pacing.format(pace.values[speed] ?? 0));
    return parts.join(", ");
  };
  const behind = (_: unknown, plotHeight: number) => <Pauses {...{ resting, axis }} height={plotHeight} />;
  return (
    <Card title={texts.workouts.course} class="workout-plots">
      <div ref={place}>
        <Stack axis={axis} cursor={cursor} describe={describe}>
          {heart.at.length > 0 && (
            <LinePlot
              name={texts.workouts.heart}
              readings={heart}
              axis={axis}
              cursor={cursor}
              color="--heart"
              format={beats.format}
              formatTick={(value) => formatBrief(value)}
              summary={rangeOf(heart, beats)}
              height={132}
              behind={(toY, plotHeight) => (
                <>
                  <ZoneBands {...{ zones, axis, toY }} height={plotHeight} />
                  {behind(toY, plotHeight)}
                </>
              )}
            />
          )}
          {pace.at.length > 0 && (
            <LinePlot
              name={pacing.name}
              readings={pace}
              axis={axis}
              cursor={cursor}
              color="--activity"
              format={pacing.format}
              formatTick={pacing.formatTick}
              summary={summaryOf(pace, pacing.formatTick, pacing.format)}
              {...(pacing.isPace ? { isInverted: true, steps: paceStep } : {})}
              behind={behind}
            />
          )}
          {height.at.length > 0 && (
            <LinePlot
              name={texts.workouts.height}
              readings={height}
              axis={axis}
              cursor={cursor}
              color="--muted"
              format={heights.format}
              formatTick={(value) => formatBrief(value)}
              summary={summaryOf(height, formatNumber, heights.format)}
              isFilled
              height={80}
              behind={behind}
            />
          )}
        </Stack>
      </div>
      {heart.at.length > 0 && (
        <TableBehind
          caption={texts.workouts.heart}
          rows={workout.heart_rate}
          keyOf={({ start: at }) => at ?? ""}
          columns={[
            { name: texts.workouts.time, cell: ({ start: at }) => formatClock((Date.parse(at ?? "") - start) / 1000) },
            { name: texts.type.average, isNumber: true, cell: ({ value }) => beats.format(value) },
            { name: texts.type.lowest, isNumber: true, cell: ({ minimum }) => beats.format(minimum) },
            { name: texts.type.highest, isNumber: true, cell: ({ maximum }) => beats.format(maximum) },
          ]}
        />
      )}
    </Card>
  );
}

/** The range of values: the first one without its unit. */
function summaryOf(readings: Readings, short: (value: number) => string, format: (value: number) => string): string {
  const parts = (value: number | null | undefined) => ({ number: short(value ?? 0), unit: "" });
  return rangeOf(readings, { parts, format: (value) => format(value ?? 0) });
}

function heartOf(workout: Workout): Readings {
  const { at, values } = series(workout.heart_rate);
  const known = workout.heart_rate.filter(({ start, value }) => start !== null && value !== null);
  const isBand = known.some(({ samples }) => (samples ?? 0) > 1);
  if (!isBand) return { at, values };
  const low = series(known.map(({ start, minimum, value }) => ({ start, value: minimum ?? value }))).values;
  const high = series(known.map(({ start, maximum, value }) => ({ start, value: maximum ?? value }))).values;
  return { at, values, low, high };
}

/** Paces beyond these shares are those of standing still and of jumps of the position. */
const SHARE_MAX = 0.98;

function paceOf(points: readonly Point[], pacing: Pacing): Readings {
  const known = points.flatMap(({ at, speed }) => {
    const value = speed === null ? null : pacing.convert(speed);
    return value === null ? [] : [{ at, value }];
  });
  const sorted = known.map(({ value }) => value).sort((one, other) => one - other);
  const most = sorted[Math.floor(sorted.length * SHARE_MAX)] ?? Number.POSITIVE_INFINITY;
  return { at: known.map(({ at }) => at), values: known.map(({ value }) => Math.min(value, most)) };
}

/** In the unit that is shown, so that the axis has round numbers of it. */
function heightOf(points: readonly Point[], { convert }: Heights): Readings {
  const known = points.filter((point): point is Point & { height: number } => point.height !== null);
  return { at: known.map(({ at }) => at), values: known.map(({ height }) => convert(height)) };
}

interface ZoneBandsProps {
  zones: readonly ZoneRow[];
  axis: Axis;
  toY: (value: number) => number;
  height: number;
}

function ZoneBands({ zones, axis, toY, height }: ZoneBandsProps) {
  return (
    <g class="zone-bands">
      {zones.map(({ zone, from, to }) => {
        const [top, bottom] = [to === null ? 0 : toY(to), toY(from)];
        return bottom - top < 1 ? null : (
          <g key={zone}>
            <rect
              class={`zone-${zone}`}
              x={LEFT}
              y={top}
              width={Math.max(0, axis.width - LEFT - RIGHT)}
              height={Math.min(bottom, height) - top}
            />
            {bottom - top > 13 && (
              <text class="plot-label" x={axis.width - RIGHT + 4} y={(top + bottom) / 2 + 4}>
                {texts.workouts.zoneShort(zone)}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

function Pauses({
  resting,
  axis,
  height,
}: {
  resting: readonly { from: number; to: number }[];
  axis: Axis;
  height: number;
}) {
  return (
    <>
      {resting.map(({ from, to }) => (
        <rect
          key={from}
          class="plot-pause"
          x={xOf(axis, from)}
          y={0}
          width={Math.max(1, xOf(axis, to) - xOf(axis, from))}
          height={height}
        />
      ))}
    </>
  );
}
