// One group of types: a row for each, with its last four weeks.

import { useAnswer } from "../../api/answers.ts";
import type { TypeRow, TypeSummary } from "../../api/shapes.ts";
import { addDays } from "../../format/calendar.ts";
import { formatAge, formatDay } from "../../format/dates.ts";
import { latestValue } from "../../format/latest.ts";
import { formatNumber } from "../../format/numbers.ts";
import { colorOfType, type Group, nameOfType } from "../../format/types.ts";
import { measureOfRow } from "../../format/units.ts";
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

interface GroupCardProps {
  group: Group;
  types: readonly TypeRow[];
  /** By type: the last values. */
  summaries: ReadonlyMap<string, TypeSummary>;
}

export function GroupCard({ group, types, summaries }: GroupCardProps) {
  const today = personToday.value;
  const from = addDays(today, 1 - DAYS);
  const recent = types
    .filter(({ method, last }) => WITH_FIGURES.includes(method) && last !== null && last.slice(0, 10) >= from)
    .slice(0, SERIES_MAX)
    .map(({ type }) => type);
  const range = { from, to: addDays(today, 1), person: personInAddress.value };
  const answer = useAnswer(recent.length > 0 ? "/api/v1/days" : null, { type: recent.join(","), ...range });
  const isNights = types.some(({ method }) => method === "nights");
  const nights = useAnswer(isNights ? "/api/v1/nights" : null, range).value.data?.nights;
  const data = answer.value.data;
  const series = data === undefined ? [] : "series" in data ? data.series : [data];
  const daysOf = ({ type, method }: TypeRow): DayValue[] => {
    if (method === "nights") return nights?.map(({ night, asleep_min }) => ({ day: night, value: asleep_min })) ?? [];
    return series.find((one) => one.type === type)?.days ?? [];
  };
  return (
    <Card title={texts.groups[group]}>
      <ul class="lines">
        {types.map((row) => (
          <li key={row.identifier}>
            <TypeLink row={row} summary={summaries.get(row.type)} days={daysOf(row)} from={from} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Value({ summary }: { summary: TypeSummary }) {
  const { number, unit } = measureOfRow(summary, summary.unit, units.value).parts(latestValue(summary));
  return (
    <>
      {number} {unit && <small>{unit}</small>}
    </>
  );
}

interface DayValue {
  day: string;
  value: number | null;
}

interface TypeLinkProps {
  row: TypeRow;
  summary: TypeSummary | undefined;
  days: readonly DayValue[];
  from: string;
}

function TypeLink({ row, summary, days, from }: TypeLinkProps) {
  const name = nameOfType(row.type);
  const byDay = new Map(days.map(({ day, value }) => [day, value]));
  const values = Array.from({ length: DAYS }, (_, place) => byDay.get(addDays(from, place)) ?? null);
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
      {days.some(({ value }) => value !== null) && (
        <Sparkline
          values={values}
          kind={row.method === "sum" ? "bars" : "line"}
          color={colorOfType(row.type)}
          label={texts.types.month(name)}
          height={24}
        />
      )}
      <span class="line-figures numbers">
        <span>{summary && <Value summary={summary} />}</span>
        <span class="note">{formatAge(summary?.last.end ?? row.last, now.value)}</span>
      </span>
    </a>
  );
}
