// Stages on lanes over the time of a night.

import type { Block, Hypnogram, Stage } from "../../draw/hypnogram.ts";
import { formatTime } from "../../format/dates.ts";
import { type Axis, LEFT, RIGHT, xOf } from "../../plot/axis.ts";
import { type Cursor, CursorLine, TimeLines } from "../../plot/Stack.tsx";
import { texts } from "../../texts.ts";
import { classOfStage, nameOfStage } from "./stages.ts";

const LANE = 34;
const BLOCK = 22;
/** The lane of the time in bed. */
const BED = 24;
/** Blocks with a longer gap between them are not joined. */
const JOIN_MS = 90_000;

export function stageAt({ blocks }: Hypnogram, at: number): Stage | null {
  return blocks.find(({ from, to }) => at >= from && at < to)?.stage ?? null;
}

interface HypnogramPlotProps {
  night: Hypnogram;
  axis: Axis;
  cursor: Cursor;
  zone: string;
}

export function HypnogramPlot({ night, axis, cursor, zone }: HypnogramPlotProps) {
  const { lanes, blocks, inBed } = night;
  const top = inBed.length > 0 ? BED : 0;
  const height = top + lanes.length * LANE;
  const yOf = (stage: Stage) => top + lanes.indexOf(stage) * LANE + (LANE - BLOCK) / 2;
  const within = ({ from, to }: { from: number; to: number }) => to > axis.from && from < axis.to;
  return (
    <figure class="plot">
      <figcaption class="plot-head">
        <span class="plot-name">{texts.sleep.stages}</span>
        <Readout night={night} cursor={cursor} zone={zone} />
      </figcaption>
      {axis.width > 0 && (
        <svg width={axis.width} height={height} aria-hidden="true">
          <TimeLines axis={axis} height={height} />
          {lanes.map((stage) => (
            <g key={stage}>
              <line
                class="plot-rule"
                x1={LEFT}
                x2={axis.width - RIGHT}
                y1={yOf(stage) + BLOCK / 2}
                y2={yOf(stage) + BLOCK / 2}
              />
              <text class="plot-label" x={LEFT - 8} y={yOf(stage) + BLOCK / 2 + 4} text-anchor="end">
                {nameOfStage(stage)}
              </text>
            </g>
          ))}
          {inBed.length > 0 && (
            <text class="plot-label" x={LEFT - 8} y={BED / 2 + 4} text-anchor="end">
              {texts.sleep.inBed}
            </text>
          )}
          {inBed.filter(within).map((span) => (
            <rect
              key={span.from}
              class="plot-bed"
              x={Math.max(LEFT, xOf(axis, span.from))}
              y={BED / 2 - 2}
              width={Math.max(
                1,
                Math.min(axis.width - RIGHT, xOf(axis, span.to)) - Math.max(LEFT, xOf(axis, span.from)),
              )}
              height={4}
              rx={2}
            />
          ))}
          <path class="plot-joints" d={joints(blocks.filter(within), axis, yOf)} />
          {blocks.filter(within).map((block) => (
            <rect
              key={block.from}
              class={classOfStage(block.stage)}
              x={xOf(axis, block.from)}
              y={yOf(block.stage)}
              width={Math.max(1.5, xOf(axis, block.to) - xOf(axis, block.from))}
              height={BLOCK}
              rx={Math.min(4, Math.max(0.75, (xOf(axis, block.to) - xOf(axis, block.from)) / 3))}
            />
          ))}
          <CursorLine axis={axis} cursor={cursor} height={height} />
        </svg>
      )}
    </figure>
  );
}

/** Lines from each stage to the next one. */
function joints(blocks: readonly Block[], axis: Axis, yOf: (stage: Stage) => number): string {
  return blocks
    .slice(1)
    .flatMap((block, place) => {
      const before = blocks[place];
      if (!before || before.stage === block.stage || block.from - before.to > JOIN_MS) return [];
      const x = xOf(axis, block.from).toFixed(1);
      return [`M${x} ${yOf(before.stage) + BLOCK / 2}V${yOf(block.stage) + BLOCK / 2}`];
    })
    .join("");
}

function Readout({ night, cursor, zone }: { night: Hypnogram; cursor: Cursor; zone: string }) {
  if (cursor.value === null) return <span class="plot-readout" />;
  const stage = stageAt(night, cursor.value);
  const time = formatTime(new Date(cursor.value), zone);
  return <span class="plot-readout now">{stage ? `${nameOfStage(stage)} · ${time}` : time}</span>;
}
