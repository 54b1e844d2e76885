// Where the day begins and ends, in which zone, and what to do about the order of sources.

import type { Explanation } from "../../api/shapes.ts";
import { formatInstant } from "../../format/dates.ts";
import { formatDuration } from "../../format/durations.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";

const DAY_S = 86_400;

export function Border({ explanation, isNight }: { explanation: Explanation; isNight: boolean }) {
  const { start, end, zone, type, sources } = explanation;
  const seconds = start && end ? (Date.parse(end) - Date.parse(start)) / 1000 : DAY_S;
  return (
    <Card title={isNight ? texts.why.nightBorder : texts.why.border}>
      <p>{texts.why.borderText(formatInstant(start, zone ?? "UTC"), formatInstant(end, zone ?? "UTC"))}</p>
      <p class="note">{zone ? texts.why.zone(zone) : texts.why.noZone}</p>
      {seconds !== DAY_S && <p class="note">{texts.why.length(formatDuration(seconds))}</p>}
      {sources.length > 1 && (
        <details class="how-to">
          <summary>{texts.why.order}</summary>
          <p class="note">
            {texts.why.orderText} <code>{texts.why.orderCommand(type)}</code>
          </p>
        </details>
      )}
    </Card>
  );
}
