// One night: stages, heart rate, breathing and wrist temperature under one axis, with one cursor.

import { useMemo } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import { Problem } from "../../api/problem.ts";
import type { Night } from "../../api/shapes.ts";
import { knownZone } from "../../draw/clock.ts";
import { asleepIn, hypnogram, parts, type Span } from "../../draw/hypnogram.ts";
import { isStaged, seenAt, stagesOf } from "../../draw/nights.ts";
import { addDays, dayIn } from "../../format/calendar.ts";
import { formatDay, formatLocalTime, formatTime } from "../../format/dates.ts";
import { formatMinutes } from "../../format/durations.ts";
import { formatNumber } from "../../format/numbers.ts";
import { linkTo, personInAddress } from "../../state/address.ts";
import { now, zone } from "../../state/clock.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Back } from "../../ui/Back.tsx";
import { Card } from "../../ui/Card.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Empty } from "../../ui/States.tsx";
import { NightPlots } from "./NightPlots.tsx";
import { marksOf } from "./NightsTable.tsx";
import { StageBar } from "./StageBar.tsx";

export function OneNight({ date }: { date: string }) {
  const answer = useAnswer("/api/v1/nights/{date}", { person: personInAddress.value }, { date });
  const { error, data } = answer.value;
  const isMissing = error instanceof Problem && error.status === 404 && data === undefined;
  return (
    <>
      <Head date={date} />
      {isMissing ? (
        <Empty title={texts.sleep.noNight} icon="sleep">
          <p>{texts.sleep.noNightText}</p>
        </Empty>
      ) : (
        <Answered answer={answer} lines={8}>
          {(night) => <Shown night={night} />}
        </Answered>
      )}
    </>
  );
}

/** From 18:00 on a night may have begun that has tomorrow's date. */
const UNTIL_EVENING_MS = 6 * 3_600_000;
/** A night that is so old is taken for one with later ones. */
const RECENT_DAYS = 30;

function Head({ date }: { date: string }) {
  const last = dayIn(zone.value, new Date(now.value.getTime() + UNTIL_EVENING_MS));
  const isRecent = date >= addDays(last, -RECENT_DAYS);
  const range = { from: addDays(date, 1), to: addDays(last, 1), person: personInAddress.value };
  const later = useAnswer(isRecent && date < last ? "/api/v1/nights" : null, range).value.data?.nights.length ?? 0;
  const isNewest = isRecent && later === 0;
  return (
    <header class="view-head tight">
      <div class="head-text">
        <Back list="sleep" />
        <h1>{formatDay(date, "weekdayYear")}</h1>
      </div>
      <nav class="steps" aria-label={texts.sleep.nightSteps}>
        <a class="icon-button" aria-label={texts.sleep.nightBefore} href={linkTo("sleep", [addDays(date, -1)])}>
          <Icon name="left" />
        </a>
        {isNewest ? (
          <span class="icon-button" aria-disabled="true">
            <Icon name="right" />
          </span>
        ) : (
          <a class="icon-button" aria-label={texts.sleep.nightBehind} href={linkTo("sleep", [addDays(date, 1)])}>
            <Icon name="right" />
          </a>
        )}
      </nav>
    </header>
  );
}

function Shown({ night: sent }: { night: Night }) {
  const zone = knownZone(sent.zone) ?? "UTC";
  const night = seenAt(sent, now.value, zone);
  const drawn = useMemo(() => hypnogram(night.segments), [night.segments]);
  const divided = parts(drawn, night.bedtime, night.wake_time, zone);
  const asleep = divided && asleepIn(drawn, divided.night);
  const bedtime = formatLocalTime(night.bedtime);
  const begin = asleep ? formatTime(new Date(asleep.from), zone) : bedtime;
  const end = asleep ? formatTime(new Date(asleep.to), zone) : formatLocalTime(night.wake_time);
  const sources = [...new Set(night.segments.map(({ source }) => source).filter((source) => source !== null))].map(
    (source) => source || texts.noSource,
  );
  const marks = marksOf(night);
  return (
    <div class="stack">
      <Card class="night-card">
        <div class="readout">
          <span class="readout-value">{formatMinutes(night.asleep_min)}</span>
          <span class="readout-text">
            {texts.sleep.asleepLower}
            {", "}
            {texts.sleep.fromTo(begin, end)}
          </span>
          {night.bedtime && bedtime !== begin && <span class="readout-text muted">{texts.inBedFrom(bedtime)}</span>}
        </div>
        {marks.length > 0 && (
          <ul class="chips">
            {marks.map((mark) => (
              <li key={mark} class="chip">
                {mark}
              </li>
            ))}
          </ul>
        )}
        {divided ? (
          <NightPlots night={drawn} span={divided.night} zone={zone} />
        ) : (
          <p class="note">{texts.sleep.noSegments}</p>
        )}
      </Card>
      <Card title={texts.sleep.inNumbers}>
        <dl class="facts">
          <Fact name={texts.sleep.inBed} value={formatMinutes(night.in_bed_min)} />
          <Fact name={texts.sleep.awakenings} value={formatNumber(night.awakenings)} />
          {divided && divided.naps.length > 0 && <Naps naps={divided.naps} zone={zone} />}
        </dl>
        {isStaged(night) && <StageBar parts={stagesOf(night)} />}
        <p class="note sources">
          {sources.length > 0 && texts.sleep.from(sources.join(", "))} {night.zone && texts.sleep.zone(night.zone)}
        </p>
      </Card>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Naps({ naps, zone }: { naps: readonly Span[]; zone: string }) {
  const time = (at: number) => formatTime(new Date(at), zone);
  return (
    <div>
      <dt>{texts.sleep.naps}</dt>
      {naps.map(({ from, to }) => (
        <dd key={from}>
          {formatMinutes((to - from) / 60_000)}
          <span class="note">{texts.sleep.fromTo(time(from), time(to))}</span>
        </dd>
      ))}
    </div>
  );
}
