// The workouts of the last days, the last one first.

import type { Overview, WorkoutRow } from "../../api/shapes.ts";
import { knownZone } from "../../draw/clock.ts";
import { dayIn } from "../../format/calendar.ts";
import { formatDay, formatTime } from "../../format/dates.ts";
import { formatDuration } from "../../format/durations.ts";
import { formatNumber, NOTHING } from "../../format/numbers.ts";
import { nameOfActivity } from "../../format/types.ts";
import { formatKilometers } from "../../format/units.ts";
import { linkTo } from "../../state/address.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts/first.ts";
import { Card } from "../../ui/Card.tsx";
import { formatPace, pacingOf } from "../workouts/pace.ts";

export function RecentWorkouts({ overview }: { overview: Overview }) {
  const { zone, today } = overview;
  const workouts = [...overview.workouts].sort((one, other) => ((one.start ?? "") < (other.start ?? "") ? 1 : -1));
  return (
    <Card
      title={texts.today.workouts}
      link={linkTo("workouts")}
      aside={<a href={linkTo("workouts")}>{texts.today.all}</a>}
    >
      {workouts.length === 0 && <p class="muted">{texts.today.noWorkouts}</p>}
      <ul class="lines">
        {workouts.map((workout) => (
          <li key={workout.uuid}>
            <Row workout={workout} zone={zone} today={today} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Row({ workout, zone: here, today }: { workout: WorkoutRow; zone: string | null; today: string }) {
  const zone = knownZone(workout.zone) ?? here;
  const day = workout.start ? dayIn(zone, new Date(workout.start)) : null;
  const name = nameOfActivity(workout.activity);
  const when = `${day === today ? texts.today.title : formatDay(day, "weekday")}, ${formatTime(workout.start, zone)}`;
  const { distance_km: distance, duration_s: seconds, energy_kcal: energy } = workout;
  const length = formatDuration(seconds);
  // As in the list of workouts: how far, how long and how fast.
  const pace =
    distance === null ? NOTHING : formatPace(pacingOf(workout.activity, units.value), distance * 1000, seconds);
  const others = distance === null ? [energy === null ? NOTHING : `${formatNumber(energy)} kcal`] : [length, pace];
  const about = others.filter((figure) => figure !== NOTHING).join(" · ");
  return (
    <a class="line" href={linkTo("workouts", [workout.uuid ?? ""])}>
      <span class="line-text">
        <span class="ellipsis" title={name}>
          {name}
        </span>
        <span class="note ellipsis" title={when}>
          {when}
        </span>
      </span>
      <span class="line-figures numbers">
        <span>{distance === null ? length : formatKilometers(distance, units.value)}</span>
        {about && <span class="note">{about}</span>}
      </span>
    </a>
  );
}
