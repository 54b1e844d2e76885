// Pictures of each view: empty, the first day, a year, ten years, and the longest texts; dark and light; a phone and a desk.
//
//   node pictures.mjs FOLDER [STATE…]   STATE: empty, day, year, decade, long

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { DESK, launch, newContext, PHONE, type Screen, settled, signIn } from "./browser.ts";
import { HOSTILE_LABEL, hostilePayload } from "./hostile.ts";
import { NAMES, payload } from "./made.ts";
import { Household } from "./server.ts";

const now = Date.now();
const today = new Date(now).toISOString().slice(0, 10);
const DAY_MS = 86_400_000;
const yesterday = new Date(now - DAY_MS).toISOString().slice(0, 10);
const weeksAgo = new Date(now - 30 * DAY_MS).toISOString().slice(0, 10);
const [folder = "pictures", ...wanted] = process.argv.slice(2);

/** The longest page that is still one picture, in pixels. */
const HEIGHT_MAX = 6000;

const STATES: Record<string, (household: Household) => void | Promise<void>> = {
  empty: () => {},
  day: (household) => household.import("me", made(1)),
  year: (household) => {
    const file = join(household.folder, "life.json");
    const start = new Date(now - 364 * DAY_MS).toISOString().slice(0, 10);
    household.generate("life", "--days", "364", "--start", start, "-o", file);
    household.import("ben", file);
    // So many that the watch was worn last night.
    household.import("me", made(366));
  },
  decade: (household) => household.fillWithDemo(3650),
  long: (household) => household.import("me", hostilePayload(now)),
};

function made(days: number): object {
  return payload({ names: NAMES, lastDay: today, days, zone: "Europe/Berlin", zoneHours: 1, hasWorkouts: true });
}

interface Row {
  uuid: string;
  has_route: boolean;
}

async function draw(browser: Browser, state: string): Promise<void> {
  const household = new Household();
  try {
    const label = state === "long" ? HOSTILE_LABEL : "pictures";
    await STATES[state]?.(household);
    const person = state === "decade" ? "anna" : "me";
    const token = household.token("read", "--label", label, "--person", person);
    await household.start();
    const { workouts } = await household.read<{ workouts: Row[] }>(token, `workouts?from=${weeksAgo}`);
    const workout = workouts.findLast(({ has_route }) => has_route)?.uuid;
    const views = [
      "",
      "types",
      "type/heart_rate",
      "type/heart_rate?range=day",
      "type/steps?range=week",
      "type/steps?range=all&by=source",
      "sleep",
      `sleep/${today}`,
      "workouts",
      `why/steps/${yesterday}`,
      "data",
      "setup",
    ];
    if (workout) views.push(`workouts/${workout}`);
    for (const theme of ["light", "dark"] as const) {
      for (const screen of [PHONE, DESK]) {
        const context = await newContext(browser, { screen, theme });
        await signIn(context, household.url, token);
        const page = await context.newPage();
        for (const view of views) {
          await page.setViewportSize(screen);
          await page.goto(`${household.url}#/${view}`);
          await settled(page);
          await page.waitForLoadState("networkidle");
          await take(page, screen, join(folder, `${state}-${nameOf(view)}-${theme}-${screen.width}.png`));
        }
        // Without a script, and before signing in.
        for (const plain of ["plain", "plain/sleep", "plain/workouts", "plain/data", "plain?type=steps&range=month"]) {
          await page.setViewportSize(screen);
          await page.goto(household.url + plain);
          await take(page, screen, join(folder, `${state}-${nameOf(plain)}-${theme}-${screen.width}.png`));
        }
        await context.clearCookies();
        await page.setViewportSize(screen);
        await page.goto(household.url);
        await page.getByLabel("Token").waitFor();
        await take(page, screen, join(folder, `${state}-sign-in-${theme}-${screen.width}.png`));
        await context.close();
      }
    }
  } finally {
    await household.remove();
  }
}

/** A name for the file: of one night or workout without its date or number. */
function nameOf(view: string): string {
  if (view === "") return "today";
  const [, list] = /^(sleep|workouts)\//.exec(view) ?? [];
  if (list) return `${list}-one`;
  return view
    .replace(/\d{4}-\d{2}-\d{2}/, "")
    .replace(/[^a-z_]+/g, "-")
    .replace(/-+$/, "");
}

/** The window is made as high as its content, so that what is fixed to its edges stays there. */
async function take(page: Page, screen: Screen, path: string): Promise<void> {
  let height = 0;
  // A higher window may show more, and what is drawn last makes the page longer.
  for (let turn = 0; turn < 3; turn += 1) {
    height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width: screen.width, height: Math.min(HEIGHT_MAX, Math.max(height, screen.height)) });
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  }
  await page.screenshot({ path });
  console.log(path);
}

mkdirSync(folder, { recursive: true });
const browser = await launch();
for (const state of Object.keys(STATES)) {
  if (wanted.length === 0 || wanted.includes(state)) await draw(browser, state);
}
await browser.close();
