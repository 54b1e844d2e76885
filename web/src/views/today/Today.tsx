// Today: four figures, last night, workouts, doses, and all types. It waits for one request.

import { useAnswer } from "../../api/answers.ts";
import type { Overview } from "../../api/shapes.ts";
import { formatAge, formatDay, formatInstant } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { linkTo } from "../../state/address.ts";
import { now, zone } from "../../state/clock.ts";
import { upload } from "../../state/live.ts";
import { texts } from "../../texts/first.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Later } from "../../ui/Later.tsx";
import { Empty } from "../../ui/States.tsx";
import { ChooseFigures } from "./ChooseFigures.tsx";
import { Doses } from "./Doses.tsx";
import { Everything } from "./Everything.tsx";
import { Figures } from "./Figures.tsx";
import { LastNight } from "./LastNight.tsx";
import { overviewQuery } from "./query.ts";
import { RecentWorkouts } from "./RecentWorkouts.tsx";

export default function Today() {
  const answer = useAnswer("/api/v1/overview", overviewQuery());
  return (
    <Answered answer={answer} lines={8}>
      {(overview) => <Shown overview={overview} />}
    </Answered>
  );
}

function Shown({ overview }: { overview: Overview }) {
  const hasData = overview.types.length > 0;
  return (
    <div class="today">
      <header class="view-head">
        <h1>{formatDay(overview.today, "long")}</h1>
        <div class="head-side">
          <Freshness overview={overview} />
          {hasData && <ChooseFigures overview={overview} />}
        </div>
      </header>
      {hasData ? (
        <>
          <Figures overview={overview} />
          <Later>
            {() => (
              <div class="today-parts">
                <div class="stack">
                  <LastNight overview={overview} />
                  <Doses overview={overview} />
                </div>
                <RecentWorkouts overview={overview} />
              </div>
            )}
          </Later>
          <Later after={2}>{() => <Everything overview={overview} />}</Later>
        </>
      ) : (
        <Empty title={texts.today.empty} icon="upload">
          <p>{texts.today.emptyText}</p>
          <a class="button primary" href={linkTo("setup")}>
            {texts.today.emptyLink}
          </a>
        </Empty>
      )}
    </div>
  );
}

/** Uploads under way, or how old the last one is. A day without one is worth a warning. */
function Freshness({ overview }: { overview: Overview }) {
  const news = upload.value;
  if (news) {
    const records = formatNumber(news.records);
    if (news.state === "failed") return <p class="freshness is-bad">{texts.today.uploadFailed}</p>;
    const isDone = news.state === "done";
    return (
      <p class={isDone ? "freshness is-good" : "freshness is-live"} role="status">
        {isDone ? texts.today.uploadDone(records, news.records) : texts.today.uploading(records, news.records)}
      </p>
    );
  }
  const last = overview.last_upload;
  if (!last?.ended) return <p class="freshness">{texts.today.noUpload}</p>;
  const hours = (now.value.getTime() - Date.parse(last.ended)) / 3_600_000;
  const age = formatAge(last.ended, now.value);
  const isImport = last.origin === "import";
  const kind = isImport ? "" : hours > 24 ? "is-warn" : "is-good";
  return (
    <a class={`freshness ${kind}`} href={linkTo("data")} title={formatInstant(last.ended, zone.value)}>
      {isImport ? texts.today.lastImport(age) : texts.today.lastUpload(age)}
      {overview.stale && <span class="muted"> · {texts.today.computing}</span>}
    </a>
  );
}
