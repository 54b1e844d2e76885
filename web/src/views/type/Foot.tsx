// Below a chart: what its lines are, the source, the CSV, and the table.

import { useState } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import type { Series, TypeRow } from "../../api/shapes.ts";
import { formatDay, formatInstant } from "../../format/dates.ts";
import { formatNumber, formatPercent } from "../../format/numbers.ts";
import { nameOfType } from "../../format/types.ts";
import type { Measure } from "../../format/units.ts";
import { changeQuery, linkTo, personInAddress, type Query } from "../../state/address.ts";
import { texts } from "../../texts.ts";
import { type Column, TableBehind } from "../../ui/DataTable.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { downloadCsv } from "./csv.ts";
import { Hint } from "./Hint.tsx";
import type { Range } from "./ranges.ts";
import { isPerDay, type Point } from "./series.ts";
import type { Share } from "./shares.ts";

export type Bucket = keyof typeof texts.type.legend.average;

interface FootProps {
  row: TypeRow;
  range: Range;
  series: Series;
  points: readonly Point[];
  measure: Measure;
  isSum: boolean;
  color: string;
  source: string | null;
  zone?: string | null;
  query: Query;
  isSamples?: boolean;
  /** What one value of the chart is of. */
  bucket: Bucket;
  /** What each source adds, if bars are stacked. */
  shares?: readonly Share[] | null;
  canStack?: boolean;
  isBySource?: boolean;
  legend: { mean: boolean; before: "values" | "mean" | null; band: boolean; weeks?: boolean };
}

export function Foot(props: FootProps) {
  const { row, range, series, points, source, query, isSamples = false, bucket, legend, color } = props;
  const { shares = null, canStack = false, isBySource = false } = props;
  const name = nameOfType(row.type);
  return (
    <>
      <Hint />
      <ul class="chart-legend" style={{ "--data": color }}>
        {legend.band && (
          <>
            <li class="key-line">{texts.type.legend.average[bucket]}</li>
            <li class="key-band">{texts.type.legend.band}</li>
          </>
        )}
        {shares?.map(({ name: of, total, tone }) => (
          <li class="key-share" key={of} style={{ "--tone": `${tone * 100}%` }}>
            <span class="ellipsis">{of ?? texts.type.otherSources}</span>
            <span class="numbers">{formatPercent(total / totalOf(shares))}</span>
          </li>
        ))}
        {legend.weeks && (
          <li class="key-share" style={{ "--tone": "100%" }}>
            {texts.type.legend.weeks}
          </li>
        )}
        {legend.mean && <li class="key-mean">{texts.type.legend.mean}</li>}
        {legend.before && (
          <li class="key-before">
            {legend.before === "mean" ? texts.type.legend.meanBefore : texts.type.before[range]}
          </li>
        )}
      </ul>
      <div class="chart-foot">
        <Sources row={row} source={source} known={series.sources} canStack={canStack} isStacked={isBySource} />
        {series.zone && (
          <span class="note ellipsis" title={texts.type.zone(series.zone)}>
            {series.zone}
          </span>
        )}
        <Csv name={row.type} path={isSamples ? "/api/v1/samples" : "/api/v1/days"} query={query} />
      </div>
      <TableBehind
        caption={`${name}: ${texts.type.table}`}
        columns={columnsOf(props, shares)}
        rows={points.filter(({ value }) => value !== null).reverse()}
        keyOf={({ key, x }) => key + x}
      />
    </>
  );
}

const totalOf = (shares: readonly Share[]) => shares.reduce((sum, { total }) => sum + total, 0);

function columnsOf(
  { row, series, points, measure, isSum, zone = null, isSamples }: FootProps,
  shares: readonly Share[] | null,
): Column<Point>[] {
  const { columns } = texts.type;
  const first: Column<Point> = isSamples
    ? { name: columns.time, cell: ({ key }) => formatInstant(key, zone) }
    : { name: columns.day, cell: ({ key }) => formatDay(key, "weekdayYear") };
  const number = (heading: string, value: (point: Point) => number | null): Column<Point> => ({
    name: heading,
    isNumber: true,
    cell: (point) => measure.format(value(point)),
  });
  const isMean = !isSamples && isPerDay(isSum, series.bucket);
  const all = [first, number(isMean ? texts.type.averagePerDay : columns.value, ({ value }) => value)];
  const places = new Map(points.map(({ key }, place) => [key, place]));
  for (const { name, values } of shares ?? []) {
    all.push(number(name ?? texts.type.otherSources, ({ key }) => values[places.get(key) ?? -1] ?? null));
  }
  if (!isSum) {
    all.push(number(columns.minimum, ({ minimum }) => minimum));
    all.push(number(columns.maximum, ({ maximum }) => maximum));
  }
  all.push({ name: columns.samples, isNumber: true, cell: ({ samples }) => formatNumber(samples) });
  if (isSum && !isSamples) {
    all.push({
      name: columns.why,
      isNumber: true,
      cell: ({ key, days }) => days === 1 && <a href={linkTo("why", [row.type, key])}>{texts.type.whyShort}</a>,
    });
  }
  return all;
}

const [ALL, STACKED] = ["", "by"];

/** With one chosen, the answer names all of them only if it was asked without. */
interface SourcesProps {
  row: TypeRow;
  source: string | null;
  known: readonly string[];
  canStack: boolean;
  isStacked: boolean;
}

function Sources({ row, source, known, canStack, isStacked }: SourcesProps) {
  const asked = useAnswer(source ? "/api/v1/days" : null, {
    type: row.type,
    from: row.first?.slice(0, 10),
    bucket: "year",
    person: personInAddress.value,
  });
  const answered = asked.value.data;
  const all = (answered && "sources" in answered ? answered.sources : undefined) ?? known;
  // The API cannot be asked for the one without a name.
  const sources = all.filter((name) => name !== "");
  const names = source && !sources.includes(source) ? [source, ...sources] : sources;
  if (names.length < 2 && !source) {
    return names[0] ? (
      <span class="note ellipsis" title={names[0]}>
        {names[0]}
      </span>
    ) : (
      <span />
    );
  }
  return (
    <label class="source-select">
      <span class="hidden">{texts.type.source}</span>
      <select
        value={source === null ? (canStack && isStacked ? STACKED : ALL) : `=${source}`}
        onChange={({ currentTarget: { value } }) => {
          const by = value === STACKED ? "source" : null;
          changeQuery({ source: value.startsWith("=") ? value.slice(1) : null, by }, "replace");
        }}
      >
        <option value={ALL}>{texts.type.allSources}</option>
        {canStack && <option value={STACKED}>{texts.type.bySource}</option>}
        {names.map((name) => (
          <option key={name} value={`=${name}`}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Csv({ name, path, query }: { name: string; path: string; query: Query }) {
  const [hasFailed, setFailed] = useState(false);
  const download = () => {
    setFailed(false);
    downloadCsv(name, path, query).catch(() => setFailed(true));
  };
  return (
    <button type="button" class="link csv" onClick={download}>
      <Icon name="download" size={16} />
      {hasFailed ? texts.type.csvFailed : texts.type.csv}
    </button>
  );
}
