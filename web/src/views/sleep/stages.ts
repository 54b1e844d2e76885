// How stages are named and coloured.

import type { Stage } from "../../draw/hypnogram.ts";
import { texts } from "../../texts.ts";

export const nameOfStage = (stage: Stage): string => texts.stages[stage === "asleep" ? "unspecified" : stage] ?? stage;

/** The class that colours a shape or a swatch. */
export const classOfStage = (stage: Stage): string => `stage-${stage}`;
