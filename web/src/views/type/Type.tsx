// One type over time. The address holds the range, the day it is at, the zoom and the source.

import { useEffect } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import type { TypeRow } from "../../api/shapes.ts";
import { addDays, dayIn, isDay } from "../../format/calendar.ts";
import { formatDays } from "../../format/dates.ts";
import { colorOfType, nameOfType } from "../../format/types.ts";
import { changeQuery, linkTo, personInAddress } from "../../state/address.ts";
import { today as personToday, zone } from "../../state/clock.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Back } from "../../ui/Back.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Segmented } from "../../ui/Segmented.tsx";
import { Empty } from "../../ui/States.tsx";
import type { ViewProps } from "../registry.ts";
import { FineView } from "./FineView.tsx";
import { PeriodView } from "./PeriodView.tsx";
import { endOf, isFine, isRange, nameOfPeriod, parseZoom, periodOf, RANGES, type Range, shifted } from "./ranges.ts";
import { Values } from "./Values.tsx";

const CHOICES = RANGES.map((key) => ({ key, text: texts.type.ranges[key], short: texts.type.shortRanges[key] }));
const WITHOUT_FIGURES = ["none", "nights"];

function nameOfAll({ first, last }: TypeRow, today: string): string {
  const dayOf = (instant: string | null) => (instant ? dayIn(zone.value, new Date(instant)) : today);
  const lastDay = dayOf(last);
  return formatDays(dayOf(first), lastDay > today ? today : lastDay);
}

export default function Type({ parts, query }: ViewProps) {
  const name = parts[0] ?? "";
  const answer = useAnswer("/api/v1/types", { person: personInAddress.value });
  useEffect(() => {
    document.title = `${nameOfType(name)} · ${texts.name}`;
  }, [name]);
  return (
    <Answered answer={answer} lines={8}>
      {({ types }) => {
        const row = types.find(({ type, identifier }) => type === name || identifier === name);
        if (row) return <Known row={row} query={query} />;
        return (
          <Empty title={nameOfType(name)} icon="types" isView>
            <p>{texts.type.unknownText}</p>
            <a class="button" href={linkTo("types")}>
              {texts.nav.types}
            </a>
          </Empty>
        );
      }}
    </Answered>
  );
}

function Known({ row, query }: { row: TypeRow; query: URLSearchParams }) {
  const today = personToday.value;
  const asked = query.get("range");
  const range: Range = isRange(asked) ? asked : "month";
  const lastDay = row.last?.slice(0, 10) ?? today;
  // An instant and its local day differ by at most one day.
  const all = {
    from: addDays(row.first?.slice(0, 10) ?? today, -1),
    to: addDays(lastDay > today ? today : lastDay, 2),
  };
  const end = query.get("end");
  const period = periodOf(range, isDay(end) ? end : today, all);
  const zoom = parseZoom(query.get("zoom"));
  const source = query.get("source");
  const isBySource = query.get("by") === "source";
  const name = nameOfType(row.type);
  const move = (steps: number) => {
    changeQuery({ end: endOf(shifted(range, period, steps), today), zoom: null });
  };
  const hasFigures = !WITHOUT_FIGURES.includes(row.method);
  const shared = { row, range, period, zoom, source, isBySource, color: colorOfType(row.type) };
  return (
    <div class="type">
      <header class="view-head">
        <div class="head-text">
          <Back list="types" />
          <h1 class="clamp" title={row.identifier}>
            {name}
          </h1>
        </div>
        {hasFigures && range === "all" && (
          <div class="period-steps">
            <span class="period">{nameOfAll(row, today)}</span>
          </div>
        )}
        {hasFigures && range !== "all" && (
          <div class="period-steps">
            <button type="button" class="icon-button" aria-label={texts.type.previous} onClick={() => move(-1)}>
              <Icon name="left" />
            </button>
            <span class="period">{nameOfPeriod(range, period)}</span>
            <button
              type="button"
              class="icon-button"
              aria-label={texts.type.next}
              disabled={period.to > today}
              onClick={() => move(1)}
            >
              <Icon name="right" />
            </button>
          </div>
        )}
      </header>
      {hasFigures ? (
        <>
          <Segmented
            label={texts.type.range}
            choices={CHOICES}
            chosen={range}
            choose={(key) => changeQuery({ range: key, zoom: null })}
          />
          {(zoom ? isFine(zoom) : range === "day") ? (
            <FineView key={row.type} {...shared} />
          ) : (
            <PeriodView key={row.type} {...shared} />
          )}
        </>
      ) : (
        <Values row={row} />
      )}
    </div>
  );
}
