// How types are named, grouped and coloured. The server's names are snake case; unknown types are HealthKit's identifiers.

import { texts } from "../texts/first.ts";

export type Group = keyof typeof texts.groups;

const IDENTIFIER = /^HK[A-Za-z]*TypeIdentifier/;

/** `walking_speed` becomes "Walking speed"; a text of a payload stays a text. */
export function nameOfType(type: string): string {
  const known = Object.hasOwn(texts.typeNames, type) ? texts.typeNames[type] : undefined;
  if (known) return known;
  const words = type
    .replace(IDENTIFIER, "")
    .replace(/^dietary_/, "")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/_/g, " ")
    .trim();
  return words ? words.charAt(0).toUpperCase() + words.slice(1).toLowerCase() : type;
}

/** `traditional_strength_training` becomes "Traditional strength training". */
export function nameOfActivity(activity: string | null): string {
  return nameOfType(activity ?? "") || texts.workout;
}

const GROUPS: [Group, RegExp][] = [
  ["nutrition", /^dietary|^(water|caffeine|carbohydrates|protein|fiber|sugar|sodium|alcohol)$|alcoholic/],
  ["heart", /heart|atrial|cardio|irregular|vo2|blood_pressure|perfusion/],
  ["sleep", /sleep|mindful/],
  ["mobility", /walking_(speed|step|asym|double|stead)|stair|six_minute|running_(stride|vertical|ground|power|speed)/],
  ["hearing", /audio|headphone|sound|daylight|uv_/],
  ["body", /^body_|waist|height|lean_body|body_fat/],
  ["vitals", /respirat|spo2|temperature|blood_|insulin|breath|forced|peak_exp|inhaler|electrodermal/],
  ["cycle", /menstrual|ovulation|cervical|pregnan|lactation|contracept|intermenstrual|sexual|progesterone|menopaus/],
  [
    "activity",
    /step|energy|exercise|stand|move|distance|flights|effort|cycling|swimming|rowing|paddle|ski|push|workout|speed|power|nike|underwater/,
  ],
  [
    "symptoms",
    /pain|ache|cough|fever|nausea|fatigue|dizziness|cramp|chills|diarrhea|bloating|constipation|congestion|throat|vomit|wheez|acne|mood|appetite|hair|skin|sweat|hot_flash|fainting|memory|loss_of|shortness|runny|sinus/,
  ],
];

export function groupOfType(type: string): Group {
  const name = type.replace(IDENTIFIER, "").toLowerCase();
  return GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? "other";
}

/** The variable of the colour: one colour has one meaning. */
export function colorOfType(type: string): string {
  const group = groupOfType(type);
  if (group === "activity") return "var(--activity)";
  if (group === "heart") return "var(--heart)";
  return group === "sleep" ? "var(--core)" : "var(--accent)";
}

/** Which way a change is good: more, less, or neither, as for weight. */
export function goodDirection(type: string): 1 | -1 | 0 {
  if (
    /^(steps|exercise_time|stand_hours|stand_time|flights_climbed|vo2_max|heart_rate_variability|daylight)$/.test(type)
  )
    return 1;
  return type === "resting_heart_rate" ? -1 : 0;
}
