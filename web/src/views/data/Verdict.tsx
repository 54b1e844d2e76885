// "Is the phone still sending?", answered at first glance, with the days of the last two weeks.

import type { AnswerOf } from "../../api/client.ts";
import { perDay, type Sending, sending } from "../../draw/arrival.ts";
import { datesBetween } from "../../draw/clock.ts";
import { addDays, dayIn } from "../../format/calendar.ts";
import { formatAge, formatDay } from "../../format/dates.ts";
import { formatDuration } from "../../format/durations.ts";
import { formatNumber } from "../../format/numbers.ts";
import { linkTo } from "../../state/address.ts";
import { now, today, zone } from "../../state/clock.ts";
import { upload } from "../../state/live.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";

export type Status = AnswerOf<"/api/v1/status">;
export type Upload = AnswerOf<"/api/v1/uploads">["uploads"][number];

const MARK: Record<Sending, string> = {
  receiving: "good",
  sending: "good",
  late: "warn",
  stopped: "bad",
  never: "muted",
};

interface VerdictProps {
  state: Status;
  uploads: readonly Upload[];
  /** The first day that the uploads are of. */
  from: string;
}

export function Verdict({ state, uploads, from }: VerdictProps) {
  const isUploading = upload.value?.state === "running" || (state.running ?? 0) > 0;
  // The last upload may be older than the list.
  const known = state.senders.map(({ origin, last_upload }) => ({
    origin,
    state: "done",
    finished: last_upload,
    started: null,
  }));
  const verdict = sending(uploads.length > 0 ? uploads : known, isUploading, now.value.getTime());
  const last = verdict.last === null ? lastOf(known) : verdict.last;
  const outcome = verdict.sending === "never" && last !== null ? "stopped" : verdict.sending;
  const age = last === null ? "" : formatAge(new Date(last), now.value);
  const usual = verdict.usualMs === null ? null : formatDuration(verdict.usualMs / 1000);
  const hasImports = state.senders.some(({ origin }) => origin === "import");
  return (
    <Card class="verdict">
      <p class={`verdict-line ${MARK[outcome]}`} role="status">
        <span class="verdict-dot" aria-hidden="true" />
        {texts.data.verdicts[outcome]}
      </p>
      <p class="verdict-text">
        {outcome === "never"
          ? hasImports
            ? texts.data.onlyImports
            : texts.data.neverText
          : [texts.today.lastUpload(age), usual && texts.data.usually(usual)].filter(Boolean).join(" · ")}
      </p>
      {upload.value?.state === "running" && (
        <p class="verdict-text">{texts.today.uploading(formatNumber(upload.value.records), upload.value.records)}</p>
      )}
      {outcome !== "never" && <DayStrip uploads={uploads} from={from} />}
      {(outcome === "late" || outcome === "stopped") && <p class="note">{texts.data.whatToDo}</p>}
      {(outcome === "never" || outcome === "stopped") && (
        <a class="button" href={linkTo("setup")}>
          {texts.menu.setup}
        </a>
      )}
    </Card>
  );
}

function lastOf(known: readonly { origin: string | null; finished: string | null }[]): number | null {
  const times = known
    .filter(({ origin }) => origin !== "import")
    .map(({ finished }) => Date.parse(finished ?? ""))
    .filter((time) => !Number.isNaN(time));
  return times.length === 0 ? null : Math.max(...times);
}

/** Records of each day. A day without an upload is an empty place. */
function DayStrip({ uploads, from }: { uploads: readonly Upload[]; from: string }) {
  const days = perDay(uploads, (instant) => dayIn(zone.value, new Date(instant)));
  const dates = datesBetween(from, addDays(today.value, 1));
  const most = Math.max(1, ...[...days.values()].map(({ records }) => records));
  return (
    <>
      <p class="note strip-name" id="strip-name">
        {texts.data.strip}
      </p>
      <ol class="day-strip" aria-labelledby="strip-name">
        {dates.map((date) => {
          const day = days.get(date);
          const text = day
            ? texts.data.dayText(formatNumber(day.uploads), day.uploads, formatNumber(day.records), day.records)
            : texts.data.dayWithout;
          // Many records one day must not hide a few of another: the root is drawn.
          const height = day ? Math.max(12, Math.sqrt(day.records / most) * 100) : 0;
          return (
            <li key={date} title={`${formatDay(date, "weekday")}: ${text}`}>
              <span class="hidden">{`${formatDay(date, "weekday")}: ${text}`}</span>
              <span class={day ? "day-bar" : "day-bar none"} style={{ height: `${height}%` }} aria-hidden="true" />
              <span class="day-name" aria-hidden="true">
                {Number(date.slice(8))}
              </span>
            </li>
          );
        })}
      </ol>
    </>
  );
}
