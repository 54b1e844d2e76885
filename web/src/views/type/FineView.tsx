// A type within a day or a few: sums by hours, others by samples, and single samples once a few hours are shown.

import { useMemo, useState } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import type { AnswerOf } from "../../api/client.ts";
import type { Series } from "../../api/shapes.ts";
import { addDays, startOfDayMs } from "../../format/calendar.ts";
import { formatDay } from "../../format/dates.ts";
import { nameOfType } from "../../format/types.ts";
import { type Measure, measureOfRow } from "../../format/units.ts";
import { changeQuery, personInAddress } from "../../state/address.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Chart, type ChartData } from "./Chart.tsx";
import { Foot } from "./Foot.tsx";
import { Nothing } from "./Nothing.tsx";
import { unfinished } from "./order.ts";
import type { TypeProps } from "./PeriodView.tsx";
import { Readout } from "./Readout.tsx";
import { nameOfPeriod, nameOfZoom, zoomOfInstants } from "./ranges.ts";
import { Summaries } from "./Summaries.tsx";
import { gap, type Point, pointsOf, summaryOf } from "./series.ts";

/** As many points as the screen has pixels: more are not seen, and zooming asks again. */
const POINTS_MAX = Math.min(900, Math.max(300, window.innerWidth));
/** Below this a sum is shown by its samples. */
const HOURS_MIN_MS = 8 * 3_600_000;

export function FineView(props: TypeProps) {
  const { row, period, zoom, source } = props;
  const window = zoom ?? { kind: "days", ...period };
  // The days that the window is in: their zone, and for a whole day its figure and that of the day before.
  const days = useAnswer("/api/v1/days", {
    type: row.type,
    from: addDays(window.from.slice(0, 10), -1),
    to: window.kind === "days" ? window.to : addDays(window.to.slice(0, 10), 1),
    source,
    person: personInAddress.value,
  });
  return (
    <Answered answer={days} lines={8} isSticky>
      {(series) => "bucket" in series && <Window {...props} days={series} from={window.from} to={window.to} />}
    </Answered>
  );
}

interface WindowProps extends TypeProps {
  days: Series;
  from: string;
  to: string;
}

function Window(props: WindowProps) {
  const { row, days, from, to, source } = props;
  const rows = pointsOf(days);
  const zone = rows.findLast(({ key }) => key <= to)?.zone ?? days.zone;
  const [min, max] = [instantMs(from, zone), instantMs(to, zone)];
  const isSum = row.method === "sum" || row.method === "values";
  const isByHours = isSum && max - min >= HOURS_MIN_MS;
  const shared = { type: row.type, from, to, source, person: personInAddress.value };
  const hours = useAnswer(isByHours ? "/api/v1/days" : null, { ...shared, bucket: "hour" });
  const samples = useAnswer(isByHours ? null : "/api/v1/samples", { ...shared, max_points: POINTS_MAX });
  const drawn = { ...props, rows, zone, min, max, isSum };
  if (isByHours) {
    return (
      <Answered answer={hours} lines={8} isSticky>
        {(series) => "bucket" in series && <Drawn {...drawn} points={withHours(pointsOf(series), min, max)} />}
      </Answered>
    );
  }
  return (
    <Answered answer={samples} lines={8} isSticky>
      {(answer) => <Drawn {...drawn} points={pointsOfSamples(answer)} isSamples />}
    </Answered>
  );
}

const HOUR_S = 3600;

/** Hours without data are there as gaps: bars then have the width of an hour. */
function withHours(known: readonly Point[], minMs: number, maxMs: number): Point[] {
  const first = known[0];
  if (!first) return [];
  const byX = new Map(known.map((point) => [point.x, point]));
  const start = first.x - Math.floor((first.x - minMs / 1000) / HOUR_S) * HOUR_S;
  const points: Point[] = [];
  for (let x = start; x < maxMs / 1000; x += HOUR_S)
    points.push(byX.get(x) ?? gap(new Date((x - HOUR_S / 2) * 1000).toISOString(), x));
  return points;
}

const instantMs = (text: string, zone: string | null) =>
  text.length > 10 ? Date.parse(text) : startOfDayMs(text, zone);

function pointsOfSamples({ points = [] }: AnswerOf<"/api/v1/samples">): Point[] {
  const rest = { days: 1, partial: false, source: null, zone: null };
  return points.map(({ start, ...figures }) => ({ x: Date.parse(start) / 1000, key: start, ...figures, ...rest }));
}

interface DrawnProps extends WindowProps {
  rows: Point[];
  points: Point[];
  zone: string | null;
  min: number;
  max: number;
  isSum: boolean;
  isSamples?: boolean;
}

function Drawn(props: DrawnProps) {
  const {
    row,
    range,
    period,
    zoom,
    points,
    rows,
    zone,
    min,
    max,
    isSum,
    isSamples = false,
    days,
    color,
    source,
  } = props;
  const measure = measureOfRow(row, days.unit, units.value);
  const isSingle = isSamples && points.every(({ samples }) => samples === 1);
  const data = useMemo(() => dataOf(points, measure, isSum, isSamples, isSingle, zone), [points, units.value, zone]);
  const [index, setIndex] = useState<number | null>(null);
  if (points.length === 0) return <Nothing row={row} range={range} />;
  const chosen = points[index ?? -1] ?? points.findLast(({ value }) => value !== null);
  const span = { min: min / 1000, max: max / 1000 };
  const title = zoom ? nameOfZoom(zoom, zone) : nameOfPeriod(range, period);
  const day = zoom ? undefined : rows.find(({ key }) => key === period.from);
  const dayBefore = rows.find(({ key }) => key === addDays(period.from, -1));
  return (
    <>
      {day && (
        <Summaries
          measure={measure}
          method={row.method}
          isSum={isSum}
          range="day"
          bucket="day"
          now={summaryOf([day], isSum)}
          before={
            dayBefore
              ? { ...summaryOf([dayBefore], isSum), name: formatDay(dayBefore.key, "weekdayYear"), length: 1 }
              : null
          }
          why={row.method === "sum" ? { type: row.type, day: period.from } : undefined}
        />
      )}
      <section class="card chart-card" aria-label={title}>
        <Readout
          point={chosen}
          bucket={isSamples ? "sample" : "hour"}
          measure={measure}
          isSum={isSum}
          zone={zone}
          type={row.type}
          zoomed={zoom !== null}
          title={zoom ? title : undefined}
        />
        <Chart
          data={data}
          span={span}
          limits={span}
          color={color}
          label={texts.type.chart(nameOfType(row.type), title)}
          zoom={(to) => changeQuery({ zoom: zoomOfInstants(to.min, to.max) })}
          reset={() => changeQuery({ zoom: null })}
          point={setIndex}
        />
        <Foot
          row={row}
          range={range}
          series={days}
          points={points}
          measure={measure}
          isSum={isSum}
          color={color}
          source={source}
          zone={zone}
          query={{ type: row.type, from: props.from, to: props.to, source, person: personInAddress.value }}
          isSamples
          bucket={isSamples ? "sample" : "hour"}
          legend={{ mean: false, before: null, band: data.kind === "band" }}
        />
      </section>
    </>
  );
}

function dataOf(
  points: readonly Point[],
  measure: Measure,
  isSum: boolean,
  isSamples: boolean,
  isSingle: boolean,
  zone: string | null,
): ChartData {
  const shownOf = (value: number | null) => (value === null ? null : measure.convert(value));
  const kind = isSum && !isSamples ? "bars" : isSingle || isSum ? "dots" : "band";
  // Single samples that are no sum also have a band: of no height, but joined by a line.
  const isBand = kind === "band" || (kind === "dots" && !isSum);
  const value = points.map((point) => shownOf(point.value));
  return {
    kind,
    x: points.map(({ x }) => x),
    value,
    partial: kind === "bars" ? unfinished(points, value) : undefined,
    low: isBand ? points.map(({ minimum }) => shownOf(minimum)) : undefined,
    high: isBand ? points.map(({ maximum }) => shownOf(maximum)) : undefined,
    zone,
    width: 3600,
  };
}
