// The route on a graticule, coloured by heart rate or by pace. Its cursor is that of the plots.

import { useMemo, useState } from "preact/hooks";
import {
  degreesText,
  isOfApple,
  mapLink,
  nearestPoint,
  RAMP_STEPS,
  rampStep,
  runsOf,
  type Sketch,
  scaleOf,
  sketch,
  strokes,
} from "../../draw/route.ts";
import { nearest } from "../../draw/ticks.ts";
import { type Point, series, valueAt } from "../../draw/track.ts";
import { measureOf } from "../../format/units.ts";
import type { Cursor } from "../../plot/Stack.tsx";
import { useWidth } from "../../plot/size.ts";
import { session } from "../../state/session.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import { Segmented } from "../../ui/Segmented.tsx";
import { Graticule, Marks } from "./Graticule.tsx";
import type { Workout } from "./OneWorkout.tsx";
import type { Pacing } from "./pace.ts";
import { type MapState, RouteMap } from "./RouteMap.tsx";

interface RouteCardProps {
  points: readonly Point[];
  workout: Workout;
  cursor: Cursor;
  pacing: Pacing;
}

type Colour = "heart" | "speed";

const PADDING = 36;
/** A heart rate holds for so long. */
const NEAR_MS = 60_000;
/** Decimals of degrees: ten metres. */
const PLACES = 4;

export function RouteCard({ points, workout, cursor, pacing }: RouteCardProps) {
  const [place, width] = useWidth();
  const [wanted, choose] = useState<Colour>("heart");
  const rates = useMemo(() => series(workout.heart_rate), [workout.heart_rate]);
  const hasHeart = rates.at.length > 1;
  const colour = hasHeart ? wanted : "speed";
  const height = Math.round(Math.min(440, Math.max(260, width * 0.72)));
  const drawn = useMemo(() => (width > 0 ? sketch(points, width, height, PADDING) : null), [points, width, height]);
  const values = useMemo(
    () => points.map(({ at, speed }) => (colour === "heart" ? valueAt(rates, at, NEAR_MS) : speed)),
    [points, colour, rates],
  );
  const scale = useMemo(() => scaleOf(values), [values]);
  const runs = useMemo(
    () =>
      runsOf(
        points,
        values.map((value) => rampStep(value, scale)),
      ),
    [points, values, scale],
  );
  const lines = drawn ? strokes(runs, drawn) : [];
  const tiles = session.value?.tiles;
  const [map, setMap] = useState<MapState>("waiting");
  const length = measureOf("distance", "m", units.value).format(points.at(-1)?.distance);
  const label = texts.workouts.routeOf(length);
  const beats = measureOf("heart_rate", "count/min", units.value);
  const name = (value: number) => {
    if (colour === "heart") return beats.format(value);
    const paced = pacing.convert(value);
    return paced === null ? "" : pacing.format(paced);
  };
  const choices = [
    { key: "heart" as const, text: texts.workouts.heart },
    { key: "speed" as const, text: pacing.name },
  ];
  const follow = (event: PointerEvent) => {
    const box = place.current?.getBoundingClientRect();
    if (!drawn || !box) return;
    cursor.value = points[nearestPoint(drawn, event.clientX - box.left, event.clientY - box.top)]?.at ?? null;
  };
  return (
    <Card
      title={texts.workouts.route}
      class="workout-route"
      aside={hasHeart && <Segmented label={texts.workouts.colour} choices={choices} chosen={colour} choose={choose} />}
    >
      <Where point={points[0]} />
      <div class="route" ref={place} style={{ height: `${height}px` }}>
        {drawn && (
          <svg
            class={`ramp-${colour}`}
            width={width}
            height={height}
            role="img"
            aria-label={label}
            aria-hidden={map === "shown"}
            onPointerMove={follow}
            onPointerDown={follow}
            onPointerLeave={(event) => {
              if (event.pointerType === "mouse") cursor.value = null;
            }}
          >
            <Graticule sketch={drawn} />
            <g class="route-casing">
              {lines.map(({ d }, index) => (
                <path key={index} d={d} />
              ))}
            </g>
            <g class="route-line">
              {lines.map(({ d, step }, index) => (
                <path key={index} class={`ramp-${step}`} d={d} />
              ))}
            </g>
            <Marks sketch={drawn} last={points.length - 1} />
            <Here {...{ points, cursor }} sketch={drawn} />
          </svg>
        )}
        {tiles && drawn && (
          <div class={`ramp-${colour}`}>
            <RouteMap {...{ tiles, points, runs, width, cursor, label }} onState={setMap} />
          </div>
        )}
      </div>
      {tiles && map === "failed" && <p class="note">{texts.workouts.noMap}</p>}
      {scale && (
        <div class={`ramp ramp-${colour}`} aria-hidden="true">
          <span>{name(scale.from)}</span>
          <span class="ramp-steps">
            {Array.from({ length: RAMP_STEPS }, (_, step) => (
              <span key={step} class={`ramp-${step}`} />
            ))}
          </span>
          <span>{name(scale.to)}</span>
        </div>
      )}
      <Ends />
    </Card>
  );
}

/** The place of the start, for a map elsewhere: a graticule has no names. */
function Where({ point }: { point: Point | undefined }) {
  if (!point) return null;
  const { northSouth, eastWest, where, openMap } = texts.workouts;
  const place = `${degreesText(point.latitude, PLACES, northSouth)}, ${degreesText(point.longitude, PLACES, eastWest)}`;
  return (
    <p class="route-where">
      <b>{where}</b> <span class="numbers">{place}</span>{" "}
      <a href={mapLink(point, isOfApple(navigator.userAgent))}>{openMap}</a>
    </p>
  );
}

/** Names the marks. */
function Ends() {
  const { start, finish } = texts.workouts;
  return (
    <p class="note route-ends">
      <span>
        <svg class="route-marks" width={12} height={12} aria-hidden="true">
          <circle cx={6} cy={6} r={4.5} />
        </svg>
        {start}
      </span>
      <span>
        <svg class="route-marks" width={12} height={12} aria-hidden="true">
          <rect x={2} y={2} width={8} height={8} rx={1.5} />
        </svg>
        {finish}
      </span>
    </p>
  );
}

function Here({ points, sketch: { x, y }, cursor }: { points: readonly Point[]; sketch: Sketch; cursor: Cursor }) {
  const times = useMemo(() => points.map(({ at }) => at), [points]);
  if (cursor.value === null) return null;
  const place = nearest(times, cursor.value);
  return <circle class="route-here" cx={x[place]} cy={y[place]} r={7} />;
}
