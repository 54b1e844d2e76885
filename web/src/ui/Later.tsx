// Draws what is below the fold after what is above it was painted: many small tasks in place of one long one.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { afterPaint } from "./paint.ts";

interface LaterProps {
  /** How many paints to wait for: parts that follow each other count up. */
  after?: number;
  children: () => ComponentChildren;
}

export function Later({ after = 1, children }: LaterProps) {
  return usePainted(after) ? children() : null;
}

/** Whether the window was painted so many times since the component is there. */
export function usePainted(after = 1): boolean {
  const [paints, setPaints] = useState(0);
  useEffect(() => {
    if (paints < after) return afterPaint(() => setPaints(paints + 1));
  }, [paints, after]);
  return paints >= after;
}
