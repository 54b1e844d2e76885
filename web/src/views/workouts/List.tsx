// Workouts by month. All of the range are read at once, so filters act at once; rows are drawn as they come into sight.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { WorkoutRow } from "../../api/shapes.ts";
import { addMonths } from "../../format/calendar.ts";
import { formatDay } from "../../format/dates.ts";
import { formatDuration } from "../../format/durations.ts";
import { formatNumber } from "../../format/numbers.ts";
import { nameOfActivity } from "../../format/types.ts";
import { formatKilometers } from "../../format/units.ts";
import { changeQuery } from "../../state/address.ts";
import { today, zone } from "../../state/clock.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Segmented } from "../../ui/Segmented.tsx";
import { Empty } from "../../ui/States.tsx";
import { activitiesOf, firstOf, type Month, months } from "./months.ts";
import { useWorkouts } from "./pages.ts";
import { Row } from "./Row.tsx";

type Range = "quarter" | "year" | "all";

const MONTHS: Record<Range, number | null> = { quarter: 3, year: 12, all: null };
const ROWS_FIRST = 60;
const ROWS_MORE = 240;

export function List({ query }: { query: URLSearchParams }) {
  const wanted = query.get("range");
  const range: Range = wanted === "quarter" || wanted === "all" ? wanted : "year";
  const activity = query.get("activity") ?? "";
  const back = MONTHS[range];
  const from = back === null ? null : addMonths(today.value, -back);
  const { answer, more } = useWorkouts(from);
  return (
    <>
      <header class="view-head">
        <h1>{texts.workouts.title}</h1>
        <Segmented
          label={texts.workouts.range}
          choices={(["quarter", "year", "all"] as const).map((key) => ({ key, text: texts.workouts.ranges[key] }))}
          chosen={range}
          choose={(key) => changeQuery({ range: key })}
        />
      </header>
      <Answered answer={answer} lines={10}>
        {(data) => <Filtered all={[...data.workouts, ...more]} activity={activity} range={range} />}
      </Answered>
    </>
  );
}

interface FilteredProps {
  all: readonly WorkoutRow[];
  activity: string;
  range: Range;
}

function Filtered({ all, activity, range }: FilteredProps) {
  const shown = activity ? all.filter((workout) => workout.activity === activity) : all;
  const grouped = useMemo(() => months(shown, zone.value), [all, activity, zone.value]);
  if (all.length === 0) {
    return (
      <Empty title={range === "all" ? texts.workouts.empty : texts.workouts.emptyRange} icon="workouts">
        {range === "all" ? (
          <p>{texts.workouts.emptyText}</p>
        ) : (
          <button type="button" class="button" onClick={() => changeQuery({ range: "all" })}>
            {texts.workouts.showAll}
          </button>
        )}
      </Empty>
    );
  }
  const activities = activitiesOf(all);
  const named = activity && !activities.includes(activity) ? [...activities, activity] : activities;
  return (
    <>
      <div class="filters">
        <label class="select">
          <span class="hidden">{texts.workouts.activity}</span>
          <select value={activity} onChange={(event) => changeQuery({ activity: event.currentTarget.value })}>
            <option value="">{texts.workouts.allActivities}</option>
            {named.map((name) => (
              <option key={name} value={name}>
                {nameOfActivity(name)}
              </option>
            ))}
          </select>
        </label>
        <p class="note">{texts.workouts.count(formatNumber(shown.length), shown.length)}</p>
      </div>
      {shown.length === 0 ? (
        <Empty title={texts.workouts.noneOf(nameOfActivity(activity))} icon="workouts" />
      ) : (
        <Months all={grouped} count={shown.length} key={`${activity} ${range}`} />
      )}
    </>
  );
}

function Months({ all, count }: { all: readonly Month[]; count: number }) {
  const [rows, setRows] = useState(ROWS_FIRST);
  const end = useRef<HTMLButtonElement>(null);
  const showMore = () => setRows((before) => before + ROWS_MORE);
  useEffect(() => {
    if (!end.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) showMore();
      },
      { rootMargin: "800px" },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [rows]);
  return (
    <div class="stack">
      {firstOf(all, rows).map((month) => (
        <MonthCard key={month.month} month={month} />
      ))}
      {rows < count && (
        <button type="button" class="button" ref={end} onClick={showMore}>
          {texts.workouts.older}
        </button>
      )}
    </div>
  );
}

function MonthCard({ month }: { month: Month }) {
  const name = formatDay(`${month.month}-01`, "month");
  const total = [formatDuration(month.seconds)];
  if (month.kilometers !== null) total.push(formatKilometers(month.kilometers, units.value));
  return (
    <section class="card list-card" aria-label={name}>
      <header class="card-head">
        <h2>{name}</h2>
        <span class="note numbers">{total.join(" · ")}</span>
      </header>
      <ul class="items">
        {month.workouts.map((workout) => (
          <Row key={workout.uuid} workout={workout} />
        ))}
      </ul>
    </section>
  );
}
