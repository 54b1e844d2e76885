// Draws what is below the fold after what is above it was painted: many small tasks in place of one long one.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

interface LaterProps {
  /** How many paints to wait for: parts that follow each other count up. */
  after?: number;
  children: () => ComponentChildren;
}

export function Later({ after = 1, children }: LaterProps) {
  const [paints, setPaints] = useState(0);
  useEffect(() => {
    if (paints >= after) return;
    // A hidden window paints nothing: a timer also ends the wait.
    const next = () => setPaints(paints + 1);
    const timer = setTimeout(next, document.visibilityState === "visible" ? 100 : 0);
    const frame = requestAnimationFrame(() => {
      clearTimeout(timer);
      setTimeout(next);
    });
    return () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }, [paints, after]);
  return paints >= after ? children() : null;
}
