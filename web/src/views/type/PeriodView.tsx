// A type by days, weeks or months: its figures, the chart, and the table behind it. One request has the period and the one before.

import { useMemo, useState } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import type { Series, TypeRow } from "../../api/shapes.ts";
import { addDays, daysBetween } from "../../format/calendar.ts";
import { formatDay } from "../../format/dates.ts";
import { nameOfType } from "../../format/types.ts";
import { measureOfRow } from "../../format/units.ts";
import { changeQuery, personInAddress } from "../../state/address.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Chart } from "./Chart.tsx";
import { Foot } from "./Foot.tsx";
import { Nothing } from "./Nothing.tsx";
import { layered, prepare } from "./prepare.ts";
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
import { type Point, summaryOf } from "./series.ts";
import { useNarrow } from "./useNarrow.ts";
import { useShares } from "./useShares.ts";
import { wholeWeeks } from "./weeks.ts";

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
  // The weeks of levels are no means of days.
  const mayHaveWeeks = useNarrow() && row.method !== "level";
  const {
    points,
    weeks,
    drawn: bars,
    data,
    earlier,
    isCrowded,
  } = useMemo(
    () => prepare(series, shown, before, { isSum, measure, mayHaveWeeks }),
    [series, shown.from, shown.to, isSum, units.value, mayHaveWeeks],
  );
  const [index, setIndex] = useState<number | null>(null);
  const canStack = isSum && source === null && series.sources.length > 1;
  const shares = useShares(canStack && isBySource, { ...query, from: shown.from }, series.sources, points);
  const drawn = useMemo(() => (shares ? layered(data, shares, weeks, measure) : data), [shares, data]);
  if (points.length === 0) return <Nothing row={row} range={range} />;
  const bucket = weeks ? "week" : series.bucket;
  const spanOf = (of: Period) => {
    const [min, max] = secondsOf(weeks ? wholeWeeks(of) : of);
    return { min, max };
  };
  const name = nameOfType(row.type);
  const title = zoom ? nameOfZoom(zoom, series.zone) : nameOfPeriod(range, period);
  const chosen = bars[index ?? -1] ?? bars.findLast(({ value }) => value !== null);
  const place = bars.indexOf(chosen as Point);
  const nameOfBefore = (key: string, { from }: Period) =>
    isCrowded ? texts.type.legend.meanBefore : formatDay(addDays(from, daysBetween(shown.from, key)), "weekday");
  return (
    <>
      <Summaries
        measure={measure}
        method={row.method}
        isSum={isSum}
        range={range}
        bucket={series.bucket}
        now={summaryOf(points, isSum)}
        before={
          before && earlier.length > 0
            ? {
                ...summaryOf(earlier, isSum),
                name: nameOfPeriod(range, before),
                length: daysBetween(before.from, before.to),
              }
            : null
        }
      />
      <section class="card chart-card" aria-label={title}>
        <Readout
          point={chosen}
          bucket={bucket}
          measure={measure}
          isSum={isSum}
          mean={drawn.mean?.[place]}
          before={
            before && chosen ? { name: nameOfBefore(chosen.key, before), value: drawn.before?.[place] } : undefined
          }
          type={row.type}
          zoomed={zoom !== null}
        />
        <Chart
          data={drawn}
          span={spanOf(shown)}
          limits={spanOf(period)}
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
          bucket={bucket}
          legend={{
            mean: drawn.mean?.some((value) => value !== null) ?? false,
            before: drawn.before ? (isCrowded ? "mean" : "values") : null,
            band: data.kind === "band",
            weeks: isSum && weeks !== null && !shares,
          }}
        />
      </section>
    </>
  );
}
