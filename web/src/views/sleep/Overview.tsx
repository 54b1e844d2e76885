// Nights of a week, a month or six months: bars from bedtime to waking, and their averages.

import { useAnswer } from "../../api/answers.ts";
import type { NightRow } from "../../api/shapes.ts";
import { knownZone } from "../../draw/clock.ts";
import { averages, bars, seenAt } from "../../draw/nights.ts";
import { addDays } from "../../format/calendar.ts";
import { formatDay, formatDays } from "../../format/dates.ts";
import { changeQuery, linkTo, personInAddress } from "../../state/address.ts";
import { now, today as personToday } from "../../state/clock.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Card } from "../../ui/Card.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Segmented } from "../../ui/Segmented.tsx";
import { Empty } from "../../ui/States.tsx";
import { Averages } from "./Averages.tsx";
import { NightsPlot } from "./NightsPlot.tsx";
import { NightsTable } from "./NightsTable.tsx";
import { movedEnd, type Nights, nightsOf, type Range } from "./range.ts";

export function Overview({ query }: { query: URLSearchParams }) {
  const today = personToday.value;
  const nights = nightsOf(query, today);
  // The night that has begun this evening has tomorrow's date.
  const to = addDays(nights.last, nights.isNewest ? 2 : 1);
  const answer = useAnswer("/api/v1/nights", { from: nights.first, to, person: personInAddress.value });
  return (
    <>
      <header class="view-head">
        <h1>{texts.sleep.title}</h1>
        <RangeChoice range={nights.range} />
      </header>
      <Steps nights={nights} today={today} />
      <Answered answer={answer} lines={8}>
        {(data) =>
          data.nights.length === 0 ? (
            <NoNights nights={nights} />
          ) : (
            <Shown rows={data.nights} nights={nights} zone={data.zone} today={today} />
          )
        }
      </Answered>
    </>
  );
}

function RangeChoice({ range }: { range: Range }) {
  const choices = (["week", "month", "half"] as const).map((key) => ({
    key,
    text: texts.type.ranges[key],
    short: texts.type.shortRanges[key],
  }));
  return (
    <Segmented
      label={texts.type.range}
      choices={choices}
      chosen={range}
      choose={(key) => changeQuery({ range: key })}
    />
  );
}

function Steps({ nights, today }: { nights: Nights; today: string }) {
  const move = (direction: -1 | 1) => changeQuery({ end: movedEnd(nights, direction, today) });
  return (
    <div class="steps">
      <button type="button" class="icon-button" aria-label={texts.type.previous} onClick={() => move(-1)}>
        <Icon name="left" />
      </button>
      <p class="steps-text">{formatDays(nights.first, nights.last)}</p>
      <button
        type="button"
        class="icon-button"
        aria-label={texts.type.next}
        aria-disabled={nights.isNewest}
        onClick={() => !nights.isNewest && move(1)}
      >
        <Icon name="right" />
      </button>
    </div>
  );
}

interface ShownProps {
  rows: readonly NightRow[];
  nights: Nights;
  zone: string | null;
  today: string;
}

function Shown({ rows: sent, nights, zone, today }: ShownProps) {
  const rows = sent.map((night) => seenAt(night, now.value, knownZone(zone) ?? "UTC"));
  const newest = rows.at(-1)?.night ?? nights.last;
  const [, end] = [newest, nights.last].sort();
  const drawn = bars(rows, nights.first, addDays(end ?? nights.last, 1));
  const summary = averages(rows);
  return (
    <div class="stack">
      <Card class="nights-card">
        <NightsPlot bars={drawn} summary={summary} range={nights.range} zone={zone} today={today} />
        <NightsTable rows={rows} />
      </Card>
      {summary.nights > 0 && <Averages summary={summary} />}
    </div>
  );
}

/** Nights may exist before: the list of types knows the last one. */
function NoNights({ nights }: { nights: Nights }) {
  const answer = useAnswer("/api/v1/types", { person: personInAddress.value });
  const last = answer.value.data?.types.find(({ type }) => type === "sleep")?.last?.slice(0, 10);
  return (
    <Empty title={last ? texts.sleep.emptyRange : texts.sleep.empty} icon="sleep">
      {last ? <p>{texts.sleep.lastNight(formatDay(last))}</p> : <p>{texts.sleep.emptyText}</p>}
      {last && last < nights.first && (
        <a class="button" href={linkTo("sleep", [], { range: nights.range, end: last })}>
          {texts.type.goThere}
        </a>
      )}
    </Empty>
  );
}
