// Minutes of stages as parts of one bar, with their names, lengths and shares.

import type { Stage } from "../../draw/hypnogram.ts";
import { formatMinutes } from "../../format/durations.ts";
import { formatPercent } from "../../format/numbers.ts";
import { classOfStage, nameOfStage } from "./stages.ts";

export function StageBar({ parts }: { parts: readonly { stage: Stage; minutes: number }[] }) {
  const total = parts.reduce((sum, { minutes }) => sum + minutes, 0);
  // The shares are those of sleep, and being awake is none.
  const asleep = parts.reduce((sum, { stage, minutes }) => sum + (stage === "awake" ? 0 : minutes), 0);
  if (total <= 0) return null;
  return (
    <>
      <div class="stage-bar" aria-hidden="true">
        {parts.map(({ stage, minutes }) => (
          <span key={stage} class={classOfStage(stage)} style={{ width: `${(minutes / total) * 100}%` }} />
        ))}
      </div>
      <dl class="stage-list">
        {parts.map(({ stage, minutes }) => (
          <div key={stage}>
            <dt>
              <span class={`swatch ${classOfStage(stage)}`} />
              {nameOfStage(stage)}
            </dt>
            <dd>
              {formatMinutes(minutes)}
              <span class="muted share">{stage === "awake" ? "" : formatPercent(minutes / asleep)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
