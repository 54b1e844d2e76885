// The figures of a period, beside those of the period before.

import { formatDay } from "../../format/dates.ts";
import { formatChange, formatNumber } from "../../format/numbers.ts";
import type { Measure } from "../../format/units.ts";
import { linkTo } from "../../state/address.ts";
import { texts } from "../../texts.ts";
import type { Range } from "./ranges.ts";
import { changeOf, isPerDay, type Point, type Summary } from "./series.ts";

/** The period before: its name, and how many days it has. */
export interface Before extends Summary {
  name: string;
  length: number;
}

interface SummariesProps {
  measure: Measure;
  method: string;
  isSum: boolean;
  range: Range;
  bucket: "hour" | "day" | "week" | "month" | "year";
  now: Summary;
  before: Before | null;
  /** The day whose figure can be explained. */
  why?: { type: string; day: string } | undefined;
}

export function Summaries({ measure, method, isSum, range, bucket, now, before, why }: SummariesProps) {
  const isDay = range === "day";
  const labels = texts.type;
  const main = isSum && isDay ? now.total : now.average;
  // A tenth more of 36 °C is a fever, and of 0 °C it is nothing.
  const isTemperature = measure.label.startsWith("°");
  const change = isTemperature ? null : changeOf(now, before);
  return (
    <dl class="summaries">
      <div class="main">
        <dt>{labelOf(method, isSum, isDay)}</dt>
        <dd>
          <Big measure={measure} value={main} />
          {isDay && now.isPartial && <span class="note">{labels.soFar}</span>}
          {change !== null && <span class="note">{labels.against[range](formatChange(change))}</span>}
          <span class="note">
            {why ? <a href={linkTo("why", [why.type, why.day])}>{labels.why}</a> : <Coverage now={now} isDay={isDay} />}
          </span>
        </dd>
      </div>
      {before && (
        <div>
          <dt>{labels.before[range]}</dt>
          <dd>
            {measure.format(isSum && isDay ? before.total : before.average)}
            <span class="note">{before.name}</span>
            {!isDay && before.days < before.length && (
              <span class="note">
                <Days of={before} />
              </span>
            )}
            {isSum && !isDay && <span class="note">{labels.totalBefore(measure.format(before.total))}</span>}
          </dd>
        </div>
      )}
      {isSum && !isDay && (
        <div>
          <dt>{labels.total}</dt>
          <dd>
            {measure.format(now.total)}
            {now.isPartial && <span class="note">{labels.soFar}</span>}
          </dd>
        </div>
      )}
      {!isSum && (
        <Extreme
          label={labels.lowest}
          point={now.lowest}
          bucket={bucket}
          value={now.lowest?.minimum}
          measure={measure}
          isDay={isDay}
        />
      )}
      <Extreme
        label={isSum ? labels.highestOf[bucket] : labels.highest}
        point={isSum && isDay ? null : now.highest}
        bucket={bucket}
        value={isSum ? now.highest?.value : now.highest?.maximum}
        measure={measure}
        isDay={isDay}
        isPerDay={isPerDay(isSum, bucket)}
      />
    </dl>
  );
}

/** A mean is of one of two things: of the samples of a day, or of days, each of which counts alike. */
function labelOf(method: string, isSum: boolean, isDay: boolean): string {
  const { total, averagePerDay, averageLevel, averageOfSamples, averageOfDays } = texts.type;
  if (isSum) return isDay ? total : averagePerDay;
  if (!isDay) return averageOfDays;
  return method === "level" ? averageLevel : averageOfSamples;
}

function Coverage({ now, isDay }: { now: Summary; isDay: boolean }) {
  const samples = now.highest?.samples ?? 0;
  if (isDay) return <>{texts.types.samples(formatNumber(samples), samples)}</>;
  return <Days of={now} />;
}

function Days({ of: { isWhole, days } }: { of: Summary }) {
  const { wholeDays, daysWithData } = texts.type;
  return <>{(isWhole ? wholeDays : daysWithData)(formatNumber(days), days)}</>;
}

function Big({ measure, value }: { measure: Measure; value: number | null }) {
  const { number, unit } = measure.parts(value);
  return (
    <span class="big">
      {number}
      {unit && <small> {unit}</small>}
    </span>
  );
}

interface ExtremeProps {
  label: string;
  point: Point | null;
  bucket: SummariesProps["bucket"];
  value: number | null | undefined;
  measure: Measure;
  isDay: boolean;
  /** Sums of weeks and longer are averages per day. */
  isPerDay?: boolean;
}

/** How the time of a bucket is written: a week by its first day. */
const FORMATS = { hour: "weekday", day: "weekday", week: "year", month: "month", year: "onlyYear" } as const;

function Extreme({ label, point, bucket, value, measure, isDay, isPerDay = false }: ExtremeProps) {
  if (!point) return null;
  const format = FORMATS[bucket];
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {measure.format(value ?? point.value)}
        {isPerDay && ` ${texts.type.perDay}`}
        {!isDay && <span class="note">{formatDay(point.key.slice(0, 10), format)}</span>}
      </dd>
    </div>
  );
}
