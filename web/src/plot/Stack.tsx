// Plots under one another with one axis of time and one cursor: pointer, touch and arrow keys move it in all of them.

import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { texts } from "../texts.ts";
import { type Axis, timeOf, xOf } from "./axis.ts";

export type Cursor = Signal<number | null>;

interface StackProps {
  axis: Axis;
  cursor: Cursor;
  /** What screen readers hear of a time: "07:42, 132 bpm". */
  describe: (at: number) => string;
  children: ComponentChildren;
}

/** Steps of the arrow keys over the whole axis. */
const KEY_STEPS = 120;

export function Stack({ axis, cursor, describe, children }: StackProps) {
  const box = useRef<HTMLDivElement>(null);
  const follow = (event: PointerEvent) => {
    const left = box.current?.getBoundingClientRect().left ?? 0;
    cursor.value = timeOf(axis, event.clientX - left);
  };
  const leave = (event: PointerEvent) => {
    if (event.pointerType === "mouse") cursor.value = null;
  };
  return (
    <div class="plots">
      <div class="plots-box" ref={box} onPointerMove={follow} onPointerDown={follow} onPointerLeave={leave}>
        {children}
        <TimeAxis axis={axis} />
      </div>
      <Slider axis={axis} cursor={cursor} describe={describe} />
    </div>
  );
}

/** The cursor for the keyboard and for screen readers. */
function Slider({ axis, cursor, describe }: Omit<StackProps, "children">) {
  const at = cursor.value;
  const step = Math.max(1, Math.round((axis.to - axis.from) / KEY_STEPS));
  return (
    <input
      class="plots-slider"
      type="range"
      aria-label={texts.plot.cursor}
      aria-valuetext={at === null ? texts.plot.noCursor : describe(at)}
      min={axis.from}
      max={axis.to}
      step={step}
      value={at ?? axis.from}
      onInput={(event) => {
        cursor.value = Number(event.currentTarget.value);
      }}
      onBlur={() => {
        cursor.value = null;
      }}
    />
  );
}

function TimeAxis({ axis }: { axis: Axis }) {
  if (axis.width <= 0) return null;
  return (
    <svg class="plot-axis" width={axis.width} height={22} aria-hidden="true">
      {axis.ticks.map(({ at, text }) => (
        <text key={at} x={xOf(axis, at)} y={15} text-anchor="middle">
          {text}
        </text>
      ))}
    </svg>
  );
}

/** The cursor's line in one plot. Only this is drawn again when it moves. */
export function CursorLine({ axis, cursor, height }: { axis: Axis; cursor: Cursor; height: number }) {
  if (cursor.value === null) return null;
  const x = xOf(axis, cursor.value);
  return <line class="plot-cursor" x1={x} x2={x} y1={0} y2={height} />;
}

export function useCursor(): Cursor {
  return useSignal<number | null>(null);
}

/** The lines of the time axis behind a plot. */
export function TimeLines({ axis, height }: { axis: Axis; height: number }) {
  return (
    <g class="plot-grid">
      {axis.ticks.map(({ at }) => (
        <line key={at} x1={xOf(axis, at)} x2={xOf(axis, at)} y1={0} y2={height} />
      ))}
    </g>
  );
}
