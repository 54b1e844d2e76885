// What to type into the app, and whether the first upload has arrived.

import { type ComponentChildren, Fragment } from "preact";
import { useAnswer } from "../../api/answers.ts";
import { sending } from "../../draw/arrival.ts";
import { formatAge } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { linkTo, personInAddress } from "../../state/address.ts";
import { now } from "../../state/clock.ts";
import { upload } from "../../state/live.ts";
import { person, session } from "../../state/session.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Card } from "../../ui/Card.tsx";
import type { Status } from "../data/Verdict.tsx";
import type { ViewProps } from "../registry.ts";
import { type App, appOf, isOpenHttp, noticeOf, tokenCommand } from "./app.ts";
import { CopyButton } from "./CopyButton.tsx";

export default function Setup(_: ViewProps) {
  const status = useAnswer("/api/v1/status", { person: personInAddress.value });
  const app = appOf(session.value, location);
  return (
    <>
      <header class="view-head">
        <h1>{texts.setup.title}</h1>
      </header>
      <div class="stack">
        <Answered answer={status} lines={2}>
          {(state) => <Waiting state={state} />}
        </Answered>
        <Settings app={app} hasArrived={(status.value.data?.senders ?? []).some(({ last_upload }) => last_upload)} />
        <Card title={texts.setup.ifNothing}>
          <ol class="steps-list">
            {texts.setup.hints.map((hint) => (
              <li key={hint}>{hint}</li>
            ))}
          </ol>
        </Card>
      </div>
    </>
  );
}

function Settings({ app, hasArrived }: { app: App; hasArrived: boolean }) {
  const notice = noticeOf(app.url, hasArrived);
  const command = tokenCommand(person.value ?? "me");
  return (
    <Card title={texts.setup.typeIn}>
      {notice && <p class="notice">{texts.setup[notice]}</p>}
      {isOpenHttp(app.url) && <p class="note">{texts.setup.openHttp}</p>}
      <dl class="copy-list">
        <Setting name={texts.setup.baseUrl} value={app.url} />
        <Setting name={texts.setup.path} value={app.path} />
        <Setting name={texts.setup.authentication} value={app.header ?? texts.setup.bearer}>
          {app.header ? texts.setup.customHeader : texts.setup.bearer}
        </Setting>
        <Setting name={texts.setup.key} value="">
          {texts.setup.keyFrom}
        </Setting>
        <Setting name={texts.setup.another} value={command} />
      </dl>
    </Card>
  );
}

interface SettingProps {
  name: string;
  value: string;
  /** In front of the value, or in its place. */
  children?: ComponentChildren;
}

function Setting({ name, value, children }: SettingProps) {
  const isCopied = value !== "" && children !== value;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span>
          {children} {isCopied && <Words text={value} />}
        </span>
        {isCopied && <CopyButton text={value} what={name} />}
      </dd>
    </div>
  );
}

/** Live: the answer is read again with each event of the server. */
function Waiting({ state }: { state: Status }) {
  const news = upload.value;
  const uploads = state.senders.map(({ origin, last_upload }) => ({
    origin,
    state: "done",
    finished: last_upload,
    started: null,
  }));
  const { sending: outcome, last } = sending(uploads, news?.state === "running", now.value.getTime());
  const isWaiting = outcome === "never";
  const line = outcome === "receiving" ? texts.setup.receiving : isWaiting ? texts.setup.waiting : texts.setup.arrived;
  return (
    <Card class="waiting">
      <p class={`verdict-line ${isWaiting ? "muted" : "good"}`} role="status">
        <span class={isWaiting || outcome === "receiving" ? "verdict-dot pulse" : "verdict-dot"} aria-hidden="true" />
        {line}
      </p>
      <p class="verdict-text">
        {news?.state === "running"
          ? texts.today.uploading(formatNumber(news.records), news.records)
          : last === null
            ? texts.setup.waitingText
            : texts.today.lastUpload(formatAge(new Date(last), now.value))}
      </p>
      {!isWaiting && (
        <a class="button" href={linkTo("")}>
          {texts.problems.toToday}
        </a>
      )}
    </Card>
  );
}

/** Lines break between words only: a browser would also break behind the hyphens of a flag. */
function Words({ text }: { text: string }) {
  return (
    <code data-copy>
      {text.split(" ").map((word, place) => (
        <Fragment key={place}>
          {place > 0 && " "}
          <span class="word">{word}</span>
        </Fragment>
      ))}
    </code>
  );
}
