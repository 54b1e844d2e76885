// Shapes of answers that several views use, by their short names.

import type { components } from "./types.ts";

type Schemas = components["schemas"];
export type Series = Schemas["Series"];
export type Day = Schemas["Day"];
export type Hour = Schemas["Hour"];
export type Period = Schemas["Period"];
export type Night = Schemas["Night"];
export type NightRow = Schemas["Nights"]["nights"][number];
export type Segment = Night["segments"][number];
export type WorkoutRow = Schemas["Workouts"]["workouts"][number];
export type Dose = Schemas["Doses"]["doses"][number];
export type TypeRow = Schemas["Types"]["types"][number];
export type Method = TypeRow["method"];
export type Explanation = Schemas["Explanation"];

export interface SessionAnswer {
  person: string;
  people: string[];
  all_people: boolean;
  scope: "read" | "admin";
  expires: string | null;
  label: string | null;
  tiles?: string | null;
}

export interface FigureDay {
  day: string;
  value: number | null;
  minimum: number | null;
  maximum: number | null;
  samples: number;
  partial: boolean;
}

export interface Figure {
  type: string;
  identifier: string;
  unit: string | null;
  method: Method;
  days: FigureDay[];
}

export interface TypeSummary {
  type: string;
  identifier: string;
  unit: string | null;
  method: Method;
  last: { value: number | null; start: string; end: string } | null;
  day: string | null;
  day_value: number | null;
  day_partial: boolean | null;
  mean_28: number | null;
  days_28: number | null;
  change: number | null;
  usual_low: number | null;
  usual_high: number | null;
}

/** Everything that Today shows. */
export interface Overview {
  person: string;
  zone: string | null;
  today: string;
  stale: boolean;
  change: number;
  last_upload: { ended: string; state: string; exporter: string | null; records: number | null } | null;
  uploading: boolean;
  figures: Figure[];
  night: Omit<Night, "stale"> | null;
  workouts: WorkoutRow[];
  doses: { due: number; taken: number; list: Dose[] } | null;
  types: TypeSummary[];
}
