// Hostile and long texts are texts: nothing runs, nothing is cut without a title, nothing is wider than the screen. And what
// axe-core says of each view, in both themes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { cutTexts, DESK, launch, newContext, PHONE, type Screen, SMALL, show, signIn, Watched } from "./browser.ts";
import { HOSTILE_LABEL, hostile, hostilePayload } from "./hostile.ts";
import { NAMES, payload } from "./made.ts";
import { Household } from "./server.ts";

const household = new Household();
const watched = new Watched(() => household.url);
const AXE = readFileSync(createRequire(`${process.cwd()}/package.json`).resolve("axe-core/axe.min.js"), "utf8");
const now = Date.now();
const today = new Date(now).toISOString().slice(0, 10);
let browser: Browser;
let token = "";
let workout = "";
let hostileWorkout = "";

before(async () => {
  household.import(
    "anna",
    payload({ names: NAMES, lastDay: today, days: 9, zone: "Europe/Berlin", zoneHours: 1, hasWorkouts: true }),
  );
  const sender = household.token("send", "--person", "eve", "--label", HOSTILE_LABEL);
  token = household.token("read", "--all-people", "--label", "tests");
  await household.start();
  await household.upload(sender, hostilePayload(now));
  workout = await workoutOf("anna");
  hostileWorkout = await workoutOf("eve");
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await household.remove();
});

async function workoutOf(person: string): Promise<string> {
  const { workouts } = await household.read<{ workouts: { uuid: string; has_route: boolean }[] }>(
    token,
    `workouts?person=${person}`,
  );
  return workouts.find(({ has_route }) => has_route)?.uuid ?? "";
}

/** The addresses of views, each with a person's longest content. */
function views(person: string): string[] {
  const one = person === "eve" ? hostileWorkout : workout;
  const views = [
    "",
    "types",
    "sleep",
    `sleep/${today}`,
    "workouts",
    `workouts/${one}`,
    "data",
    "setup",
    "type/heart_rate",
    `why/steps/${today}`,
  ];
  return views.map((view) => `#/${view}?person=${person}`);
}

async function signedIn(screen: Screen, theme: "light" | "dark" = "light"): Promise<BrowserContext> {
  const context = await newContext(browser, { screen, theme });
  await signIn(context, household.url, token);
  return context;
}

/** Opens what is closed, so that its texts are looked at also. */
async function openAll(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
}

test("markup in texts of payloads is shown as text", async () => {
  const context = await signedIn(PHONE);
  const page = await context.newPage();
  watched.watch(page);
  let seen = "";
  for (const view of [
    ...views("eve"),
    `#/type/${encodeURIComponent(`HKQuantityTypeIdentifier${hostile(0)}`)}?person=eve`,
  ]) {
    await show(page, household.url, view);
    await openAll(page);
    seen += await page.locator("body").textContent();
    const found = await page.evaluate(() => ({
      hit: "hit" in window,
      images: document.querySelectorAll("img").length,
      scripts: [...document.querySelectorAll("script")].filter((script) => !script.src).length,
      links: [...document.querySelectorAll("a")].filter((link) => link.protocol === "javascript:").length,
      handlers: document.querySelectorAll("[onerror], [onload]").length,
    }));
    assert.deepEqual(found, { hit: false, images: 0, scripts: 0, links: 0, handlers: 0 }, view);
  }
  // The texts were there, so that the test looks at something.
  for (const markup of [
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg/onload=window.hit=1>",
  ]) {
    assert.ok(seen.includes(markup), markup);
  }
  await context.close();
});

for (const [name, screen] of Object.entries({ small: SMALL, phone: PHONE, desk: DESK })) {
  test(`the longest texts fit on the screen: ${name}`, async () => {
    const context = await signedIn(screen);
    const page = await context.newPage();
    watched.watch(page);
    const faults: Record<string, string[]> = {};
    for (const view of [...views("eve"), ...views("anna")]) {
      await show(page, household.url, view);
      const found = await cutTexts(page);
      if (found.length > 0) faults[view] = found;
    }
    assert.deepEqual(faults, {});
    await context.close();
  });
}

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** The pages without a script. */
const PLAIN = ["plain?", "plain?type=steps&range=month&", "plain/sleep?", "plain/workouts?", "plain/data?"];

async function seriousFaults(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's policy does not concern.
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run: () => Promise<{ violations: Violation[] }> } }).axe;
    return (await axe.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary}`);
}

for (const theme of ["light", "dark"] as const) {
  for (const screen of [PHONE, DESK]) {
    test(`axe finds nothing serious: ${theme}, ${screen.width} px`, async () => {
      const context = await signedIn(screen, theme);
      const page = await context.newPage();
      watched.watch(page);
      const faults: Record<string, string[]> = {};
      for (const view of views("anna")) {
        await show(page, household.url, view);
        const found = await seriousFaults(page);
        if (found.length > 0) faults[view] = found;
      }
      for (const path of PLAIN) {
        await page.goto(`${household.url}${path}person=anna`);
        const found = await seriousFaults(page);
        if (found.length > 0) faults[path] = found;
      }
      // The view before signing in also.
      await show(page, household.url, "");
      await context.clearCookies();
      await page.reload();
      await page.getByLabel("Token").waitFor();
      const found = await seriousFaults(page);
      if (found.length > 0) faults["sign-in"] = found;
      assert.deepEqual(faults, {});
      await context.close();
    });
  }
}

test("no page had an error, or asked anybody else", () => watched.check());
