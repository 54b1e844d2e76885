// Questions that the page is for, answered as somebody does who has not seen it: from Today, on a phone, by taps only. Each
// answer is the API's, after at most three taps.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import type { Explanation, Overview, Series } from "../../src/api/shapes.ts";
import { facts, launch, newContext, PHONE, settled, show, signIn, Watched } from "./browser.ts";
import { Household } from "./server.ts";

/** The month before the last one is whole. */
const DAYS = 95;
const DAY_MS = 86_400_000;
const TAPS_MAX = 3;
/** Pictures of the answers, to look at. */
const PICTURES = process.env.HEALTHSINK_PICTURES;

const household = new Household();
const watched = new Watched(() => household.url);
let browser: Browser;
let context: BrowserContext;
let token = "";
let today = "";

before(async () => {
  await household.fillWithDemo(DAYS);
  token = household.token("read", "--person", "anna", "--label", "tests");
  await household.start();
  ({ today } = await household.read<Overview>(token, "overview"));
  browser = await launch();
  context = await newContext(browser, { screen: PHONE, hasTouch: true });
  await signIn(context, household.url, token);
});

after(async () => {
  await browser?.close();
  await household.remove();
});

const daysBefore = (day: string, count: number) =>
  new Date(Date.parse(`${day}T00:00:00Z`) - count * DAY_MS).toISOString().slice(0, 10);

/** Somebody with a phone that shows Today. */
class Finger {
  taps = 0;

  constructor(readonly page: Page) {}

  async tap(what: Locator): Promise<void> {
    await what.scrollIntoViewIfNeeded();
    await what.tap();
    this.taps += 1;
    await settled(this.page);
    await this.page.waitForFunction(() => !document.querySelector(".busy"));
  }
}

async function ask(question: string, answer: (page: Page, finger: Finger) => Promise<void>): Promise<void> {
  const page = await context.newPage();
  watched.watch(page);
  await show(page, household.url, "#/");
  const finger = new Finger(page);
  const begin = performance.now();
  await answer(page, finger);
  const seconds = (performance.now() - begin) / 1000;
  if (PICTURES) {
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `${question.replace(/\W+/g, "-")}.png`) });
    console.log(`${question}: ${finger.taps} taps, ${seconds.toFixed(1)} s`);
  }
  assert.ok(finger.taps <= TAPS_MAX, `${finger.taps} taps`);
  await page.close();
}

const number = (value: number) => Math.floor(value + 1e-6).toLocaleString("en-GB");

function duration(minutes: number): string {
  const whole = Math.round(minutes);
  return `${Math.floor(whole / 60)}h${whole % 60 === 0 ? "" : ` ${whole % 60}m`}`;
}

test("how did I sleep", () =>
  ask("how did I sleep", async (page, finger) => {
    const { night } = await household.read<Overview>(token, "overview");
    assert.ok(night?.asleep_min);
    const card = page.locator(".card", { has: page.getByRole("heading", { name: "Last night" }) });
    assert.match((await card.textContent()) ?? "", new RegExp(duration(night.asleep_min)));
    await finger.tap(card.getByRole("link", { name: "Details" }));
    // Not what was measured meanwhile: in a night that has just begun, that is little.
    await page.locator(".readout-value").waitFor();
    assert.equal(await page.locator(".readout-value").textContent(), duration(night.asleep_min));
  }));

test("how much did I walk last month against the month before", () =>
  ask("how much did I walk last month", async (page, finger) => {
    const last = daysBefore(`${today.slice(0, 7)}-01`, 1).slice(0, 7);
    const former = daysBefore(`${last}-01`, 1).slice(0, 7);
    const path = `days?type=steps&from=${former}-01&to=${today.slice(0, 7)}-01`;
    const { days = [] } = await household.read<Series>(token, path);
    const total = (month: string) =>
      days.filter(({ day }) => day.startsWith(month)).reduce((sum, { value }) => sum + (value ?? 0), 0);
    await finger.tap(page.locator(".figure", { hasText: "Steps" }));
    await finger.tap(page.locator(".segmented label", { hasText: /^Month/ }));
    await finger.tap(page.getByRole("button", { name: "Previous period" }));
    const text = (await page.locator(".summaries").textContent()) ?? "";
    assert.ok(text.includes(number(total(last))), `${total(last)}: ${text}`);
    assert.ok(text.includes(number(total(former))), `${total(former)}: ${text}`);
  }));

test("where did I run on Sunday, and how fast", () =>
  ask("where did I run on Sunday", async (page, finger) => {
    const { workouts } = await household.read<{
      workouts: { uuid: string; activity: string; start: string; distance_km: number; duration_s: number }[];
    }>(token, `workouts?from=${daysBefore(today, 60)}`);
    const run = workouts
      .filter(({ activity, start }) => activity === "running" && new Date(start).getUTCDay() === 0)
      .sort((one, other) => (one.start < other.start ? 1 : -1))[0];
    assert.ok(run);
    const line = page.locator(`a[href*="${run.uuid}"]`);
    // Today has the last ones.
    if ((await line.count()) === 0) {
      await finger.tap(page.getByRole("navigation").getByRole("link", { name: "Workouts" }));
    }
    await finger.tap(line.first());
    await page.locator(".route svg").waitFor();
    const shown = await facts(page, ".workout-figures");
    const pace = Math.round(run.duration_s / run.distance_km);
    assert.equal(shown.Pace, `${Math.floor(pace / 60)}:${String(pace % 60).padStart(2, "0")} /km`);
    assert.match((await page.locator(".route-where").textContent()) ?? "", /^Where [\d.]+° N, [\d.]+° E Open in maps$/);
  }));

test("is the phone still sending", () =>
  ask("is the phone still sending", async (page, finger) => {
    await page.getByText(/^Last upload/).waitFor();
    await finger.tap(page.getByRole("navigation").getByRole("link", { name: "Data" }));
    await page.locator(".verdict-line", { hasText: "Data is arriving" }).waitFor();
  }));

test("why is yesterday's step count what it is", () =>
  ask("why is yesterday's step count", async (page, finger) => {
    const yesterday = daysBefore(today, 1);
    const why = await household.read<Explanation>(token, `explain?type=steps&from=${yesterday}`);
    await finger.tap(page.locator(".figure", { hasText: "Steps" }));
    const over = page.locator(".chart .u-over");
    await over.waitFor();
    const box = await over.boundingBox();
    assert.ok(box);
    // The bar of yesterday among those of a week that begins on Monday.
    const place = (new Date(`${yesterday}T00:00:00Z`).getUTCDay() + 6) % 7;
    if (new Date(`${today}T00:00:00Z`).getUTCDay() === 1) {
      await finger.tap(page.getByRole("button", { name: "Previous period" }));
    }
    await page.touchscreen.tap(box.x + ((place + 0.5) / 7) * box.width, box.y + box.height - 20);
    finger.taps += 1;
    await page.locator(".chart-readout strong", { hasText: number(why.value ?? 0) }).waitFor();
    await finger.tap(page.getByRole("link", { name: "Why?" }));
    await page.locator(".source-parts").first().waitFor();
    assert.equal(await page.locator(".why .big").textContent(), number(why.value ?? 0));
  }));

test("no page had an error, or asked anybody else", () => watched.check());
