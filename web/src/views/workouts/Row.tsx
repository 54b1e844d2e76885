// One line of the list: what, when, how long, how far, how fast.

import type { WorkoutRow } from "../../api/shapes.ts";
import { formatDuration } from "../../format/durations.ts";
import { dateFormat } from "../../format/locale.ts";
import { NOTHING } from "../../format/numbers.ts";
import { nameOfActivity } from "../../format/types.ts";
import { formatKilometers, measureOf } from "../../format/units.ts";
import { linkTo } from "../../state/address.ts";
import { zone } from "../../state/clock.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { zoneOfWorkout } from "./months.ts";
import { formatPace, pacingOf } from "./pace.ts";

export function Row({ workout }: { workout: WorkoutRow }) {
  const { uuid, activity, duration_s, distance_km, energy_kcal, has_route } = workout;
  const name = nameOfActivity(activity);
  const metres = distance_km === null ? null : distance_km * 1000;
  const pace = formatPace(pacingOf(activity, units.value), metres, duration_s);
  const energy = measureOf("active_energy", "kcal", units.value).format(energy_kcal);
  return (
    <li>
      <a class="item" href={linkTo("workouts", [uuid ?? ""])}>
        <span class="item-what">
          <span class="item-name ellipsis" title={name}>
            {name}
          </span>
          <span class="item-when">
            {whenOf(workout)}
            {has_route && (
              <svg
                class="item-route"
                width={14}
                height={14}
                viewBox="0 0 14 14"
                role="img"
                aria-label={texts.workouts.hasRoute}
              >
                <path d="M2 11c3 1.5 4-.5 4-3s1-5 3.5-3.5S9.5 9 12 8" />
              </svg>
            )}
          </span>
        </span>
        <span class="item-extra">{metres === null ? "" : pace}</span>
        <span class="item-extra wide">{energy_kcal === null ? "" : energy}</span>
        <span class="item-figures">
          <span class="item-main">
            {metres === null ? formatDuration(duration_s) : formatKilometers(distance_km, units.value)}
          </span>
          <span class="item-sub">
            {metres !== null && formatDuration(duration_s)}
            {metres !== null && pace !== NOTHING && <span class="item-pace"> · {pace}</span>}
          </span>
        </span>
      </a>
    </li>
  );
}

function whenOf(workout: WorkoutRow): string {
  if (!workout.start) return "";
  const timeZone = zoneOfWorkout(workout, zone.value) ?? "UTC";
  const options = { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" } as const;
  return dateFormat({ ...options, timeZone }).format(new Date(workout.start));
}
