// Last night: how long, from when to when, and a band of its stages.

import type { Overview, Segment } from "../../api/shapes.ts";
import { formatLocalTime, formatTime } from "../../format/dates.ts";
import { formatMinutes } from "../../format/durations.ts";
import { linkTo } from "../../state/address.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";

type NightOf = NonNullable<Overview["night"]>;

const STAGES = [
  ["asleepDeep", "deep"],
  ["asleepCore", "core"],
  ["asleepREM", "rem"],
  ["asleepUnspecified", "unspecified"],
  ["awake", "awake"],
] as const;

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
        {formatMinutes(night.asleep_min)} <small>{texts.today.asleep}</small>
      </p>
      <Band night={night} />
      <dl class="stages">
        {STAGES.map(([, name]) => {
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

interface Piece {
  name: string;
  from: number;
  length: number;
}

function Band({ night }: { night: NightOf }) {
  const pieces = piecesOf(night.segments);
  const first = pieces[0]?.from ?? 0;
  const end = Math.max(...pieces.map(({ from, length }) => from + length));
  const length = end - first || 1;
  const start = night.bedtime ? formatLocalTime(night.bedtime) : formatTime(new Date(first), night.zone);
  const wake = night.wake_time ? formatLocalTime(night.wake_time) : formatTime(new Date(end), night.zone);
  if (pieces.length === 0) return null;
  return (
    <div class="band">
      <svg viewBox="0 0 1000 40" preserveAspectRatio="none" aria-hidden="true">
        {pieces.map((piece) => (
          <rect
            key={piece.from}
            class={piece.name}
            x={((piece.from - first) / length) * 1000}
            width={(piece.length / length) * 1000}
            y={piece.name === "awake" ? 12 : 0}
            height={piece.name === "awake" ? 16 : 40}
          />
        ))}
      </svg>
      <p class="note">
        <time>{start}</time>
        <time>{wake}</time>
      </p>
    </div>
  );
}

/** Stages in order of time. Time in bed is drawn nowhere: it would cover what is below it. */
function piecesOf(segments: readonly Segment[]): Piece[] {
  const pieces: Piece[] = [];
  for (const { start, end, stage } of segments) {
    const name = STAGES.find(([known]) => known === stage)?.[1];
    if (!name || !start || !end) continue;
    const from = Date.parse(start);
    pieces.push({ name, from, length: Date.parse(end) - from });
  }
  return pieces.sort((one, other) => one.from - other.from);
}
