// What each source adds, and when it was the one that counts: a lane of the day for each.

import type { Explanation } from "../../api/shapes.ts";
import { formatHour, formatLocalTime } from "../../format/dates.ts";
import { formatMinutes } from "../../format/durations.ts";
import { formatNumber, formatPercent } from "../../format/numbers.ts";
import type { Measure } from "../../format/units.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import { TableBehind } from "../../ui/DataTable.tsx";
import { joinedSpans, lanesOf, type Span, spanOf, ticksOf } from "./lanes.ts";
import { hiddenOf } from "./lead.ts";

type Part = Explanation["sources"][number];

interface PartProps {
  explanation: Explanation;
  measure: Measure;
}

const SPOKEN_MAX = 20;

export function Sources({ explanation, measure }: PartProps) {
  const { sources, stretches } = explanation;
  const lanes = lanesOf(explanation);
  const span = spanOf(explanation, lanes);
  const [first, ...others] = sources;
  const covering = others.filter(({ source, covered_min: covered }) => source !== first?.source && (covered ?? 0) > 0);
  const isLaned = (place: number) => lanes.has(sources[place]?.source ?? "");
  const rows = sources.map((part, place) => (
    <li key={part.source + place} style={{ "--share": shareOf(place) }}>
      <div class="source-head">
        <span class="source-name ellipsis" title={part.source}>
          <i class="swatch" />
          {part.source || texts.noSource}
        </span>
        <span class="numbers">
          <strong>{measure.format(part.value)}</strong>
          {explanation.adds_up && part.value !== null && explanation.value ? (
            <span class="note"> {formatPercent(part.value / explanation.value)}</span>
          ) : null}
        </span>
      </div>
      {span && <Lane lane={lanes.get(part.source) ?? []} span={span} source={part.source} />}
      <p class="note">{factsOf(part, measure)}</p>
    </li>
  ));
  // Two sources may have one name.
  const fillers = [...new Set(covering.map(({ source }) => shortened(source)))];
  return (
    <Card title={texts.why.who}>
      {explanation.adds_up && first && fillers.length > 0 && (
        <p class="note lead">
          {texts.why.first(shortened(first.source))} {texts.why.gaps(fillers.join(", "))}
        </p>
      )}
      {lanes.size > 0 && <ul class="source-parts">{rows.filter((_, place) => isLaned(place))}</ul>}
      {span && lanes.size > 0 && <Axis span={span} />}
      {rows.some((_, place) => !isLaned(place)) && (
        <ul class="source-parts without-lane">{rows.filter((_, place) => !isLaned(place))}</ul>
      )}
      {stretches.length > 0 && (
        <TableBehind
          caption={texts.why.parts}
          rows={stretches}
          keyOf={({ start, end, source, stage }) => `${start} ${end} ${source} ${stage}`}
          columns={[
            { name: texts.why.columns.from, cell: ({ start }) => formatLocalTime(start) },
            { name: texts.why.columns.to, cell: ({ end }) => formatLocalTime(end) },
            { name: texts.why.columns.source, cell: ({ source }) => source },
            ...(stretches.some(({ stage }) => stage !== null)
              ? [{ name: texts.why.columns.stage, cell: ({ stage }: Explanation["stretches"][number]) => stage }]
              : []),
          ]}
        />
      )}
    </Card>
  );
}

const NAME_MAX = 32;
const shortened = (name: string) =>
  name === "" ? texts.noSource : name.length > NAME_MAX ? `${name.slice(0, NAME_MAX - 1)}…` : name;

/** The best source has the full colour, the next ones less. */
const shareOf = (place: number) => `${Math.max(25, 100 - place * 30)}%`;

function factsOf(part: Part, measure: Measure): string {
  const count = part.samples ?? 0;
  const covered = part.covered_min ?? 0;
  const hidden = hiddenOf(part);
  const facts = [
    count > 0 && texts.why.samples(formatNumber(count), count),
    covered >= 1 && texts.why.covered(formatMinutes(covered)),
    hidden > 0 && texts.why.hidden(measure.format(part.recorded), part.value ? measure.format(hidden) : null),
  ];
  return facts.filter(Boolean).join(" · ");
}

const WIDTH = 1000;

function Lane({ lane, span, source }: { lane: readonly Span[]; span: Span; source: string }) {
  if (lane.length === 0) return null;
  const x = (ms: number) => ((ms - span.from) / (span.to - span.from)) * WIDTH;
  const spoken = joinedSpans(lane).slice(0, SPOKEN_MAX);
  const times = spoken.map(({ from, to }) => `${timeOf(from)} – ${timeOf(to)}`).join(", ");
  return (
    <svg
      class="lane"
      viewBox={`0 0 ${WIDTH} 16`}
      preserveAspectRatio="none"
      role="img"
      aria-label={texts.why.timeline(source, times)}
    >
      <rect class="lane-day" width={WIDTH} height="16" />
      {lane.map(({ from, to }) => (
        // A minute of a day is narrower than a pixel: each stretch is seen.
        <rect key={from} x={x(from)} width={Math.max(2.5, x(to) - x(from))} height="16" />
      ))}
    </svg>
  );
}

const timeOf = (ms: number) => formatLocalTime(new Date(ms).toISOString());

function Axis({ span }: { span: Span }) {
  return (
    <div class="lane-axis" aria-hidden="true">
      {ticksOf(span).map((tick) => (
        <span key={tick} style={{ left: `${((tick - span.from) / (span.to - span.from)) * 100}%` }}>
          {formatHour(tick)}
        </span>
      ))}
    </div>
  );
}
