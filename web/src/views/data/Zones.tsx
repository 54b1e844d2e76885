// The time zones that the person was in, the newest first. A traveller has many: the last ones are enough at first.

import { useState } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import type { AnswerOf } from "../../api/client.ts";
import { formatInstant } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { personInAddress } from "../../state/address.ts";
import { zone } from "../../state/clock.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Card } from "../../ui/Card.tsx";
import { DataTable } from "../../ui/DataTable.tsx";

type Zone = AnswerOf<"/api/v1/zones">["zones"][number];

const ZONES_MAX = 1000;
const SHOWN_FIRST = 5;

export function Zones() {
  const answer = useAnswer("/api/v1/zones", { limit: ZONES_MAX, person: personInAddress.value });
  return (
    <Answered answer={answer} lines={3}>
      {({ zones }) => (
        <Card title={texts.data.zones}>
          {zones.length === 0 ? <p class="note">{texts.data.noZones}</p> : <List zones={zones} />}
        </Card>
      )}
    </Answered>
  );
}

const whyOf = ({ why }: Zone) => texts.data.whys[why ?? ""] ?? why ?? "";

function List({ zones }: { zones: readonly Zone[] }) {
  const [isWhole, setWhole] = useState(false);
  const newest = [...zones].reverse().map((zone, place) => ({ ...zone, place }));
  const count = isWhole ? zones.length : SHOWN_FIRST;
  return (
    <>
      <DataTable
        caption={texts.data.zonesTable}
        rows={newest.slice(0, count)}
        keyOf={({ place }) => place}
        rowsMax={ZONES_MAX}
        columns={[
          {
            name: texts.data.zone,
            cell: (row) => (
              <>
                {row.zone ?? ""} <span class="note narrow-only">{whyOf(row)}</span>
              </>
            ),
          },
          { name: texts.data.since, cell: ({ start }) => formatInstant(start, zone.value) },
          { name: texts.data.why, isWide: true, cell: whyOf },
        ]}
      />
      {zones.length > count && (
        <button type="button" class="link more" onClick={() => setWhole(true)}>
          {texts.data.moreZones(formatNumber(zones.length - count))}
        </button>
      )}
    </>
  );
}
