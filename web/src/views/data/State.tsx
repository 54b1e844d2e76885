// The state of the database and of the figures that are computed from it.

import { formatBytes, formatNumber } from "../../format/numbers.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import type { Status } from "./Verdict.tsx";

export function State({ state }: { state: Status }) {
  const behind = (state.change ?? 0) - (state.figures_change ?? 0);
  const figures =
    state.stale || behind > 0 ? texts.data.computing(formatNumber(Math.max(behind, 1))) : texts.data.current;
  const { state: names } = texts.data;
  const facts: [string, string][] = [
    [names.figures, figures],
    [names.size, formatBytes(state.database_bytes)],
    [names.types, formatNumber(state.types)],
    [names.workouts, formatNumber(state.workouts)],
    [names.uploads, formatNumber(state.uploads)],
    [names.rejects, formatNumber(state.rejects)],
    [names.version, state.version],
    [names.schema, formatNumber(state.schema)],
  ];
  return (
    <Card title={names.title}>
      <dl class="facts server-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
