// Below a chart: what its lines are, the source, the CSV, and the table.

import { useState } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import type { Series, TypeRow } from "../../api/shapes.ts";
import { formatDay, formatInstant } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { nameOfType } from "../../format/types.ts";
import type { Measure } from "../../format/units.ts";
import { changeQuery, linkTo, personInAddress, type Query } from "../../state/address.ts";
import { texts } from "../../texts.ts";
import { type Column, TableBehind } from "../../ui/DataTable.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { downloadCsv } from "./csv.ts";
import { Hint } from "./Hint.tsx";
import type { Point } from "./series.ts";

interface FootProps {
  row: TypeRow;
  series: Series;
  points: readonly Point[];
  measure: Measure;
  isSum: boolean;
  color: string;
  source: string | null;
  zone?: string | null;
  query: Query;
  isSamples?: boolean;
  legend: { mean: boolean; before: "values" | "mean" | null; band: boolean };
}

export function Foot(props: FootProps) {
  const { row, series, points, source, query, isSamples = false, legend, color } = props;
  const name = nameOfType(row.type);
  return (
    <>
      <Hint />
      <ul class="chart-legend" style={{ "--data": color }}>
        {legend.band && (
          <>
            <li class="key-line">{texts.type.legend.average}</li>
            <li class="key-band">{texts.type.legend.band}</li>
          </>
        )}
        {legend.mean && <li class="key-mean">{texts.type.legend.mean}</li>}
        {legend.before && (
          <li class="key-before">
            {legend.before === "mean" ? texts.type.legend.meanBefore : texts.type.legend.before}
          </li>
        )}
      </ul>
      <div class="chart-foot">
        <Sources row={row} source={source} known={series.sources} />
        {series.zone && (
          <span class="note ellipsis" title={texts.type.zone(series.zone)}>
            {series.zone}
          </span>
        )}
        <Csv name={row.type} path={isSamples ? "/api/v1/samples" : "/api/v1/days"} query={query} />
      </div>
      <TableBehind
        caption={`${name}: ${texts.type.table}`}
        columns={columnsOf(props)}
        rows={points.filter(({ value }) => value !== null).reverse()}
        keyOf={({ key, x }) => key + x}
      />
    </>
  );
}

function columnsOf({ row, measure, isSum, zone = null, isSamples }: FootProps): Column<Point>[] {
  const { columns } = texts.type;
  const first: Column<Point> = isSamples
    ? { name: columns.time, cell: ({ key }) => formatInstant(key, zone) }
    : { name: columns.day, cell: ({ key }) => formatDay(key, "weekdayYear") };
  const number = (heading: string, value: (point: Point) => number | null): Column<Point> => ({
    name: heading,
    isNumber: true,
    cell: (point) => measure.format(value(point)),
  });
  const all = [first, number(columns.value, ({ value }) => value)];
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

/** With one chosen, the answer names all of them only if it was asked without. */
function Sources({ row, source, known }: { row: TypeRow; source: string | null; known: readonly string[] }) {
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
        value={source ?? ""}
        onChange={(event) => changeQuery({ source: event.currentTarget.value || null }, "replace")}
      >
        <option value="">{texts.type.allSources}</option>
        {names.map((name) => (
          <option key={name} value={name}>
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
