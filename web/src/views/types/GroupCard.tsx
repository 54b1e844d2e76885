// One group of types: a row for each, with its last four weeks.

import { useAnswer } from "../../api/answers.ts";
import type { Series, TypeRow } from "../../api/shapes.ts";
import { addDays } from "../../format/calendar.ts";
import { formatAge, formatDay } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { colorOfType, type Group, nameOfType } from "../../format/types.ts";
import { measureOf } from "../../format/units.ts";
import { linkTo, personInAddress } from "../../state/address.ts";
import { now, today as personToday } from "../../state/clock.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import { Sparkline } from "../../ui/Sparkline.tsx";

const DAYS = 28;
/** So many types the server answers at once. */
const SERIES_MAX = 16;
const WITH_FIGURES = ["sum", "mean", "level"];

export function GroupCard({ group, types }: { group: Group; types: readonly TypeRow[] }) {
  const today = personToday.value;
  const from = addDays(today, 1 - DAYS);
  const recent = types
    .filter(({ method, last }) => WITH_FIGURES.includes(method) && last !== null && last.slice(0, 10) >= from)
    .slice(0, SERIES_MAX)
    .map(({ type }) => type);
  const answer = useAnswer(recent.length > 0 ? "/api/v1/days" : null, {
    type: recent.join(","),
    from,
    to: addDays(today, 1),
    person: personInAddress.value,
  });
  const data = answer.value.data;
  const series = data === undefined ? [] : "series" in data ? data.series : [data];
  return (
    <Card title={texts.groups[group]}>
      <ul class="lines">
        {types.map((row) => (
          <li key={row.identifier}>
            <TypeLink row={row} series={series.find(({ type }) => type === row.type)} from={from} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function TypeLink({ row, series, from }: { row: TypeRow; series: Series | undefined; from: string }) {
  const name = nameOfType(row.type);
  const days = series?.days ?? [];
  const byDay = new Map(days.map(({ day, value }) => [day, value]));
  const values = Array.from({ length: DAYS }, (_, place) => byDay.get(addDays(from, place)) ?? null);
  const last = days.findLast(({ value }) => value !== null);
  const link = row.method === "nights" ? linkTo("sleep") : linkTo("type", [row.type]);
  const samples = row.samples === null ? "" : texts.types.samples(formatNumber(row.samples), row.samples);
  const since = row.first ? texts.types.since(formatDay(row.first.slice(0, 10))) : "";
  const about = [samples, since].filter((text) => text !== "").join(" ");
  return (
    <a class="line type-line" href={link}>
      <span class="line-text">
        <span class="type-name" title={`${name} (${row.identifier})`}>
          {name}
        </span>
        <span class="note ellipsis" title={about}>
          {samples}
          {samples !== "" && since !== "" && " "}
          <span class={samples === "" ? undefined : "wide-only"}>{since}</span>
        </span>
      </span>
      {last && (
        <Sparkline
          values={values}
          kind={row.method === "sum" ? "bars" : "line"}
          color={colorOfType(row.type)}
          label={texts.types.month(name)}
          height={24}
        />
      )}
      <span class="line-figures numbers">
        <span>{last ? measureOf(row.type, series?.unit, units.value).format(last.value) : ""}</span>
        <span class="note">{formatAge(row.last, now.value)}</span>
      </span>
    </a>
  );
}
