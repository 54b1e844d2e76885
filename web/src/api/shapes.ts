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

export type SessionAnswer = Schemas["Session"];

/** Everything that Today shows. */
export type Overview = Schemas["Overview"];
export type Figure = Schemas["TypeFigures"];
export type TypeSummary = Schemas["TypeToday"];
