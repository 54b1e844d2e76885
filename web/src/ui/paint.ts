// Work that waits until what is there was painted.

/** A hidden window paints nothing: a timer also ends the wait. */
const PAINT_MS_MAX = 100;

/** Acts in the task after the next paint. Returns how to call it off. */
export function afterPaint(act: () => void): () => void {
  const timer = setTimeout(act, document.visibilityState === "visible" ? PAINT_MS_MAX : 0);
  let task: number | undefined;
  const frame = requestAnimationFrame(() => {
    clearTimeout(timer);
    task = window.setTimeout(act);
  });
  return () => {
    clearTimeout(timer);
    clearTimeout(task);
    cancelAnimationFrame(frame);
  };
}
