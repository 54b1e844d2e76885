// The plots of one night, in one stack.

import { useMemo } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import type { Hypnogram, Span } from "../../draw/hypnogram.ts";
import { series } from "../../draw/track.ts";
import { formatTime } from "../../format/dates.ts";
import { formatMinutes } from "../../format/durations.ts";
import { formatBrief } from "../../format/numbers.ts";
import { measureOf } from "../../format/units.ts";
import { clockAxis } from "../../plot/axis.ts";
import { LinePlot } from "../../plot/LinePlot.tsx";
import { type Readings, readingAt } from "../../plot/line.ts";
import { rangeOf } from "../../plot/range.ts";
import { Stack, useCursor } from "../../plot/Stack.tsx";
import { useWidth } from "../../plot/size.ts";
import { personInAddress } from "../../state/address.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { TableBehind } from "../../ui/DataTable.tsx";
import { HypnogramPlot, stageAt } from "./HypnogramPlot.tsx";
import { nameOfStage } from "./stages.ts";

interface NightPlotsProps {
  night: Hypnogram;
  span: Span;
  zone: string;
}

const MARGIN_MS = 10 * 60_000;
const POINTS_MAX = 400;
const NONE: Readings = { at: [], values: [] };

export function NightPlots({ night, span, zone }: NightPlotsProps) {
  const [place, width] = useWidth();
  const cursor = useCursor();
  const [from, to] = [span.from - MARGIN_MS, span.to + MARGIN_MS];
  const axis = useMemo(() => clockAxis(from, to, width, zone), [from, to, width, zone]);
  const heart = useReadings("heart_rate", from, to);
  const breath = useReadings("respiratory_rate", from, to);
  const warm = useTemperatures(from, to);
  const system = units.value;
  const [beats, breaths, degrees] = [
    measureOf("heart_rate", "count/min", system),
    measureOf("respiratory_rate", "count/min", system),
    measureOf("sleeping_wrist_temperature", warm.unit, system),
  ];
  const describe = (at: number) => {
    const stage = stageAt(night, at);
    const rate = readingAt(heart, at);
    const parts = [formatTime(new Date(at), zone), stage ? nameOfStage(stage) : ""];
    if (rate >= 0) parts.push(beats.format(heart.values[rate]));
    return parts.filter((part) => part !== "").join(", ");
  };
  return (
    <div ref={place}>
      <Stack axis={axis} cursor={cursor} describe={describe}>
        <HypnogramPlot night={night} axis={axis} cursor={cursor} zone={zone} />
        {heart.at.length > 0 && (
          <LinePlot
            name={texts.sleep.heart}
            readings={heart}
            axis={axis}
            cursor={cursor}
            color="--heart"
            format={beats.format}
            formatTick={(value) => formatBrief(beats.convert(value))}
            summary={rangeOf(heart, beats)}
          />
        )}
        {breath.at.length > 0 && (
          <LinePlot
            name={texts.sleep.breath}
            readings={breath}
            axis={axis}
            cursor={cursor}
            color="--accent"
            format={breaths.format}
            formatTick={(value) => formatBrief(breaths.convert(value))}
            summary={rangeOf(breath, breaths)}
            height={72}
          />
        )}
        {(warm.spans.length > 0 || warm.readings.at.length > 0) && (
          <LinePlot
            name={texts.sleep.warmth}
            readings={warm.readings}
            spans={warm.spans}
            axis={axis}
            cursor={cursor}
            color="--accent"
            format={degrees.format}
            formatTick={(value) => formatBrief(degrees.convert(value), 1)}
            summary={degrees.format(warm.spans[0]?.value ?? warm.readings.values[0])}
            height={56}
          />
        )}
      </Stack>
      <SegmentTable night={night} zone={zone} />
    </div>
  );
}

/** Readings of a type, as many as a plot has pixels. */
function useReadings(type: string, from: number, to: number): Readings {
  const answer = useAnswer("/api/v1/samples", {
    type,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    max_points: POINTS_MAX,
    person: personInAddress.value,
  });
  const points = answer.value.data?.points;
  return useMemo(() => (points ? series(points) : NONE), [points]);
}

/** A watch reports one temperature for the whole night; other devices may report several. */
function useTemperatures(from: number, to: number) {
  const answer = useAnswer("/api/v1/samples", {
    type: "sleeping_wrist_temperature",
    from: new Date(from - 6 * 3_600_000).toISOString(),
    to: new Date(to).toISOString(),
    limit: 200,
    person: personInAddress.value,
  });
  const samples = answer.value.data?.samples;
  return useMemo(() => {
    const known = (samples ?? []).flatMap(({ start, end, value, unit }) => {
      const [begin, stop] = [Date.parse(start ?? ""), Date.parse(end ?? "")];
      return value === null || stop < from || Number.isNaN(begin) ? [] : [{ from: begin, to: stop, value, unit }];
    });
    const spans = known.filter((span) => span.to - span.from > 30 * 60_000);
    const single = known.filter((span) => span.to - span.from <= 30 * 60_000);
    const readings: Readings = { at: single.map((one) => one.from), values: single.map(({ value }) => value) };
    return { spans, readings, unit: known[0]?.unit ?? "degC" };
  }, [samples, from]);
}

function SegmentTable({ night, zone }: { night: Hypnogram; zone: string }) {
  const time = (at: number) => formatTime(new Date(at), zone);
  return (
    <TableBehind
      caption={texts.sleep.stages}
      rows={night.blocks}
      keyOf={({ from }) => from}
      columns={[
        { name: texts.sleep.begin, cell: ({ from }) => time(from) },
        { name: texts.sleep.stage, cell: ({ stage }) => nameOfStage(stage) },
        { name: texts.sleep.length, isNumber: true, cell: ({ from, to }) => formatMinutes((to - from) / 60_000) },
        { name: texts.type.source, cell: ({ source }) => source ?? "" },
      ]}
    />
  );
}
