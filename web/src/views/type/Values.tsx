// The last samples of a type without figures, as a table, the newest first.

import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "../../api/answers.ts";
import type { TypeRow } from "../../api/shapes.ts";
import { addDays } from "../../format/calendar.ts";
import { formatInstant } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { nameOfType } from "../../format/types.ts";
import { personInAddress } from "../../state/address.ts";
import { today, zone } from "../../state/clock.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Card } from "../../ui/Card.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { isEnough, newest, SAMPLES_MAX, SPANS } from "./newest.ts";

export function Values({ row }: { row: TypeRow }) {
  const last = row.last?.slice(0, 10);
  const end = last && last < today.value ? last : today.value;
  const [span, setSpan] = useState(0);
  const days = SPANS[span] ?? null;
  const answer = useAnswer("/api/v1/samples", {
    type: row.type,
    from: days === null ? null : addDays(end, -days),
    limit: SAMPLES_MAX,
    person: personInAddress.value,
  });
  const data = answer.value.data;
  // The API answers from the oldest on: so the time is widened backwards until there are enough.
  const isWide = data === undefined || isEnough(span, data.samples?.length ?? 0);
  useEffect(() => {
    if (!isWide) setSpan(span + 1);
  }, [isWide, span]);
  const { columns } = texts.type;
  return (
    <Card>
      <p class="note">{texts.type.noFigures}</p>
      <Answered answer={answer} isSticky>
        {({ samples = [] }) => (
          <DataTable
            caption={nameOfType(row.type)}
            rows={newest(samples)}
            keyOf={({ uuid, start }) => `${uuid} ${start}`}
            columns={[
              { name: columns.time, cell: ({ start }) => formatInstant(start, zone.value) },
              { name: columns.value, isNumber: true, cell: ({ name, value }) => name ?? formatNumber(value) },
              { name: columns.source, cell: ({ source }) => source },
            ]}
          />
        )}
      </Answered>
    </Card>
  );
}
