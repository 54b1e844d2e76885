// A period without data, and the way to the last value.

import type { TypeRow } from "../../api/shapes.ts";
import { formatDay } from "../../format/dates.ts";
import { linkTo } from "../../state/address.ts";
import { texts } from "../../texts.ts";
import { Empty } from "../../ui/States.tsx";
import type { Range } from "./ranges.ts";

export function Nothing({ row, range }: { row: TypeRow; range: Range }) {
  const last = row.last?.slice(0, 10);
  return (
    <Empty title={texts.type.empty}>
      {last && (
        <>
          <p>{texts.type.emptyText(formatDay(last))}</p>
          <a class="button" href={linkTo("type", [row.type], { range, end: last })}>
            {texts.type.goThere}
          </a>
        </>
      )}
    </Empty>
  );
}
