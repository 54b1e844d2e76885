// Elements that could not be stored, with the reason and the text as it was sent.

import { useState } from "preact/hooks";
import type { AnswerOf } from "../../api/client.ts";
import { formatBytes, formatNumber } from "../../format/numbers.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import { Marked } from "../../ui/Marked.tsx";
import { placeOf } from "./reasons.ts";

type Reject = AnswerOf<"/api/v1/rejects">["rejects"][number];

const RAW_SHOWN_MAX = 2000;
const SHOWN_FIRST = 8;

export function Rejects({ rejects, total }: { rejects: readonly Reject[]; total: number | null }) {
  const [isOpen, setOpen] = useState(false);
  const shown = isOpen ? rejects : rejects.slice(0, SHOWN_FIRST);
  const aside = total !== null && total > 0 ? <span class="note numbers">{formatNumber(total)}</span> : undefined;
  return (
    <Card title={texts.data.rejects} aside={aside}>
      {rejects.length === 0 ? (
        <p class="note">{texts.data.noRejects}</p>
      ) : (
        <ul class="items">
          {shown.map((reject) => (
            <li key={`${reject.upload} ${reject.number}`}>
              <Line reject={reject} />
            </li>
          ))}
        </ul>
      )}
      {rejects.length > shown.length && (
        <button type="button" class="link more" onClick={() => setOpen(true)}>
          {texts.data.moreOfRejects(formatNumber(rejects.length - shown.length))}
        </button>
      )}
      {isOpen && total !== null && total > rejects.length && rejects.length > 0 && (
        <p class="note more">{texts.data.moreRejects(formatNumber(total - rejects.length), total - rejects.length)}</p>
      )}
    </Card>
  );
}

function Line({ reject }: { reject: Reject }) {
  const { reason, upload, offset, raw, raw_bytes } = reject;
  const place = placeOf(reject);
  return (
    <details class="upload">
      <summary class="item">
        <span class="item-what">
          <span class="item-name wrap">
            <Marked text={reason ?? texts.data.noReason} />
          </span>
          <span class="item-when ellipsis" title={place}>
            {place}
          </span>
        </span>
        <span class="item-sub">{texts.data.ofUpload(formatNumber(upload))}</span>
      </summary>
      <p class="note">
        {[offset === null ? "" : texts.data.atByte(formatNumber(offset)), formatBytes(raw_bytes)]
          .filter((part) => part !== "")
          .join(", ")}
      </p>
      <pre class="raw" tabIndex={0} role="region" aria-label={texts.data.raw}>
        {(raw ?? "").slice(0, RAW_SHOWN_MAX)}
        {(raw ?? "").length > RAW_SHOWN_MAX && "…"}
      </pre>
    </details>
  );
}
