// Numbers in the browser's language.

import { numberFormat } from "./locale.ts";

/** Shown where there is no value: absence is never 0. */
export const NOTHING = "–";
const MINUS = "−";

export function formatNumber(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
  const rounded = Math.abs(value) < 0.5 / 10 ** digits ? 0 : value;
  const format = numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits });
  return format.format(rounded).replace("-", MINUS);
}

/** At most `digits` behind the point, without zeros at the end: for axes. */
export function formatBrief(value: number, digits = 2): string {
  return numberFormat({ maximumFractionDigits: digits }).format(value).replace("-", MINUS);
}

export function formatPercent(share: number | null | undefined, digits = 0): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return NOTHING;
  const options = { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  return numberFormat(options).format(share).replace("-", MINUS);
}

/** A change as a share, with its sign: +12 %. */
export function formatChange(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return NOTHING;
  const options = { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" } as const;
  return numberFormat(options).format(share).replace("-", MINUS);
}

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return NOTHING;
  let place = 0;
  let value = bytes;
  while (value >= 1000 && place < BYTE_UNITS.length - 1) {
    value /= 1000;
    place++;
  }
  const digits = place > 0 && value < 10 ? 1 : 0;
  return numberFormat({ style: "unit", unit: BYTE_UNITS[place] ?? "byte", maximumFractionDigits: digits }).format(
    value,
  );
}
