// Who sends: tokens with their labels, uploads without a token, imports.

import { formatAge, formatInstant } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { now, zone } from "../../state/clock.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import type { Status } from "./Verdict.tsx";

type Sender = Status["senders"][number];

export function nameOfSender({ origin, label, token_id }: Pick<Sender, "origin" | "label" | "token_id">): string {
  if (label) return label;
  if (token_id !== null) return texts.data.token(formatNumber(token_id));
  return origin === "import" ? texts.data.imports : texts.data.withoutToken;
}

export function Senders({ senders }: { senders: readonly Sender[] }) {
  return (
    <Card title={texts.data.senders}>
      {senders.length === 0 ? (
        <p class="note">{texts.data.noSenders}</p>
      ) : (
        <ul class="items">
          {senders.map((sender) => (
            <li key={`${sender.origin} ${sender.token_id}`} class="item fixed">
              <span class="item-what">
                <span class="item-name ellipsis" title={nameOfSender(sender)}>
                  {nameOfSender(sender)}
                </span>
                <span class="item-when">{texts.data.uploads(formatNumber(sender.uploads), sender.uploads ?? 0)}</span>
              </span>
              <span class="item-figures">
                <span class="item-main" title={formatInstant(sender.last_upload, zone.value)}>
                  {formatAge(sender.last_upload, now.value)}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
