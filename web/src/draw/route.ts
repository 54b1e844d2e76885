// A route on a map without tiles: projected to pixels, on a graticule, with a scale, coloured by a value.

import { multiples, roundStep } from "./ticks.ts";
import type { Point } from "./track.ts";

/** Steps of lightness that colours have. */
export const RAMP_STEPS = 7;

export interface GridLine {
  /** Pixels from the left or from the top. */
  at: number;
  degrees: number;
}

export interface Sketch {
  width: number;
  height: number;
  /** The place of each point, in pixels. */
  x: Float64Array;
  y: Float64Array;
  meridians: GridLine[];
  parallels: GridLine[];
  /** Decimals that labels of the graticule need. */
  decimals: number;
  metresPerPixel: number;
}

const RADIAN = Math.PI / 180;
const METRES_PER_DEGREE = 111_195.08;
/** A route that stands still still has a map of this size. */
const LEAST_METRES = 100;

/** Returns the longitudes so that neighbours are never more than half the world apart: a route may cross the date line. */
export function unwrapped(longitudes: readonly number[]): number[] {
  let turns = 0;
  return longitudes.map((longitude, place) => {
    const step = longitude - (longitudes[place - 1] ?? longitude);
    if (step > 180) turns -= 360;
    else if (step < -180) turns += 360;
    return longitude + turns;
  });
}

function extent(values: readonly number[]): [number, number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}

/** Puts a route into a picture of some size, north up. Null without points. */
export function sketch(points: readonly Point[], width: number, height: number, padding: number): Sketch | null {
  if (points.length === 0) return null;
  const longitudes = unwrapped(points.map(({ longitude }) => longitude));
  const latitudes = points.map(({ latitude }) => latitude);
  const [west, east] = extent(longitudes);
  const [south, north] = extent(latitudes);
  const [longitude, latitude] = [(west + east) / 2, (south + north) / 2];
  // At a pole degrees of longitude have no length.
  const shrink = Math.max(0.01, Math.cos(latitude * RADIAN));
  const [spanX, spanY] = [(east - west) * shrink, north - south].map((degrees) =>
    Math.max(degrees * METRES_PER_DEGREE, LEAST_METRES),
  );
  const metresPerPixel = Math.max(
    (spanX ?? 1) / Math.max(1, width - 2 * padding),
    (spanY ?? 1) / Math.max(1, height - 2 * padding),
  );
  const perDegree = METRES_PER_DEGREE / metresPerPixel;
  const toX = (degrees: number) => width / 2 + (degrees - longitude) * shrink * perDegree;
  const toY = (degrees: number) => height / 2 - (degrees - latitude) * perDegree;
  const step = roundStep((height / perDegree) * 1.0001, Math.max(1, Math.floor(height / 90)));
  const stepX = roundStep(width / (perDegree * shrink), Math.max(1, Math.floor(width / 64)));
  const [halfX, halfY] = [width / 2 / (perDegree * shrink), height / 2 / perDegree];
  const meridians = multiples(longitude - halfX, longitude + halfX, stepX).map((degrees) => ({
    at: toX(degrees),
    degrees: wrapped(degrees),
  }));
  const parallels = multiples(latitude - halfY, latitude + halfY, step).map((degrees) => ({
    at: toY(degrees),
    degrees,
  }));
  return {
    width,
    height,
    x: Float64Array.from(longitudes, toX),
    y: Float64Array.from(latitudes, toY),
    meridians,
    parallels: parallels.filter(({ degrees }) => Math.abs(degrees) <= 90),
    decimals: Math.max(0, Math.ceil(-Math.log10(Math.min(step, stepX)) - 1e-9)),
    metresPerPixel,
  };
}

/** Pixels that a label of a meridian takes, and those at the right that north takes. */
const LABEL_WIDTH = 72;
const NORTH_WIDTH = 36;

/** Returns the meridians that have room for a label at their right, from the left on. */
export function labelledMeridians({ meridians, width }: Sketch): Sketch["meridians"] {
  let end = 0;
  return meridians.filter(({ at }) => {
    if (at < end || at + LABEL_WIDTH > width - NORTH_WIDTH) return false;
    end = at + LABEL_WIDTH;
    return true;
  });
}

/** A link that the machine's app of maps opens; the page asks nobody. Apple's systems do not know `geo:`. */
export function mapLink({ latitude, longitude }: Pick<Point, "latitude" | "longitude">, isApple: boolean): string {
  const place = `${latitude.toFixed(5)},${longitude.toFixed(5)}`;
  return isApple ? `maps://?ll=${place}&q=${place}` : `geo:${place}`;
}

export const isOfApple = (userAgent: string): boolean => /iPhone|iPad|Macintosh/.test(userAgent);

function wrapped(longitude: number): number {
  return ((((longitude + 180) % 360) + 360) % 360) - 180;
}

/** Returns a round length of at most a part of the width, in metres of a unit of so many metres, and its pixels. */
export function scaleBar({ metresPerPixel, width }: Sketch, unitMetres: number): { length: number; pixels: number } {
  const most = (metresPerPixel * width * 0.3) / unitMetres;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = ([5, 2, 1].find((factor) => factor * power <= most * (1 + 1e-9)) ?? 1) * power;
  return { length, pixels: (length * unitMetres) / metresPerPixel };
}

export interface Scale {
  from: number;
  to: number;
}

/** Returns the range of colours: nearly all values, so that one jump of a sensor does not spoil the rest. */
export function scaleOf(values: readonly (number | null)[]): Scale | null {
  const known = values
    .filter((value): value is number => value !== null && Number.isFinite(value))
    .sort((one, other) => one - other);
  const at = (share: number) => known[Math.min(known.length - 1, Math.floor(share * known.length))];
  const [from, to] = [at(0.02), at(0.98)];
  return from === undefined || to === undefined ? null : { from, to };
}

/** Returns a step of lightness, 0 for the lowest values; -1 for an unknown one. */
export function rampStep(value: number | null, scale: Scale | null): number {
  if (value === null || !scale || !Number.isFinite(value)) return -1;
  if (scale.to <= scale.from) return Math.floor(RAMP_STEPS / 2);
  const share = (value - scale.from) / (scale.to - scale.from);
  return Math.min(RAMP_STEPS - 1, Math.max(0, Math.floor(share * RAMP_STEPS)));
}

/** Neighbouring points with one colour. */
export interface Run {
  step: number;
  /** Places of points. */
  places: number[];
}

/** Returns the route as runs of one colour each. Neighbours share a point, so that no gap is between them; parts do not. */
export function runsOf(points: readonly Point[], steps: readonly number[]): Run[] {
  const result: Run[] = [];
  let open: Run | null = null;
  for (let index = 1; index < points.length; index += 1) {
    if (points[index]?.part !== points[index - 1]?.part) {
      open = null;
      continue;
    }
    const step = steps[index] ?? -1;
    if (!open || open.step !== step) {
      open = { step, places: [index - 1] };
      result.push(open);
    }
    open.places.push(index);
  }
  return result;
}

export interface Stroke {
  step: number;
  /** The `d` of an SVG path. */
  d: string;
}

/** Returns runs as lines of a picture. */
export function strokes(runs: readonly Run[], { x, y }: Sketch): Stroke[] {
  const place = (index: number) => `${(x[index] ?? 0).toFixed(1)} ${(y[index] ?? 0).toFixed(1)}`;
  return runs.map(({ step, places }) => ({ step, d: `M${places.map(place).join("L")}` }));
}

/** Returns the place of the point that is nearest to a pixel; -1 without points. */
export function nearestPoint({ x, y }: Sketch, pixelX: number, pixelY: number): number {
  let [best, least] = [-1, Number.POSITIVE_INFINITY];
  for (let index = 0; index < x.length; index += 1) {
    const away = ((x[index] ?? 0) - pixelX) ** 2 + ((y[index] ?? 0) - pixelY) ** 2;
    if (away < least) [best, least] = [index, away];
  }
  return best;
}

/** Returns `47.105° N`. */
export function degreesText(degrees: number, decimals: number, letters: readonly [string, string]): string {
  const text = Math.abs(degrees).toFixed(decimals);
  const letter = Number(text) === 0 ? "" : ` ${degrees < 0 ? letters[1] : letters[0]}`;
  return `${text}°${letter}`;
}
