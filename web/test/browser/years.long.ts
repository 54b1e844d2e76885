// Ten years of the demo's people: each view, in both themes, on a phone and on a desk. Nothing is cut or wider than the screen.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { cutTexts, DESK, launch, newContext, PHONE, show, signIn, Watched } from "./browser.ts";
import { Household } from "./server.ts";

const DAYS = 3650;
const DAY_MS = 86_400_000;
const dayBefore = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
const household = new Household();
const watched = new Watched(() => household.url);
let browser: Browser;
let token = "";

before(async () => {
  await household.fillWithDemo(DAYS);
  token = household.token("read", "--all-people", "--person", "anna", "--label", "tests");
  await household.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await household.remove();
});

async function views(): Promise<string[]> {
  const path = `workouts?from=${dayBefore(60)}`;
  const { workouts } = await household.read<{ workouts: { uuid: string; has_route: boolean }[] }>(token, path);
  const { types } = await household.read<{ types: { type: string }[] }>(token, "types");
  const run = workouts.findLast(({ has_route }) => has_route);
  assert.ok(run);
  const ranges = ["day", "week", "month", "half", "year", "all"];
  return [
    "",
    "types",
    ...types.map(({ type }) => `type/${type}`),
    ...ranges.flatMap((range) => [`type/heart_rate?range=${range}`, `type/steps?range=${range}&by=source`]),
    ...["week", "month", "half", "year", "all"].map((range) => `sleep?range=${range}`),
    `sleep/${dayBefore(1)}`,
    `why/steps/${dayBefore(1)}`,
    "workouts?range=all",
    `workouts/${run.uuid}`,
    "data",
    "setup",
    "?person=ben",
  ].map((view) => `#/${view}`);
}

for (const theme of ["light", "dark"] as const) {
  for (const screen of [PHONE, DESK]) {
    test(`each view of ten years: ${theme}, ${screen.width} px`, async () => {
      const context = await newContext(browser, { screen, theme });
      await signIn(context, household.url, token);
      const page = await context.newPage();
      watched.watch(page);
      const faults: Record<string, string[]> = {};
      for (const view of await views()) {
        await show(page, household.url, view);
        const found = await cutTexts(page);
        if ((await page.locator(".state[role=alert]").count()) > 0) found.push("it could not be read");
        if ((await page.getByText("This view has failed").count()) > 0) found.push("it has failed");
        if (found.length > 0) faults[view] = found;
      }
      assert.deepEqual(faults, {});
      await context.close();
    });
  }
}

test("of a traveller's time zones the last ones are shown, and all of them on demand", async () => {
  const context = await newContext(browser, { screen: PHONE });
  await signIn(context, household.url, token);
  const page = await context.newPage();
  watched.watch(page);
  const { zones } = await household.read<{ zones: object[] }>(token, "zones?limit=1000");
  assert.ok(zones.length > 10, `${zones.length} zones`);
  await show(page, household.url, "#/data");
  const rows = page.getByRole("table", { name: "List of time zones" }).locator("tbody tr");
  await rows.first().waitFor();
  assert.equal(await rows.count(), 5);
  await page.getByRole("button", { name: `Show more (${zones.length - 5})` }).click();
  assert.equal(await rows.count(), zones.length);
  await context.close();
});

test("no page had an error, or asked anybody else", () => watched.check());
