// The line above a chart: the value that the cursor is at. It covers nothing, so it also works under a finger.

import { addDays } from "../../format/calendar.ts";
import { formatDay, formatDays, formatInstant } from "../../format/dates.ts";
import type { Measure } from "../../format/units.ts";
import { changeQuery, linkTo } from "../../state/address.ts";
import { texts } from "../../texts.ts";
import { isPerDay, type Point } from "./series.ts";

interface ReadoutProps {
  point: Point | undefined;
  bucket: "day" | "week" | "month" | "year" | "hour" | "sample";
  measure: Measure;
  isSum: boolean;
  mean?: number | null | undefined;
  before?: { name: string; value: number | null | undefined } | undefined;
  zone?: string | null;
  type: string;
  zoomed: boolean;
  title?: string | undefined;
}

const without = (label: string, text: string) =>
  label !== "" && text.endsWith(` ${label}`) ? text.slice(0, -label.length - 1) : text;

const FORMATS = { day: "weekdayYear", month: "month", year: "onlyYear" } as const;
const LAST_OF_WEEK = 6;

function nameOf(key: string, bucket: "day" | "week" | "month" | "year"): string {
  return bucket === "week" ? formatDays(key, addDays(key, LAST_OF_WEEK)) : formatDay(key, FORMATS[bucket]);
}

export function Readout(props: ReadoutProps) {
  const { point, bucket, measure, isSum, mean, before, zone = null, type, zoomed } = props;
  if (!point) return null;
  const { key, value, minimum, maximum, partial } = point;
  const isInstant = bucket === "hour" || bucket === "sample";
  const when = isInstant ? formatInstant(key, zone) : nameOf(key, bucket);
  const hasSpan = !isSum && minimum !== null && maximum !== null && minimum !== maximum;
  const { number, unit } = measure.parts(value);
  // Values of the chart were converted already. Their unit stands beside the first value.
  const shown = (converted: number | null | undefined) =>
    typeof converted === "number" ? without(measure.label, measure.formatShown(converted)) : null;
  return (
    <div class="chart-readout">
      <p class="numbers" aria-live="polite">
        <span class="when">{when}</span>
        <strong>
          {number}
          {unit && ` ${unit}`}
          {isPerDay(isSum, bucket) && ` ${texts.type.perDay}`}
        </strong>
        {partial && <span class="note">{texts.type.soFar}</span>}
        {hasSpan && (
          <span class="note">
            {measure.parts(minimum).number} – {measure.parts(maximum).number}
          </span>
        )}
        {shown(mean) && (
          <span class="note">
            {texts.type.legend.mean} {shown(mean)}
          </span>
        )}
        {before && shown(before.value) && (
          <span class="note">
            {before.name} {shown(before.value)}
          </span>
        )}
      </p>
      <span class="chart-links">
        {bucket === "day" && value !== null && <a href={linkTo("why", [type, key])}>{texts.type.whyShort}</a>}
        {zoomed && (
          <button type="button" class="link" onClick={() => changeQuery({ zoom: null })}>
            {texts.type.reset}
          </button>
        )}
      </span>
    </div>
  );
}
