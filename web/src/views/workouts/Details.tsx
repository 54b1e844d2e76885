// What else a workout came with: statistics by type, events, metadata. All of it is text of a payload.

import type { Statistic, WorkoutEvent } from "../../draw/effort.ts";
import { formatClock, formatDuration } from "../../format/durations.ts";
import { formatBrief } from "../../format/numbers.ts";
import { nameOfType } from "../../format/types.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import { DataTable } from "../../ui/DataTable.tsx";

interface DetailsProps {
  statistics: readonly Statistic[];
  events: readonly WorkoutEvent[];
  /** Milliseconds since 1970. */
  start: number;
  metadata: unknown;
}

export function Details({ statistics, events, start, metadata }: DetailsProps) {
  const fields = fieldsOf(metadata);
  if (statistics.length + events.length + fields.length === 0) return null;
  return (
    <Card title={texts.workouts.details} class="workout-details">
      {statistics.length > 0 && (
        <Part title={texts.workouts.statistics}>
          <DataTable
            caption={texts.workouts.statistics}
            rows={statistics}
            keyOf={({ identifier }) => identifier}
            columns={[
              { name: texts.workouts.what, cell: ({ identifier }) => nameOfType(identifier) },
              { name: texts.type.total, isNumber: true, cell: ({ sum, unit }) => figure(sum, unit) },
              { name: texts.type.average, isNumber: true, cell: ({ average, unit }) => figure(average, unit) },
              { name: texts.type.lowest, isNumber: true, cell: ({ minimum, unit }) => figure(minimum, unit) },
              { name: texts.type.highest, isNumber: true, cell: ({ maximum, unit }) => figure(maximum, unit) },
            ]}
          />
        </Part>
      )}
      {events.length > 0 && (
        <Part title={texts.workouts.events}>
          <DataTable
            caption={texts.workouts.events}
            rows={events.map((event, place) => ({ ...event, place }))}
            keyOf={({ place }) => place}
            columns={[
              { name: texts.workouts.time, cell: ({ from }) => formatClock((from - start) / 1000) },
              { name: texts.workouts.event, cell: ({ kind }) => texts.workouts.eventKinds[kind] },
              {
                name: texts.workouts.duration,
                isNumber: true,
                cell: ({ from, to }) => (to > from ? formatDuration((to - from) / 1000) : ""),
              },
            ]}
          />
        </Part>
      )}
      {fields.length > 0 && (
        <Part title={texts.workouts.metadata}>
          <dl class="fields">
            {fields.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </Part>
      )}
    </Card>
  );
}

function Part({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return (
    <details class="table-behind">
      <summary>{title}</summary>
      {children}
    </details>
  );
}

function figure(value: number | null, unit: string): string {
  return value === null ? "" : `${formatBrief(value)} ${unit === "count" ? "" : unit}`.trim();
}

/** Fields of metadata as they were sent, as texts. */
function fieldsOf(metadata: unknown): [string, string][] {
  if (typeof metadata !== "object" || metadata === null) return [];
  return Object.entries(metadata).map(([name, value]) => [name, valueText(value)]);
}

function valueText(value: unknown): string {
  if (typeof value === "object" && value !== null && "quantity" in value && "unit" in value) {
    return `${String(value.quantity)} ${String(value.unit)}`;
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
