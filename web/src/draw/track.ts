// A route's points in time order, with distance, speed and height, as charts and the map need them.

/** A route as the API has it: longitude, latitude and, if known, height in metres. */
export interface Line {
  geometry: { coordinates: readonly (readonly (readonly number[])[])[] };
  properties: { times: readonly (readonly string[])[] };
}

export interface Point {
  /** Milliseconds since 1970. */
  at: number;
  longitude: number;
  latitude: number;
  height: number | null;
  /** Metres from the start, without gaps between parts. */
  distance: number;
  /** Metres in a second, about the time of the point; null where it is unknown. */
  speed: number | null;
  /** The part of the route that the point is in. */
  part: number;
}

const EARTH_M = 6_371_008.8;
const RADIAN = Math.PI / 180;
/** Speed is that of so much time before and behind a point: single positions jump by some metres. */
const SPEED_MS = 15_000;
/** Longer without a position, and the speed is unknown. */
const SILENCE_MS = 120_000;

/** Returns the metres between two positions. */
export function metres(one: readonly [number, number], other: readonly [number, number]): number {
  const [longitude, latitude] = [(other[0] - one[0]) * RADIAN, (other[1] - one[1]) * RADIAN];
  const half =
    Math.sin(latitude / 2) ** 2 +
    Math.cos(one[1] * RADIAN) * Math.cos(other[1] * RADIAN) * Math.sin(longitude / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** Reads a route. Positions that are no numbers are left out. */
export function track(line: Line): Point[] {
  const points: Point[] = [];
  let distance = 0;
  for (const [part, positions] of line.geometry.coordinates.entries()) {
    let before: Point | undefined;
    for (const [place, position] of positions.entries()) {
      const at = Date.parse(line.properties.times[part]?.[place] ?? "");
      const [longitude, latitude, height] = position;
      if (longitude === undefined || latitude === undefined || Number.isNaN(at)) continue;
      if (before) distance += metres([before.longitude, before.latitude], [longitude, latitude]);
      before = { at, longitude, latitude, height: height ?? null, distance, speed: null, part };
      points.push(before);
    }
  }
  setSpeeds(points);
  return points;
}

function setSpeeds(points: Point[]): void {
  let [first, last] = [0, 0];
  for (const point of points) {
    const isNear = (other: Point | undefined) => other !== undefined && other.part === point.part;
    while (first < points.length && ((points[first]?.at ?? 0) < point.at - SPEED_MS || !isNear(points[first])))
      first += 1;
    last = Math.max(last, first);
    while (isNear(points[last + 1]) && (points[last + 1]?.at ?? 0) <= point.at + SPEED_MS) last += 1;
    let [from, to] = [points[first], points[last]];
    // Few positions: the two beside the point.
    if (from === to) {
      const place = first;
      [from, to] = [
        isNear(points[place - 1]) ? points[place - 1] : from,
        isNear(points[place + 1]) ? points[place + 1] : to,
      ];
    }
    const time = (to?.at ?? 0) - (from?.at ?? 0);
    point.speed = from && to && time > 0 && time <= SILENCE_MS ? (to.distance - from.distance) / (time / 1000) : null;
  }
}

export interface Reading {
  start: string | null;
  value: number | null;
}

/** Returns the readings as times and values, in time order. */
export function series(readings: readonly Reading[]): { at: number[]; values: number[] } {
  const known = readings
    .map(({ start, value }) => ({ at: Date.parse(start ?? ""), value }))
    .filter((reading): reading is { at: number; value: number } => !Number.isNaN(reading.at) && reading.value !== null)
    .sort((one, other) => one.at - other.at);
  return { at: known.map(({ at }) => at), values: known.map(({ value }) => value) };
}

/** Returns the value at a time: between two readings on the straight line; null where no reading is within `near` milliseconds. */
export function valueAt(
  { at, values }: { at: readonly number[]; values: readonly number[] },
  time: number,
  near: number,
): number | null {
  let [low, high] = [0, at.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((at[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  const [before, behind] = [low - 1, low];
  const [gapBefore, gapBehind] = [
    time - (at[before] ?? Number.NEGATIVE_INFINITY),
    (at[behind] ?? Number.POSITIVE_INFINITY) - time,
  ];
  const [from, to] = [values[before], values[behind]];
  if (gapBefore > near && gapBehind > near) return null;
  if (from === undefined || gapBefore > near) return to ?? null;
  if (to === undefined || gapBehind > near) return from;
  return gapBefore + gapBehind === 0 ? to : from + ((to - from) * gapBefore) / (gapBefore + gapBehind);
}

/** A rise or fall must be so many metres to count: heights jump. */
const CLIMB_M = 3;

/** Returns the metres up and down, each from a lowest to a highest point; null without heights. */
export function climb(points: readonly Point[]): { up: number; down: number } | null {
  let [up, down] = [0, 0];
  // Where the last turn was, the lowest and the highest point since then, and the way that leads: 1 is up, 0 is not known.
  let [turn, low, high] = [0, 0, 0];
  let way: number | null = null;
  for (const { height } of points) {
    if (height === null) continue;
    if (way === null) [turn, low, high, way] = [height, height, height, 0];
    low = Math.min(low, height);
    high = Math.max(high, height);
    if (way >= 0 && high - height >= CLIMB_M) {
      up += way > 0 ? high - turn : 0;
      [turn, low, way] = [high, height, -1];
    } else if (way <= 0 && height - low >= CLIMB_M) {
      down += way < 0 ? turn - low : 0;
      [turn, high, way] = [low, height, 1];
    }
  }
  if (way === null) return null;
  return { up: way > 0 ? up + high - turn : up, down: way < 0 ? down + turn - low : down };
}
