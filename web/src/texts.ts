// Every text of the page, by view, in the files of texts/. Names of types that are not here are made from the server's names.
//
// Files that the first load has import texts/first.ts: a phone does not wait for the texts of other views.

import { dataTexts } from "./texts/data.ts";
import { texts as firstTexts } from "./texts/first.ts";
import { sleepTexts } from "./texts/sleep.ts";
import { typesTexts } from "./texts/types.ts";
import { workoutsTexts } from "./texts/workouts.ts";

export const texts = { ...firstTexts, ...typesTexts, ...sleepTexts, ...workoutsTexts, ...dataTexts };
