// The table behind a chart: for screen readers always, for everybody when it is opened.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { formatNumber } from "../format/numbers.ts";
import { texts } from "../texts/first.ts";

export interface Column<Row> {
  name: string;
  /** Numbers stand at the right. */
  isNumber?: boolean;
  /** A phone has no room for it. */
  isWide?: boolean;
  cell: (row: Row) => ComponentChildren;
}

interface DataTableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
  /** More rows than these are only in the CSV. */
  rowsMax?: number;
}

export function DataTable<Row>({ caption, columns, rows, keyOf, rowsMax = 400 }: DataTableProps<Row>) {
  const shown = rows.slice(0, rowsMax);
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label={caption}>
      <table class="data-table">
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ name, isNumber, isWide }) => (
              <th key={name} scope="col" class={classOf(isNumber, isWide)}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, isNumber, isWide, cell }, place) =>
                place === 0 ? (
                  <th key={name} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={name} class={classOf(isNumber, isWide)}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown.length && (
        <p class="note">{texts.chart.more(formatNumber(rows.length - shown.length), rows.length - shown.length)}</p>
      )}
    </div>
  );
}

function classOf(isNumber = false, isWide = false): string | undefined {
  return [isNumber && "number", isWide && "wide-only"].filter(Boolean).join(" ") || undefined;
}

/** The table in a part that opens. */
export function TableBehind<Row>(props: DataTableProps<Row>) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="table-behind" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{texts.chart.table}</summary>
      {isOpen && <DataTable {...props} />}
    </details>
  );
}
