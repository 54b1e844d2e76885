// What is usual among the nights that are shown. Times of day are averaged round midnight.

import type { MeanTime } from "../../draw/clock.ts";
import type { Stage } from "../../draw/hypnogram.ts";
import type { Averages as Summary } from "../../draw/nights.ts";
import { formatMinutes } from "../../format/durations.ts";
import { formatNumber, NOTHING } from "../../format/numbers.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import { StageBar } from "./StageBar.tsx";
import { timeText } from "./times.ts";

const ORDER: readonly Stage[] = ["deep", "core", "rem", "asleep", "awake"];

export function Averages({ summary }: { summary: Summary }) {
  const { nights, asleep, inBed, bedtime, waking, naps, stages } = summary;
  const parts = ORDER.flatMap((stage) => {
    const minutes = stages[stage];
    return minutes === null || minutes < 0.5 ? [] : [{ stage, minutes }];
  });
  const aside = <span class="note">{texts.sleep.nights(formatNumber(nights), nights)}</span>;
  return (
    <Card title={texts.sleep.averages} aside={aside}>
      <dl class="facts">
        <Fact name={texts.sleep.asleep} value={formatMinutes(asleep)} />
        <Fact name={texts.sleep.inBed} value={formatMinutes(inBed)} />
        <Fact name={texts.sleep.bedtime} value={timeOf(bedtime)} note={spreadOf(bedtime)} />
        <Fact name={texts.sleep.waking} value={timeOf(waking)} note={spreadOf(waking)} />
        <Fact name={texts.sleep.napsInAll} value={formatNumber(naps)} />
      </dl>
      {parts.some(({ stage }) => stage !== "asleep" && stage !== "awake") && <StageBar parts={parts} />}
    </Card>
  );
}

function Fact({ name, value, note }: { name: string; value: string; note?: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {note && <span class="note">{note}</span>}
      </dd>
    </div>
  );
}

const timeOf = (time: MeanTime | null) => (time ? timeText(time.minutes) : NOTHING);

/** One night has no spread. */
const spreadOf = (time: MeanTime | null) =>
  time && time.count > 1 ? texts.sleep.spread(formatMinutes(time.spread)) : undefined;
