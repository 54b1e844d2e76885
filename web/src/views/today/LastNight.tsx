// Last night: how long, from when to when, and a band of its stages.

import type { Overview } from "../../api/shapes.ts";
import { knownZone } from "../../draw/clock.ts";
import { asleepIn, hypnogram, parts } from "../../draw/hypnogram.ts";
import { formatLocalTime, formatTime } from "../../format/dates.ts";
import { formatMinutes } from "../../format/durations.ts";
import { linkTo } from "../../state/address.ts";
import { texts } from "../../texts/first.ts";
import { Card } from "../../ui/Card.tsx";

type NightOf = NonNullable<Overview["night"]>;

const STAGES = ["deep", "core", "rem", "unspecified", "awake"] as const;

export function LastNight({ overview }: { overview: Overview }) {
  const { night } = overview;
  if (!night || night.asleep_min === null) {
    return (
      <Card title={texts.today.night}>
        <p class="muted">{texts.today.noNight}</p>
      </Card>
    );
  }
  const usual = overview.types.find(({ method }) => method === "nights")?.mean_28;
  return (
    <Card title={texts.today.night} aside={<a href={linkTo("sleep", [night.night])}>{texts.today.details}</a>}>
      <p class="big">
        {formatMinutes(night.asleep_min)} <small>{night.partial ? texts.today.asleepSoFar : texts.today.asleep}</small>
      </p>
      <Band night={night} />
      <dl class="stages">
        {STAGES.map((name) => {
          const minutes = night[`${name}_min`];
          if (!minutes) return null;
          return (
            <div key={name}>
              <dt>
                <i class={`swatch ${name}`} />
                {texts.stages[name]}
              </dt>
              <dd>{formatMinutes(minutes)}</dd>
            </div>
          );
        })}
      </dl>
      {typeof usual === "number" && <p class="note usual-sleep">{texts.today.mean(formatMinutes(usual))}</p>}
    </Card>
  );
}

/** The stages from falling asleep to waking. Time in bed is drawn nowhere: it would cover what is below it. */
function Band({ night }: { night: NightOf }) {
  const zone = knownZone(night.zone) ?? "UTC";
  const drawn = hypnogram(night.segments);
  const divided = parts(drawn, night.bedtime, night.wake_time, zone);
  const asleep = divided && asleepIn(drawn, divided.night);
  if (!asleep) return null;
  const length = asleep.to - asleep.from;
  const [start, wake] = [asleep.from, asleep.to].map((at) => formatTime(new Date(at), zone));
  const bedtime = formatLocalTime(night.bedtime);
  return (
    <div class="band">
      <svg viewBox="0 0 1000 40" preserveAspectRatio="none" aria-hidden="true">
        {drawn.blocks
          .filter(({ from, to }) => from >= asleep.from && to <= asleep.to)
          .map(({ from, to, stage }) => (
            <rect
              key={from}
              class={stage === "asleep" ? "unspecified" : stage}
              x={((from - asleep.from) / length) * 1000}
              width={((to - from) / length) * 1000}
              y={stage === "awake" ? 12 : 0}
              height={stage === "awake" ? 16 : 40}
            />
          ))}
      </svg>
      <p class="note">
        <time>{start}</time>
        {night.bedtime && bedtime !== start && <span>{texts.inBedFrom(bedtime)}</span>}
        <time>{wake}</time>
      </p>
    </div>
  );
}
