// Why a day's figure is what it is: #/why/steps/2026-11-25

import { useEffect } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import { Problem } from "../../api/problem.ts";
import type { Explanation } from "../../api/shapes.ts";
import { addDays, isDay } from "../../format/calendar.ts";
import { formatDay } from "../../format/dates.ts";
import { colorOfType, nameOfType } from "../../format/types.ts";
import { measureOf, measureOfSamples } from "../../format/units.ts";
import { lastLeft, linkBackTo, linkTo, personInAddress } from "../../state/address.ts";
import { today as personToday } from "../../state/clock.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Empty } from "../../ui/States.tsx";
import { NotFound } from "../../ui/ViewHost.tsx";
import type { ViewProps } from "../registry.ts";
import { Border } from "./Border.tsx";
import { LeftOut } from "./LeftOut.tsx";
import { isCount, leadOf } from "./lead.ts";
import { Sources } from "./Sources.tsx";

export default function Why({ parts }: ViewProps) {
  const [type = "", day] = parts;
  if (!type || !isDay(day)) return <NotFound />;
  return <Asked type={type} day={day} />;
}

function Asked({ type, day }: { type: string; day: string }) {
  const answer = useAnswer("/api/v1/explain", { type, from: day, person: personInAddress.value });
  const { error, data } = answer.value;
  // The person has no sample of this type on any day.
  const isMissing = error instanceof Problem && error.status === 404 && data === undefined;
  const name = nameOfType(type);
  const today = personToday.value;
  useEffect(() => {
    document.title = `${texts.nav.why}: ${name} · ${texts.name}`;
  }, [name]);
  const linkToDay = (steps: number) => linkTo("why", [type, addDays(day, steps)]);
  const own = type === "sleep" ? linkTo("sleep", [day]) : linkTo("type", [type], { range: "day", end: day });
  // What the chart has shown, it shows again.
  const chart = lastLeft(({ view, parts }) => view === "type" && parts[0] === type);
  return (
    <div class="why" style={{ "--data": colorOfType(type) }}>
      <header class="view-head">
        <div class="head-text">
          <a class="back" href={chart ? linkBackTo(chart) : own} title={name}>
            <Icon name="left" size={16} />
            <span class="clamp">{name}</span>
          </a>
          <h1>{texts.nav.why}</h1>
        </div>
        <div class="period-steps">
          <a class="icon-button" href={linkToDay(-1)} aria-label={texts.why.previous}>
            <Icon name="left" />
          </a>
          <span class="period">{formatDay(day, "weekdayYear")}</span>
          {day < today ? (
            <a class="icon-button" href={linkToDay(1)} aria-label={texts.why.next}>
              <Icon name="right" />
            </a>
          ) : (
            <span class="icon-button" aria-disabled="true">
              <Icon name="right" />
            </span>
          )}
        </div>
      </header>
      {isMissing ? (
        <NothingRecorded />
      ) : (
        <Answered answer={answer} isSticky lines={6}>
          {(explanation) => <Explained explanation={explanation} type={type} />}
        </Answered>
      )}
    </div>
  );
}

function NothingRecorded() {
  return (
    <Empty title={texts.why.empty} icon="types">
      <p>{texts.why.emptyText}</p>
    </Empty>
  );
}

function Explained({ explanation, type }: { explanation: Explanation; type: string }) {
  const measure = isCount(explanation) ? measureOfSamples() : measureOf(type, explanation.unit, units.value);
  const { number, unit } = measure.parts(explanation.value);
  if (explanation.value === null || (explanation.samples === 0 && explanation.sources.length === 0)) {
    return (
      <>
        <NothingRecorded />
        {explanation.left_out.length > 0 && <LeftOut explanation={explanation} measure={measure} />}
      </>
    );
  }
  return (
    <div class="stack">
      <section class="card">
        <p class="big">
          {number}
          {unit && <small> {unit}</small>}
        </p>
        <p>{leadOf(explanation, type, measure)}</p>
        {explanation.stale && <p class="note">{texts.why.stale}</p>}
      </section>
      {explanation.sources.length > 0 && <Sources explanation={explanation} measure={measure} />}
      <div class="why-parts">
        <LeftOut explanation={explanation} measure={measure} />
        <Border explanation={explanation} isNight={type === "sleep"} />
      </div>
    </div>
  );
}
