// The four big figures of the owner's choice, each with its week.

import type { Figure, Overview } from "../../api/shapes.ts";
import { addDays } from "../../format/calendar.ts";
import { formatAge, formatDay } from "../../format/dates.ts";
import { colorOfType, nameOfType } from "../../format/types.ts";
import { type Measure, measureOf } from "../../format/units.ts";
import { linkTo } from "../../state/address.ts";
import { now } from "../../state/clock.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts/first.ts";
import { usePainted } from "../../ui/Later.tsx";
import { Sparkline } from "../../ui/Sparkline.tsx";

/** Characters of a figure that a phone has room for. */
const LONG = 7;
const WEEK = [-6, -5, -4, -3, -2, -1, 0];

export function Figures({ overview }: { overview: Overview }) {
  const hasWeeks = usePainted();
  const notes = overview.figures.map((figure) => noteOf(figure, overview));
  const hasNotes = notes.some((note) => note !== "");
  return (
    <section class="figures-part" aria-label={texts.today.figures}>
      <ul class="figures">
        {overview.figures.map((figure, place) => (
          <li key={figure.type}>
            <BigFigure
              figure={figure}
              today={overview.today}
              note={hasNotes ? notes[place] || "\u00a0" : null}
              hasWeek={hasWeeks}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface BigFigureProps {
  figure: Figure;
  today: string;
  /** Null if no card has one. */
  note: string | null;
  /** The number is there first, and its week with the next paint. */
  hasWeek: boolean;
}

function BigFigure({ figure, today, note, hasWeek }: BigFigureProps) {
  const measure = measureOf(figure.type, figure.unit, units.value);
  const last = figure.days.findLast(({ value }) => value !== null);
  const { number, unit } = measure.parts(last?.value);
  const name = nameOfType(figure.type);
  const isSum = figure.method === "sum";
  return (
    <a class="figure card" href={linkTo("type", [figure.type], { range: "week" })}>
      <span class="figure-name">
        <span class="clamp" title={name}>
          {name}
        </span>
      </span>
      <span class="note">{last ? whenOf(last, today, isSum) : "\u00a0"}</span>
      <span class={number.length > LONG ? "big long" : "big"}>
        {number}
        {unit && <small> {unit}</small>}
      </span>
      <span class="week">{hasWeek && <Week figure={figure} today={today} name={name} measure={measure} />}</span>
      {note !== null && (
        <span class="note ellipsis" title={texts.today.meanHint}>
          {note}
        </span>
      )}
    </a>
  );
}

interface WeekProps {
  figure: Figure;
  today: string;
  name: string;
  measure: Measure;
}

function Week({ figure, today, name, measure }: WeekProps) {
  const byDay = new Map(figure.days.map((day) => [day.day, day]));
  const days = WEEK.map((offset) => addDays(today, offset));
  const values = days.map((day) => byDay.get(day)?.value ?? null);
  const spoken = days.map((day, place) => `${formatDay(day, "name")} ${measure.format(values[place])}`).join(", ");
  return (
    <>
      <Sparkline
        values={values}
        kind={figure.method === "sum" ? "bars" : "line"}
        color={colorOfType(figure.type)}
        label={texts.today.week(name, spoken)}
        height={40}
        partial={byDay.get(today)?.partial ?? false}
      />
      <span class="letters" aria-hidden="true">
        {days.map((day) => (
          <span key={day}>{formatDay(day, "letter")}</span>
        ))}
      </span>
    </>
  );
}

/** What a card's figure is of: a total or a mean, of today or of another day. */
function whenOf({ day, partial }: Figure["days"][number], today: string, isSum: boolean): string {
  const { soFar, title, meanToday, meanOf } = texts.today;
  if (day === today) return isSum ? (partial ? `${title} ${soFar}` : title) : meanToday;
  const name = formatDay(day, day < addDays(today, -6) ? "short" : "name");
  return isSum ? name : meanOf(name);
}

/** The mean of 28 days; without a value, how old the last one is. */
function noteOf({ type, unit, days }: Figure, { types }: Overview): string {
  const summary = types.find((one) => one.type === type);
  if (summary && days.every(({ value }) => value === null)) {
    return texts.ages.last(formatAge(summary.last.end, now.value));
  }
  const mean = summary?.mean_28;
  return typeof mean === "number" ? texts.today.mean(measureOf(type, unit, units.value).parts(mean).number) : "";
}
