// The programs that send the data on to other places: how far each is.

import { formatAge, formatInstant } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { now, zone } from "../../state/clock.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import type { Status } from "./Verdict.tsx";

type Follower = Status["followers"][number];

/** States in which the owner has something to do. */
const FAULTS: readonly Follower["state"][] = ["waiting", "stopped", "not_running"];

export function Followers({ followers }: { followers: readonly Follower[] }) {
  // Most people have none.
  if (followers.length === 0) return null;
  return (
    <Card title={texts.data.followers}>
      <ul class="items">
        {followers.map((follower) => (
          <li key={follower.name} class="item fixed">
            <Line follower={follower} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Line({ follower: { name, state, behind, last_success } }: { follower: Follower }) {
  return (
    <>
      <span class="item-what">
        <span class="item-name ellipsis" title={name}>
          {name}
        </span>
        <span class="item-when">
          {last_success === null ? (
            texts.data.neverAll
          ) : (
            <span title={formatInstant(last_success, zone.value)}>
              {texts.data.hadAll(formatAge(last_success, now.value))}
            </span>
          )}
        </span>
      </span>
      <span class="item-figures">
        <span class={FAULTS.includes(state) ? "item-main bad" : "item-main"}>
          {texts.data.followerStates[state] ?? state}
        </span>
        <span class="item-sub">{behind > 0 && texts.data.behind(formatNumber(behind), behind)}</span>
      </span>
    </>
  );
}
