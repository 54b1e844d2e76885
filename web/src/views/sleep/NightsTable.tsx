// The nights of the plot as a table. Each date leads to its night.

import type { NightRow } from "../../api/shapes.ts";
import { isStaged } from "../../draw/nights.ts";
import { formatDay, formatLocalTime } from "../../format/dates.ts";
import { formatMinutes } from "../../format/durations.ts";
import { formatNumber, NOTHING } from "../../format/numbers.ts";
import { linkTo } from "../../state/address.ts";
import { texts } from "../../texts.ts";
import { type Column, TableBehind } from "../../ui/DataTable.tsx";

/** What a reader should know about a night's figures. */
export function marksOf(night: NightRow): string[] {
  const marks: string[] = [];
  if (night.partial) marks.push(texts.sleep.marks.partial);
  if (night.in_bed_estimated) marks.push(texts.sleep.marks.estimated);
  if (night.approximate) marks.push(texts.sleep.marks.approximate);
  return marks;
}

const stage = (name: string, pick: (night: NightRow) => number | null): Column<NightRow> => ({
  name,
  isNumber: true,
  cell: (night) => (isStaged(night) ? formatMinutes(pick(night)) : NOTHING),
});

const length = (name: string, pick: (night: NightRow) => number | null): Column<NightRow> => ({
  name,
  isNumber: true,
  cell: (night) => formatMinutes(pick(night)),
});

const columns = (): Column<NightRow>[] => [
  {
    name: texts.sleep.night,
    cell: ({ night }) => <a href={linkTo("sleep", [night])}>{formatDay(night, "weekday")}</a>,
  },
  length(texts.sleep.asleep, (night) => night.asleep_min),
  { name: texts.sleep.bedtime, isNumber: true, cell: ({ bedtime }) => formatLocalTime(bedtime) },
  { name: texts.sleep.waking, isNumber: true, cell: ({ wake_time }) => formatLocalTime(wake_time) },
  length(texts.sleep.inBed, (night) => night.in_bed_min),
  stage(texts.stages.deep ?? "", (night) => night.deep_min),
  stage(texts.stages.core ?? "", (night) => night.core_min),
  stage(texts.stages.rem ?? "", (night) => night.rem_min),
  stage(texts.stages.awake ?? "", (night) => night.awake_min),
  { name: texts.sleep.naps, isNumber: true, cell: ({ naps }) => formatNumber(naps) },
  { name: texts.sleep.notes, cell: (night) => marksOf(night).join(", ") },
];

export function NightsTable({ rows }: { rows: readonly NightRow[] }) {
  const newestFirst = [...rows].reverse();
  return (
    <TableBehind caption={texts.sleep.title} columns={columns()} rows={newestFirst} keyOf={({ night }) => night} />
  );
}
