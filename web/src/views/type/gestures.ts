// Zooming and moving a chart by touch, wheel and keys: uPlot itself only knows the mouse.

import type uPlot from "uplot";

export interface Span {
  min: number;
  max: number;
}

interface Gestures {
  /** Of each point; null where there is none. */
  values: readonly (number | null)[];
  /** The whole period: nothing is shown beyond it. */
  limits: Span;
  commit: (span: Span) => void;
  reset: () => void;
}

/** The span in which two values are under two fingers. */
export function pinched(values: [number, number], places: [number, number], width: number): Span | null {
  const pixels = places[1] - places[0];
  const perPixel = (values[1] - values[0]) / pixels;
  if (!Number.isFinite(perPixel) || perPixel <= 0) return null;
  const min = values[0] - places[0] * perPixel;
  return { min, max: min + width * perPixel };
}

/** Cut to the limits: a span that is moved keeps its length. */
export function clamped({ min, max }: Span, limits: Span): Span {
  const length = Math.min(max - min, limits.max - limits.min);
  const start = Math.min(Math.max(min, limits.min), limits.max - length);
  return { min: start, max: start + length };
}

/** The next place with a value in a direction; the one that it begins at if there is none. */
export function nextPlace(values: readonly (number | null)[], place: number, step: 1 | -1): number {
  for (let next = place + step; next >= 0 && next < values.length; next += step) {
    if (typeof values[next] === "number") return next;
  }
  return place;
}

const covers = (span: Span, limits: Span) => (span.max - span.min) / (limits.max - limits.min) > 0.99;

/** Follows pointers on a chart until the returned function is called. */
export function followGestures(chart: uPlot, { limits, commit, reset }: Gestures): () => void {
  const over = chart.over;
  const fingers = new Map<number, number>();
  let held: [number, number] | null = null;
  let changed: Span | null = null;
  let wheelTimer = 0;

  const placeOf = (event: PointerEvent | WheelEvent) => event.clientX - over.getBoundingClientRect().left;
  const valueAt = (place: number) => chart.posToVal(place, "x");
  const show = (span: Span) => {
    changed = clamped(span, limits);
    chart.setScale("x", changed);
  };
  const finish = () => {
    if (!changed) return;
    const span = changed;
    changed = null;
    if (covers(span, limits)) reset();
    else commit(span);
  };
  const places = () => [...fingers.values()].sort((one, other) => one - other) as [number, number];

  const down = (event: PointerEvent) => {
    if (event.pointerType === "mouse") return;
    fingers.set(event.pointerId, placeOf(event));
    const [left, right] = places();
    held = fingers.size === 2 ? [valueAt(left), valueAt(right)] : null;
    if (fingers.size === 1) chart.setCursor({ left, top: 10 });
  };
  const move = (event: PointerEvent) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, placeOf(event));
    if (held && fingers.size === 2) {
      const span = pinched(held, places(), over.clientWidth);
      if (span) show(span);
    } else if (fingers.size === 1) {
      chart.setCursor({ left: placeOf(event), top: 10 });
    }
  };
  const up = (event: PointerEvent) => {
    if (!fingers.delete(event.pointerId)) return;
    held = null;
    if (fingers.size === 0) finish();
  };
  // A pinch on a trackpad is a wheel with the control key.
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const { min = limits.min, max = limits.max } = chart.scales.x ?? {};
    const [center, factor] = [valueAt(placeOf(event)), Math.exp(event.deltaY * 0.01)];
    show({ min: center - (center - (min ?? 0)) * factor, max: center + ((max ?? 0) - center) * factor });
    clearTimeout(wheelTimer);
    wheelTimer = window.setTimeout(finish, 250);
  };
  over.addEventListener("pointerdown", down);
  over.addEventListener("wheel", wheel, { passive: false });
  over.addEventListener("dblclick", reset);
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", up);
  window.addEventListener("pointercancel", up);
  return () => {
    clearTimeout(wheelTimer);
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", up);
    window.removeEventListener("pointercancel", up);
  };
}

/** What a key does to a chart: another value, a closer or wider look, or the whole period. Returns whether it did something. */
export function onChartKey(event: KeyboardEvent, chart: uPlot, { values, limits, commit, reset }: Gestures): boolean {
  const xs = chart.data[0];
  const { min, max } = chart.scales.x ?? {};
  if (typeof min !== "number" || typeof max !== "number" || xs.length === 0) return false;
  // Without a chosen one, the last value is shown.
  const index = chart.cursor.idx ?? nextPlace(values, values.length, -1);
  const goTo = (from: number, step: 1 | -1) => {
    chart.setCursor({ left: chart.valToPos(xs[nextPlace(values, from, step)] ?? 0, "x"), top: 10 });
  };
  const zoom = (factor: number) => {
    const center = xs[index] ?? (min + max) / 2;
    const span = clamped(
      { min: center - ((max - min) / 2) * factor, max: center + ((max - min) / 2) * factor },
      limits,
    );
    if (covers(span, limits)) reset();
    else commit(span);
  };
  const acts: Record<string, () => void> = {
    ArrowLeft: () => goTo(index, -1),
    ArrowRight: () => goTo(index, 1),
    Home: () => goTo(-1, 1),
    End: () => goTo(xs.length, -1),
    "+": () => zoom(0.5),
    "=": () => zoom(0.5),
    "-": () => zoom(2),
    Escape: reset,
  };
  const act = Object.hasOwn(acts, event.key) ? acts[event.key] : undefined;
  if (!act) return false;
  event.preventDefault();
  act();
  return true;
}
