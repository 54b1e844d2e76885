// Splits of a kilometre or a mile. The bar is the speed against the fastest one.

import type { SplitRow } from "../../draw/effort.ts";
import { formatClock } from "../../format/durations.ts";
import { formatNumber } from "../../format/numbers.ts";
import { measureOf } from "../../format/units.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import { formatPace, type Pacing } from "./pace.ts";

/** The last part of a kilometre or a mile: the column names the unit. */
const restOf = ({ metres }: SplitRow) => measureOf("distance", "m", units.value).parts(metres).number;

interface SplitsProps {
  splits: readonly SplitRow[];
  pacing: Pacing;
  /** Whether they are of the route alone, which has another length than the workout. */
  areOfRoute: boolean;
}

export function Splits({ splits, pacing, areOfRoute }: SplitsProps) {
  return (
    <Card title={texts.workouts.splits} class="workout-splits">
      <div class="table-scroll">
        <table class="data-table splits">
          <caption class="hidden">{texts.workouts.splits}</caption>
          <thead>
            <tr>
              <th scope="col">{units.value === "us" ? texts.workouts.mile : texts.workouts.kilometer}</th>
              <th scope="col">{pacing.name}</th>
              <th scope="col" class="number">
                {texts.workouts.time}
              </th>
              <th scope="col" class="number">
                {texts.workouts.heartShort}
              </th>
            </tr>
          </thead>
          <tbody>
            {splits.map((split) => (
              <tr key={split.number}>
                <th scope="row">{split.isRest ? restOf(split) : split.number}</th>
                <td class="split-cell">
                  <div class="split-pace">
                    <span
                      class={split.isRest ? "split-bar rest" : "split-bar"}
                      style={{ width: `${split.share * 100}%` }}
                    />
                    <span>{formatPace(pacing, split.metres, split.seconds)}</span>
                  </div>
                </td>
                <td class="number">{formatClock(split.seconds)}</td>
                <td class="number">{formatNumber(split.heartRate)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {areOfRoute && <p class="note sources">{texts.workouts.splitsOfRoute}</p>}
    </Card>
  );
}
