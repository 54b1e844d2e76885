// The last uploads and imports: what each brought. A line opens to all of its figures.

import { useState } from "preact/hooks";
import { formatAge, formatInstant } from "../../format/dates.ts";
import { formatDuration } from "../../format/durations.ts";
import { formatBytes, formatNumber } from "../../format/numbers.ts";
import { now, zone } from "../../state/clock.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import { Marked } from "../../ui/Marked.tsx";
import { RejectsOf } from "./RejectsOf.tsx";
import type { Status, Upload } from "./Verdict.tsx";

const SHOWN_FIRST = 12;
const SHOWN_MORE = 50;

interface LedgerProps {
  uploads: readonly Upload[];
  /** Tokens have labels. */
  senders: Status["senders"];
}

export function Ledger({ uploads, senders }: LedgerProps) {
  const [count, setCount] = useState(SHOWN_FIRST);
  return (
    <Card title={texts.data.ledger}>
      {uploads.length === 0 ? (
        <p class="note">{texts.data.noUploads}</p>
      ) : (
        <ul class="items">
          {uploads.slice(0, count).map((upload) => (
            <li key={upload.id}>
              <Line upload={upload} from={fromOf(upload, senders)} />
            </li>
          ))}
        </ul>
      )}
      {uploads.length > count && (
        <button type="button" class="link more" onClick={() => setCount(count + SHOWN_MORE)}>
          {texts.data.moreUploads(formatNumber(uploads.length - count))}
        </button>
      )}
    </Card>
  );
}

/** The label of the token, or the file or the address. */
function fromOf({ token_id, sender, origin }: Upload, senders: Status["senders"]): string {
  const label = token_id === null ? null : senders.find((one) => one.token_id === token_id)?.label;
  return label ?? sender ?? texts.data.origins[origin ?? ""] ?? origin ?? "";
}

function Line({ upload, from }: { upload: Upload; from: string }) {
  const { state, finished, started, records, rejected } = upload;
  const isFine = state === "done";
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="upload" onToggle={({ currentTarget: { open } }) => setOpen(open)}>
      <summary class="item">
        <span class="item-what">
          <span class="item-name" title={formatInstant(finished ?? started, zone.value)}>
            {formatAge(finished ?? started, now.value)}
          </span>
          <span class="item-when ellipsis" title={from}>
            {from}
          </span>
        </span>
        <span class="item-figures">
          <span class={isFine ? "item-main" : "item-main bad"}>
            {isFine ? texts.data.records(formatNumber(records), records ?? 0) : stateName(state)}
          </span>
          <span class="item-sub">
            {(rejected ?? 0) > 0 ? (
              <span class="warn">{texts.data.rejectedCount(formatNumber(rejected))}</span>
            ) : (
              newText(upload)
            )}
          </span>
        </span>
      </summary>
      {isOpen && (rejected ?? 0) > 0 && <RejectsOf upload={upload} />}
      <Figures upload={upload} />
    </details>
  );
}

/** A running upload has not counted yet. */
function newText({ state, new: count }: Upload): string {
  if (state !== "done" || count === null) return "";
  return count === 0 ? texts.data.nothingNew : texts.data.newCount(formatNumber(count), count);
}

const stateName = (state: string | null): string => texts.data.states[state ?? ""] ?? state ?? "";

function Figures({ upload }: { upload: Upload }) {
  const duration =
    upload.started && upload.finished ? (Date.parse(upload.finished) - Date.parse(upload.started)) / 1000 : null;
  const range =
    upload.range_start || upload.range_end
      ? `${formatInstant(upload.range_start, zone.value)} – ${formatInstant(upload.range_end, zone.value)}`
      : null;
  const { fields } = texts.data;
  const rows: [string, string | null][] = [
    [fields.state, stateName(upload.state)],
    [fields.error, upload.error],
    [fields.from, upload.sender],
    [fields.finished, upload.finished && formatInstant(upload.finished, zone.value)],
    [fields.took, duration === null ? null : formatDuration(duration)],
    [fields.size, formatBytes(upload.body_bytes)],
    [fields.records, formatNumber(upload.records)],
    [fields.routePoints, formatNumber(upload.route_points)],
    [fields.new, formatNumber(upload.new)],
    [fields.updated, formatNumber(upload.updated)],
    [fields.unchanged, formatNumber(upload.unchanged)],
    [fields.merged, formatNumber(upload.merged)],
    [fields.removed, formatNumber(upload.removed)],
    [fields.rejected, formatNumber(upload.rejected)],
    [fields.exported, upload.exported && formatInstant(upload.exported, zone.value)],
    [fields.range, range],
    [fields.sync, upload.sync_source],
    [fields.number, formatNumber(upload.id)],
  ];
  return (
    <dl class="fields">
      {rows
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Marked text={value ?? ""} />
            </dd>
          </div>
        ))}
    </dl>
  );
}
