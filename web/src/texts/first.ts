// Texts of what the page loads first: the frame, Today, and names that all views use.

import { frameTexts } from "./frame.ts";
import { namesTexts } from "./names.ts";
import { todayTexts } from "./today.ts";

export const texts = { ...frameTexts, ...namesTexts, ...todayTexts };
