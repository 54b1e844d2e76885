// Types that came regularly and no longer do. A source that is silent looks like a life without events.

import type { TypeRow } from "../../api/shapes.ts";
import { stoppedTypes } from "../../draw/arrival.ts";
import { formatInstant } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { nameOfType } from "../../format/types.ts";
import { linkTo } from "../../state/address.ts";
import { now, zone } from "../../state/clock.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";

export function StoppedTypes({ types }: { types: readonly TypeRow[] }) {
  if (types.length === 0) return null;
  const stopped = stoppedTypes(types, now.value.getTime());
  return (
    <Card title={texts.data.stopped}>
      {stopped.length === 0 ? (
        <p class="note">{texts.data.noneStopped}</p>
      ) : (
        <ul class="items">
          {stopped.map(({ type, last, silentDays, usualDays }) => (
            <li key={type}>
              <a class="item" href={linkTo("type", [type])}>
                <span class="item-what">
                  <span class="item-name ellipsis" title={nameOfType(type)}>
                    {nameOfType(type)}
                  </span>
                  <span class="item-when">{texts.data.lastSample(formatInstant(last, zone.value))}</span>
                </span>
                <span class="item-figures">
                  <span class="item-main warn">
                    {texts.data.silent(formatNumber(silentDays), Math.round(silentDays))}
                  </span>
                  <span class="item-sub">{texts.data.usualDays(formatNumber(usualDays), Math.round(usualDays))}</span>
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
