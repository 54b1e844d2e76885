// One workout: its figures, its route, and heart rate, pace and height under one cursor.

import { useMemo } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import { type AnswerOf, requestUrl } from "../../api/client.ts";
import { Problem } from "../../api/problem.ts";
import { splitRows, statistics, workoutEvents, zoneRows } from "../../draw/effort.ts";
import { climb, track } from "../../draw/track.ts";
import { dayIn } from "../../format/calendar.ts";
import { formatDay, formatTime } from "../../format/dates.ts";
import { formatDuration } from "../../format/durations.ts";
import { nameOfActivity } from "../../format/types.ts";
import { formatDistance, measureOf } from "../../format/units.ts";
import { useCursor } from "../../plot/Stack.tsx";
import { linkTo, personInAddress } from "../../state/address.ts";
import { zone as personsZone } from "../../state/clock.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Back } from "../../ui/Back.tsx";
import { Card } from "../../ui/Card.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Empty } from "../../ui/States.tsx";
import { Details } from "./Details.tsx";
import { EffortPlots } from "./EffortPlots.tsx";
import { zoneOfWorkout } from "./months.ts";
import { formatHeight, formatPace, pacingOf } from "./pace.ts";
import { RouteCard } from "./RouteCard.tsx";
import { Splits } from "./Splits.tsx";
import { Zones } from "./Zones.tsx";

export type Workout = AnswerOf<"/api/v1/workouts/{uuid}">;

const POINTS_MAX = 800;
const METRES: Record<string, number> = { km: 1000, m: 1, mi: 1609.344, yd: 0.9144, ft: 0.3048 };

export function OneWorkout({ uuid }: { uuid: string }) {
  const query = {
    units: units.value === "us" ? "mi" : "km",
    max_points: POINTS_MAX,
    person: personInAddress.value,
  };
  const answer = useAnswer("/api/v1/workouts/{uuid}", query, { uuid });
  const { error, data } = answer.value;
  if (error instanceof Problem && error.status === 404 && data === undefined) {
    return (
      <Empty title={texts.workouts.noWorkout} icon="workouts">
        <a class="button" href={linkTo("workouts")}>
          {texts.workouts.toList}
        </a>
      </Empty>
    );
  }
  return (
    <Answered answer={answer} lines={10}>
      {(workout) => <Shown workout={workout} uuid={uuid} />}
    </Answered>
  );
}

function Shown({ workout, uuid }: { workout: Workout; uuid: string }) {
  const route = useAnswer(
    "/api/v1/workouts/{uuid}/route",
    { max_points: 2 * POINTS_MAX, person: personInAddress.value },
    { uuid },
  ).value.data;
  const cursor = useCursor();
  const points = useMemo(() => (route ? track(route) : []), [route]);
  const zones = zoneRows(workout.zones);
  const length = units.value === "us" ? METRES.mi : METRES.km;
  const splits = splitRows(workout.splits, length ?? 1000, workout.heart_rate);
  const pacing = pacingOf(workout.activity, units.value);
  return (
    <>
      <Head workout={workout} uuid={uuid} hasRoute={points.length > 0} />
      <div class="workout">
        <Figures workout={workout} up={climb(points)?.up ?? null} />
        {points.length > 0 && <RouteCard points={points} workout={workout} cursor={cursor} pacing={pacing} />}
        <EffortPlots workout={workout} points={points} cursor={cursor} pacing={pacing} zones={zones} />
        {zones.length > 0 && <Zones zones={zones} highest={workout.highest_heart_rate} whole={workout.duration_s} />}
        {splits.length > 0 && (
          <Splits
            splits={splits}
            pacing={pacing}
            areOfRoute={workout.splits_of === "route" && workout.distance !== null}
          />
        )}
        <Details
          statistics={statistics(workout.statistics)}
          events={workoutEvents(workout.events)}
          start={Date.parse(workout.start ?? "")}
          metadata={workout.metadata}
        />
      </div>
    </>
  );
}

function Head({ workout, uuid, hasRoute }: { workout: Workout; uuid: string; hasRoute: boolean }) {
  const zone = zoneOfWorkout(workout, personsZone.value);
  const { start, end } = workout;
  const day = start ? dayIn(zone, new Date(start)) : null;
  const times = texts.sleep.fromTo(formatTime(start, zone), formatTime(end, zone));
  return (
    <header class="view-head tight">
      <div class="head-text">
        <Back list="workouts" />
        <h1>{nameOfActivity(workout.activity)}</h1>
        <p class="muted small">
          {formatDay(day, "weekdayYear")}, {times}
        </p>
      </div>
      {hasRoute && (
        <a
          class="button"
          href={requestUrl("/api/v1/workouts/{uuid}/route.gpx", { person: personInAddress.value }, { uuid })}
          download={`${uuid}.gpx`}
        >
          <Icon name="download" size={18} />
          {texts.workouts.gpx}
        </a>
      )}
    </header>
  );
}

function Figures({ workout, up }: { workout: Workout; up: number | null }) {
  const system = units.value;
  const factor = METRES[workout.distance_unit ?? ""];
  const metres = workout.distance !== null && factor !== undefined ? workout.distance * factor : null;
  const pacing = pacingOf(workout.activity, system);
  const heart = statistics(workout.statistics).find(({ identifier }) => identifier.endsWith("IdentifierHeartRate"));
  const beats = measureOf("heart_rate", "count/min", system);
  const facts: [string, string][] = [[texts.workouts.duration, formatDuration(workout.duration_s)]];
  if (metres !== null) {
    facts.unshift([texts.workouts.distance, formatDistance(metres, system)]);
    facts.push([pacing.name, formatPace(pacing, metres, workout.duration_s)]);
  }
  if (heart?.average) facts.push([texts.workouts.averageHeart, beats.format(heart.average)]);
  if (heart?.maximum) facts.push([texts.workouts.highestHeart, beats.format(heart.maximum)]);
  if (workout.energy_kcal !== null) {
    facts.push([texts.workouts.energy, measureOf("active_energy", "kcal", system).format(workout.energy_kcal)]);
  }
  const measured = climbOf(workout);
  if (measured !== null) facts.push([texts.workouts.climbedByWatch, formatHeight(measured, system)]);
  else if (up !== null) facts.push([texts.workouts.climbed, formatHeight(up, system)]);
  return (
    <Card class="workout-figures">
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {workout.source && <p class="note sources">{texts.workouts.from(workout.source)}</p>}
    </Card>
  );
}

/** The watch's own figure, in metres; it measures the pressure of the air. */
function climbOf({ metadata }: Workout): number | null {
  const sent: unknown = metadata;
  if (typeof sent !== "object" || sent === null || !("HKElevationAscended" in sent)) return null;
  const climbed = sent.HKElevationAscended;
  if (typeof climbed !== "object" || climbed === null || !("quantity" in climbed) || !("unit" in climbed)) return null;
  const factor = { cm: 0.01, m: 1, ft: 0.3048 }[String(climbed.unit)];
  return typeof climbed.quantity === "number" && factor !== undefined ? climbed.quantity * factor : null;
}
