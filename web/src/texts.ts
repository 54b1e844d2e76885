// Every text of the page, by view, in the files of texts/. Names of types that are not here are made from the server's names.

import { dataTexts } from "./texts/data.ts";
import { frameTexts } from "./texts/frame.ts";
import { namesTexts } from "./texts/names.ts";
import { sleepTexts } from "./texts/sleep.ts";
import { todayTexts } from "./texts/today.ts";
import { typesTexts } from "./texts/types.ts";
import { workoutsTexts } from "./texts/workouts.ts";

export const texts = {
  ...frameTexts,
  ...namesTexts,
  ...todayTexts,
  ...typesTexts,
  ...sleepTexts,
  ...workoutsTexts,
  ...dataTexts,
};
