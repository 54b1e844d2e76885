// Sources in the order in which they count by default: the owner's order first, then kinds.

import type { AnswerOf } from "../../api/client.ts";
import { formatDay } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import { DataTable } from "../../ui/DataTable.tsx";

type Source = AnswerOf<"/api/v1/sources">["sources"][number];

const CLASSES = ["manual", "gym", "watch", "phone", "app", "other"];

function rank({ place, class: kind }: Source): number {
  const byKind = CLASSES.indexOf(kind ?? "");
  return place ?? 1000 + (byKind < 0 ? CLASSES.length : byKind);
}

const kindOf = ({ class: kind }: Source) => texts.data.kinds[kind ?? ""] ?? kind ?? "";

const rankOf = ({ place }: Source) => (place === null ? texts.data.byKind : texts.data.placed(formatNumber(place)));

export function Sources({ sources }: { sources: readonly Source[] }) {
  const sorted = [...sources].sort((one, other) => rank(one) - rank(other));
  return (
    <Card title={texts.data.sources}>
      {sorted.length === 0 ? (
        <p class="note">{texts.data.noSources}</p>
      ) : (
        <>
          <DataTable
            caption={texts.data.sourcesTable}
            rows={sorted}
            keyOf={({ key }) => key ?? ""}
            columns={[
              {
                name: texts.data.source,
                cell: (source) => (
                  <>
                    <span class="cell-name ellipsis" title={`${source.name ?? ""} (${source.key ?? ""})`}>
                      {source.name || source.key || texts.data.noName}
                    </span>
                    <span class="note narrow-only">
                      {source.place === null ? kindOf(source) : `${rankOf(source)} ${kindOf(source)}`}
                      {source.first && ` ${texts.types.since(formatDay(source.first.slice(0, 10)))}`}
                    </span>
                  </>
                ),
              },
              { name: texts.data.kind, isWide: true, cell: kindOf },
              { name: texts.data.rank, isWide: true, cell: rankOf },
              { name: texts.data.first, isWide: true, cell: ({ first }) => formatDay(first?.slice(0, 10)) },
              { name: texts.data.last, cell: ({ last }) => formatDay(last?.slice(0, 10)) },
            ]}
          />
          <p class="note more">{texts.data.sourcesNote}</p>
        </>
      )}
    </Card>
  );
}
