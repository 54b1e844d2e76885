// A type by days, weeks or months: its figures, the chart, and the table behind it. One request has the period and the one before.

import { useMemo, useState } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import type { Series, TypeRow } from "../../api/shapes.ts";
import { addDays, daysBetween } from "../../format/calendar.ts";
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
import { Readout } from "./Readout.tsx";
import {
  nameOfPeriod,
  nameOfZoom,
  type Period,
  type Range,
  secondsOf,
  shifted,
  type Zoom,
  zoomOfDays,
} from "./ranges.ts";
import { Summaries } from "./Summaries.tsx";
import {
  daysOf,
  gap,
  type Point,
  perDay,
  pointsOf,
  shownOf,
  summaryOf,
  valuesBefore,
  weekMeans,
  within,
} from "./series.ts";
import { type Share, stacked } from "./shares.ts";
import { useShares } from "./useShares.ts";

export interface TypeProps {
  row: TypeRow;
  range: Range;
  period: Period;
  zoom: Zoom | null;
  source: string | null;
  color: string;
  /** Whether bars are stacked by source. */
  isBySource: boolean;
}

/** Up to so many days are drawn as days; longer spans by weeks, months or years. */
const DAYS_MAX = 400;
const LEAD_DAYS = 6;
const CROWDED = 45;

export function PeriodView(props: TypeProps) {
  const { row, range, period, zoom, source } = props;
  const shown = zoom ?? period;
  const before = zoom || range === "all" ? null : shifted(range, period, -1);
  const isLong = daysBetween(shown.from, shown.to) > DAYS_MAX;
  const lead = addDays(shown.from, -LEAD_DAYS);
  const query = {
    type: row.type,
    from: isLong ? shown.from : before && before.from < lead ? before.from : lead,
    to: shown.to,
    bucket: isLong ? "auto" : "day",
    max_points: isLong ? DAYS_MAX : undefined,
    source,
    person: personInAddress.value,
  };
  const answer = useAnswer("/api/v1/days", query);
  return (
    <Answered answer={answer} lines={8} isSticky>
      {(days) => "bucket" in days && <Shown {...props} series={days} shown={shown} before={before} query={query} />}
    </Answered>
  );
}

interface ShownProps extends TypeProps {
  series: Series;
  shown: Period;
  before: Period | null;
  query: Record<string, string | number | null | undefined>;
}

function Shown({ row, range, period, zoom, series, shown, before, color, query, source, isBySource }: ShownProps) {
  const measure = measureOfRow(row, series.unit, units.value);
  const isSum = row.method === "sum" || row.method === "values";
  const { points, data, earlier } = useMemo(
    () => prepare(series, shown, before, isSum, measure),
    [series, shown.from, shown.to, isSum, units.value],
  );
  const [index, setIndex] = useState<number | null>(null);
  const canStack = isSum && source === null && series.sources.length > 1;
  const shares = useShares(canStack && isBySource, { ...query, from: shown.from }, series.sources, points);
  const drawn = useMemo(() => (shares ? layered(data, shares, measure) : data), [shares, data]);
  if (points.length === 0) return <Nothing row={row} range={range} />;
  const seconds = secondsOf(shown);
  const span = { min: seconds[0], max: seconds[1] };
  const [first, end] = secondsOf(period);
  const name = nameOfType(row.type);
  const title = zoom ? nameOfZoom(zoom, series.zone) : nameOfPeriod(range, period);
  const chosen = points[index ?? -1] ?? points.findLast(({ value }) => value !== null);
  return (
    <>
      <Summaries
        measure={measure}
        isSum={isSum}
        range={range}
        bucket={series.bucket}
        now={summaryOf(points, isSum)}
        before={before && earlier.length > 0 ? summaryOf(earlier, isSum) : null}
      />
      <section class="card chart-card" aria-label={title}>
        <Readout
          point={chosen}
          bucket={series.bucket}
          measure={measure}
          isSum={isSum}
          mean={drawn.mean?.[points.indexOf(chosen as Point)]}
          before={drawn.before?.[points.indexOf(chosen as Point)]}
          range={range}
          type={row.type}
          zoomed={zoom !== null}
        />
        <Chart
          data={drawn}
          span={span}
          limits={{ min: first, max: end }}
          color={color}
          label={texts.type.chart(name, title)}
          zoom={({ min, max }) => changeQuery({ zoom: zoomOfDays(min, max) })}
          reset={() => changeQuery({ zoom: null })}
          point={setIndex}
        />
        <Foot
          row={row}
          range={range}
          series={series}
          points={points}
          measure={measure}
          isSum={isSum}
          color={color}
          source={source}
          query={{ ...query, from: shown.from }}
          shares={shares}
          canStack={canStack}
          isBySource={isBySource}
          legend={{
            mean: drawn.mean?.some((value) => value !== null) ?? false,
            before: drawn.before ? (points.length > CROWDED ? "mean" : "values") : null,
            band: data.kind === "band",
          }}
        />
      </section>
    </>
  );
}

/** The same as bars of layers, without other lines over them. */
function layered(data: ChartData, shares: readonly Share[], measure: Measure): ChartData {
  const heights = stacked(shares);
  const layers = shares.map(({ tone }, place) => ({
    heights: (heights[place] ?? []).map((value) => (value === null ? null : measure.convert(value))),
    tone,
  }));
  return { ...data, layers, mean: undefined, before: undefined };
}

/** Days without data are there as gaps; of weeks and longer only those with data. */
function prepare(series: Series, shown: Period, before: Period | null, isSum: boolean, measure: Measure) {
  const isDays = series.bucket === "day";
  const rows = isDays || !isSum ? pointsOf(series) : perDay(pointsOf(series));
  const known = shownOf(rows, shown, isDays);
  const earlier = before ? within(rows, before) : [];
  const points = isDays && known.length > 0 ? withGaps(known, shown) : known;
  const keys = points.map(({ key }) => key);
  const converted = (values: readonly (number | null)[]) =>
    values.map((value) => (value === null ? null : measure.convert(value)));
  const means = isDays && points.length > 14 ? weekMeans(keys, rows) : null;
  const isCrowded = points.length > CROWDED;
  const value = converted(points.map((point) => point.value));
  const data: ChartData = {
    kind: isSum ? "bars" : "band",
    x: points.map(({ x }) => x),
    value,
    partial: isSum ? unfinished(points, value) : undefined,
    low: isSum ? undefined : converted(points.map(({ minimum }) => minimum)),
    high: isSum ? undefined : converted(points.map(({ maximum }) => maximum)),
    mean: means ? converted(means) : undefined,
    before:
      isDays && before && earlier.length > 0
        ? converted(valuesBefore(keys, shown.from, isCrowded ? smoothed(earlier) : earlier, before))
        : undefined,
    zone: null,
    width: 86_400,
  };
  return { points, data, earlier };
}

/** Hundreds of days as a line are a scribble: their 7-day mean is not. */
function smoothed(points: readonly Point[]): Point[] {
  const means = weekMeans(
    points.map(({ key }) => key),
    points,
  );
  return points.map((point, place) => ({ ...point, value: means[place] ?? null }));
}

function withGaps(known: readonly Point[], shown: Period): Point[] {
  const byDay = new Map(known.map((point) => [point.key, point]));
  return daysOf(shown).map(
    (day, place) => byDay.get(day) ?? gap(day, Date.parse(`${shown.from}T12:00:00Z`) / 1000 + place * 86_400),
  );
}
