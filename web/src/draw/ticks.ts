// Where an axis has its lines: round numbers, whole hours, round coordinates.

/** Returns the least step of 1, 2 or 5 times a power of ten that makes at most `count` steps of `extent`. */
export function roundStep(extent: number, count: number): number {
  const rough = extent / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10;
  return step * power;
}

/** Returns the least of some steps that makes at most `count` steps of `extent`. */
export function stepOf(steps: readonly number[], extent: number, count: number): number {
  return steps.find((step) => extent / step <= count) ?? steps.at(-1) ?? 1;
}

/** Returns the multiples of a step from `from` to `to`. */
export function multiples(from: number, to: number, step: number): number[] {
  const ticks: number[] = [];
  const [first, last] = [Math.ceil(from / step - 1e-9), Math.floor(to / step + 1e-9)];
  // Adding up steps would add up their errors also.
  for (let place = first; place <= last && ticks.length < 1000; place += 1) ticks.push(place * step || 0);
  return ticks;
}

/** Makes steps of an extent, of which there are at most so many. */
export type Steps = (extent: number, count: number) => number;

/** Returns round values between two values. */
export function valueTicks(from: number, to: number, count: number, step: Steps = roundStep): number[] {
  return multiples(from, to, step(to - from, count));
}

/** Returns a range of round values that holds all values; a little more than nothing if they are equal. */
export function niceRange(
  least: number,
  greatest: number,
  count: number,
  stepFor: Steps = roundStep,
): [number, number] {
  if (!Number.isFinite(least) || !Number.isFinite(greatest)) return [0, 1];
  // Values that hardly differ are not made to look as if they did.
  const spread = Math.max(greatest - least, Math.abs(greatest) * 0.02) || 1;
  const step = stepFor(spread, count);
  const [from, to] = [Math.floor(least / step) * step, Math.ceil(greatest / step) * step];
  return from === to ? [from - step, to + step] : [from, to];
}

const CLOCK_STEPS_MIN = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440];

/** Returns the minutes of whole steps of a clock between two times. */
export function clockTicks(fromMin: number, toMin: number, count: number): number[] {
  return multiples(fromMin, toMin, stepOf(CLOCK_STEPS_MIN, toMin - fromMin, count));
}

const PACE_STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600];

/** Steps of minutes and seconds, of which a pace is made. */
export const paceStep: Steps = (extent, count) => stepOf(PACE_STEPS_S, extent, count);

const DURATION_STEPS_S = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];

/** Returns the seconds of whole steps of a duration. */
export function durationTicks(seconds: number, count: number): number[] {
  return multiples(0, seconds, stepOf(DURATION_STEPS_S, seconds, count));
}

/** Returns every n-th place, so that at most `count` labels remain; counted from the last one, which is the present. */
export function sparse(length: number, count: number): number[] {
  const step = Math.max(1, Math.ceil(length / Math.max(1, count)));
  const places: number[] = [];
  for (let place = length - 1; place >= 0; place -= step) places.unshift(place);
  return places;
}

/** Returns the place of the value that is nearest among ascending values; -1 without any. */
export function nearest(values: readonly number[], value: number): number {
  let [low, high] = [0, values.length - 1];
  if (high < 0) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  const [before, behind] = [values[low - 1], values[low] ?? 0];
  return before !== undefined && value - before < behind - value ? low - 1 : low;
}
