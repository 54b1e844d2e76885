// The last samples of a type without figures, as a table.

import { useAnswer } from "../../api/answers.ts";
import type { TypeRow } from "../../api/shapes.ts";
import { addDays } from "../../format/calendar.ts";
import { formatInstant } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { nameOfType } from "../../format/types.ts";
import { personInAddress } from "../../state/address.ts";
import { zone } from "../../state/clock.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Card } from "../../ui/Card.tsx";
import { DataTable } from "../../ui/DataTable.tsx";

const DAYS = 365;

export function Values({ row }: { row: TypeRow }) {
  const last = row.last?.slice(0, 10);
  const answer = useAnswer("/api/v1/samples", {
    type: row.type,
    from: last ? addDays(last, -DAYS) : null,
    limit: 200,
    person: personInAddress.value,
  });
  const { columns } = texts.type;
  return (
    <Card>
      <p class="note">{texts.type.noFigures}</p>
      <Answered answer={answer}>
        {({ samples = [] }) => (
          <DataTable
            caption={nameOfType(row.type)}
            rows={[...samples].reverse()}
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
