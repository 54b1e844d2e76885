// The time in zones of heart rates, as bars of one ramp of lightness.

import type { ZoneRow } from "../../draw/effort.ts";
import { formatDuration } from "../../format/durations.ts";
import { formatNumber, formatPercent } from "../../format/numbers.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";

/** Less than this share of the workout is worth a word. */
const MEASURED_SHARE = 0.9;

interface ZonesProps {
  zones: readonly ZoneRow[];
  highest: number | null;
  /** How long the workout was, in seconds. */
  whole: number | null;
}

export function Zones({ zones, highest, whole }: ZonesProps) {
  const measured = zones.reduce((sum, { seconds }) => sum + seconds, 0);
  const isSparse = whole !== null && measured < whole * MEASURED_SHARE;
  const most = Math.max(...zones.map(({ share }) => share));
  return (
    <Card title={texts.workouts.zones} class="workout-zones">
      <dl class="zones">
        {[...zones].reverse().map(({ zone, from, to, seconds, share }) => (
          <div key={zone}>
            <dt>
              {texts.workouts.zone(zone)}
              <span class="note">{rangeOf(from, to)}</span>
            </dt>
            <dd>
              <span class="zone-track" aria-hidden="true">
                <span class={`zone-${zone}`} style={{ width: `${(share / most) * 100}%` }} />
              </span>
              <span class="zone-time">{formatDuration(seconds)}</span>
              <span class="zone-share muted">{formatPercent(share)}</span>
            </dd>
          </div>
        ))}
      </dl>
      {isSparse && (
        <p class="note sources">{texts.workouts.measured(formatDuration(measured), formatDuration(whole))}</p>
      )}
      {highest !== null && <p class="note sources">{texts.workouts.zonesOf(formatNumber(highest))}</p>}
    </Card>
  );
}

function rangeOf(from: number, to: number | null): string {
  const least = formatNumber(Math.round(from));
  return to === null ? texts.workouts.fromOn(least) : texts.workouts.between(least, formatNumber(Math.round(to) - 1));
}
