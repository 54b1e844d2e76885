// Figures of each view: equal to the API's, and to the truth of a made-up life, which no sample was added up for.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { DESK, facts, launch, newContext, PHONE, show, signIn, table, Watched } from "./browser.ts";
import { NAMES, payload } from "./made.ts";
import { Household, type Truth } from "./server.ts";

const DAYS = 60;
const DAY_MS = 86_400_000;
const today = berlinDay(Date.now());

const household = new Household();
const watched = new Watched(() => household.url);
let browser: Browser;
let context: BrowserContext;
let page: Page;
let token = "";
let truth: Truth;

/** The date in Berlin, where the browser of the tests is. */
function berlinDay(instant: number): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/Berlin" }).format(instant);
}

function daysBefore(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - count * DAY_MS).toISOString().slice(0, 10);
}

/** As the page writes minutes. */
function duration(minutes: number | null): string {
  if (minutes === null) return "–";
  const whole = Math.round(minutes);
  const [hours, rest] = [Math.floor(whole / 60), whole % 60];
  return hours === 0 ? `${rest}m` : rest === 0 ? `${hours}h` : `${hours}h ${rest}m`;
}

before(async () => {
  const [life, right] = [join(household.folder, "life.json"), join(household.folder, "truth.json")];
  const start = daysBefore(today, DAYS - 1);
  household.generate("life", "--days", String(DAYS), "--start", start, "-o", life, "--truth", right);
  truth = JSON.parse(readFileSync(right, "utf8")) as Truth;
  household.import("me", life);
  household.import(
    "anna",
    payload({ names: NAMES, lastDay: today, days: 9, zone: "Europe/Berlin", zoneHours: 1, hasWorkouts: true }),
  );
  token = household.token("read", "--all-people", "--label", "tests");
  await household.start();
  browser = await launch();
  context = await newContext(browser, { screen: DESK });
  await signIn(context, household.url, token);
  page = await context.newPage();
  watched.watch(page);
});

after(async () => {
  await browser?.close();
  await household.remove();
});

test("each night of a month is the one that was slept", async () => {
  await show(page, household.url, "#/sleep?range=month");
  const rows = await table(page, "Sleep");
  assert.ok(rows.length > 20);
  let compared = 0;
  for (const [name, asleep, , , inBed, deep, core, rem, awake, naps] of rows) {
    const night = Object.keys(truth.nights).find((date) => shortDay(date) === name);
    const right = night === undefined ? undefined : truth.nights[night];
    // The night that has begun today is not over: it may have less than the life will have had.
    if (!right || night === undefined || night >= today) continue;
    compared += 1;
    const hasStages = (right.core ?? 0) + (right.deep ?? 0) + (right.rem ?? 0) > 0;
    const stage = (minutes: number | null) => (hasStages ? duration(minutes) : "–");
    assert.deepEqual(
      [asleep, inBed, deep, core, rem, awake, naps],
      [
        duration(right.asleep),
        duration(right.in_bed),
        stage(right.deep),
        stage(right.core),
        stage(right.rem),
        stage(right.awake),
        String(right.naps),
      ],
      night,
    );
  }
  assert.ok(compared > 20, `${compared} nights`);
});

/** As the table names a night. */
function shortDay(date: string): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
  return format.format(Date.parse(`${date}T00:00:00Z`));
}

test("a night without any report has no bar and no row", async () => {
  await show(page, household.url, "#/sleep?range=month&person=anna");
  const missing = daysBefore(today, 4);
  const { nights } = await household.read<{ nights: { night: string }[] }>(token, `nights?person=anna&from=${missing}`);
  assert.ok(!nights.some(({ night }) => night === missing));
  const bars = await page.locator("a.night-bar").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  assert.equal(bars.length, 8);
  assert.ok(!bars.some((href) => href?.includes(missing)));
  await page.goto(`${household.url}#/sleep/${missing}?person=anna`);
  await page.getByRole("heading", { name: "No sleep is known for this night" }).waitFor();
});

test("one night has its stages, its heart and its breathing under one cursor", async () => {
  const date = daysBefore(today, 1);
  await show(page, household.url, `#/sleep/${date}?person=anna`);
  await page.getByText("Breathing", { exact: true }).waitFor();
  const night = await household.read<{ asleep_min: number; in_bed_min: number; awakenings: number }>(
    token,
    `nights/${date}?person=anna`,
  );
  assert.equal(await page.locator(".readout-value").textContent(), duration(night.asleep_min));
  const shown = await facts(page, "main");
  assert.equal(shown["In bed"], duration(night.in_bed_min));
  assert.equal(shown["Times awake"], String(night.awakenings));
  const box = await page.locator(".plots-box").boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width / 2, box.y + 60);
  assert.equal(await page.locator(".plot-cursor").count(), 4);
  const readouts = await page.locator(".plot-readout.now").allTextContents();
  assert.match(readouts[0] ?? "", /\d:\d\d$/);
  assert.match(readouts[1] ?? "", /^\d+ bpm$/);
});

test("no link leads to a night that is not there yet", async () => {
  for (const [time, night, isThere] of [
    ["09:00", today, false],
    // From the evening on a night may have begun that has tomorrow's date: this one has not.
    ["20:00", today, false],
    ["20:00", daysBefore(today, 1), true],
  ] as const) {
    const other = await context.newPage();
    watched.watch(other);
    // Winter or summer: neither time is near 18:00.
    await other.clock.setFixedTime(`${today}T${time}:00+01:00`);
    await show(other, household.url, `#/sleep/${night}?person=anna`);
    await other.waitForLoadState("networkidle");
    const next = other.getByRole("link", { name: "Night after" });
    assert.equal(await next.count(), isThere ? 1 : 0, time);
    await other.close();
  }
});

test("workouts are those of the life, day by day", async () => {
  await show(page, household.url, "#/workouts");
  const lines = await page.locator("a.item .item-when").allTextContents();
  const days = Object.entries(truth.workouts).filter(([day]) => day <= today);
  const total = days.reduce((sum, [, count]) => sum + count, 0);
  // The walk of the last night's journey may be in the future.
  const { total: known } = await household.read<{ total: number }>(token, "workouts?limit=1");
  assert.equal(lines.length, known);
  assert.ok(Math.abs(known - total) <= 1, `${known} ${total}`);
  assert.equal(await page.locator(".filters .note").textContent(), `${known} workouts`);
  await page.locator("select").selectOption("running");
  const runs = await page.locator("a.item .item-name").allTextContents();
  assert.ok(runs.length > 0 && runs.every((name) => name === "Running"));
});

interface Workout {
  uuid: string;
  activity: string;
  duration_s: number;
  distance_km: number;
  has_route: boolean;
}

test("a workout has the API's figures, its splits, and a cursor on its route", async () => {
  const { workouts } = await household.read<{ workouts: Workout[] }>(token, "workouts?person=anna");
  const run = workouts.find(({ activity, has_route }) => activity === "running" && has_route);
  assert.ok(run);
  await show(page, household.url, `#/workouts/${run.uuid}?person=anna`);
  await page.locator(".route svg").waitFor();
  const shown = await facts(page, ".workout-figures");
  assert.equal(shown.Distance, `${run.distance_km.toFixed(2)} km`);
  assert.equal(shown.Duration, duration(run.duration_s / 60));
  const seconds = Math.round(run.duration_s / run.distance_km);
  assert.equal(shown.Pace, `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} /km`);
  const { splits } = await household.read<{ splits: object[] }>(token, `workouts/${run.uuid}?person=anna&units=km`);
  assert.equal(await page.locator("table.splits tbody tr").count(), splits.length);
  const plots = page.locator(".workout-plots .plots-box");
  const placeAt = async (x: number) => {
    await plots.hover({ position: { x, y: 60 } });
    return page.locator(".route-here").getAttribute("cx");
  };
  const [first, second] = [await placeAt(300), await placeAt(600)];
  assert.ok(first && second && first !== second);
  const link = await page.getByRole("link", { name: "GPX" }).getAttribute("href");
  const gpx = await context.request.get(household.url + link);
  assert.match(await gpx.text(), /<trkpt /);
});

test("Data has the ledger's figures, and knows that no phone has sent anything", async () => {
  await show(page, household.url, "#/data");
  await page.getByText("No phone has sent anything yet").waitFor();
  const status = await household.read<{ types: number; workouts: number; uploads: number }>(token, "status");
  const shown = await facts(page, ".card:last-child");
  assert.equal(shown.Types, String(status.types));
  assert.equal(shown.Workouts, String(status.workouts));
  assert.equal(shown.Uploads, String(status.uploads));
  const { uploads } = await household.read<{ uploads: { records: number }[] }>(token, "uploads");
  const line = page.locator("details.upload").first();
  const records = (uploads[0]?.records ?? 0).toLocaleString("en-GB");
  assert.equal(await line.locator(".item-main").textContent(), `${records} records`);
});

test("each day of a type is the one that was lived, and a day's reasons add up to it", async () => {
  await show(page, household.url, "#/type/steps?range=month");
  await page.locator("details.table-behind").first().waitFor();
  const rows = await table(page, "Steps");
  const month = today.slice(0, 7);
  const days = Object.entries(truth.days.StepCount ?? {})
    .filter(([day]) => day.startsWith(month) && day <= today)
    .sort(([one], [other]) => (one < other ? 1 : -1));
  assert.equal(rows.length, days.length);
  for (const [place, [day, steps]] of days.entries()) {
    const shown = Number((rows[place]?.[1] ?? "").replace(/\D/g, ""));
    assert.ok(Math.abs(shown - steps) < 1, `${day}: ${steps} is shown as ${shown}`);
  }
  const yesterday = daysBefore(today, 1);
  const steps = truth.days.StepCount?.[yesterday];
  await show(page, household.url, `#/why/steps/${yesterday}`);
  if (steps === undefined) return;
  const text = (await page.locator("main").textContent()) ?? "";
  assert.ok(text.includes(Math.floor(steps).toLocaleString("en-GB")), `${steps}: ${text.slice(0, 200)}`);
});

test("Today's figures are those of the life", async () => {
  await page.setViewportSize(PHONE);
  await show(page, household.url, "#/");
  // It may be another day where the person is.
  const { today: there } = await household.read<{ today: string }>(token, "overview?person=me");
  const steps = truth.days.StepCount?.[there];
  await page.locator("main").getByText("Steps", { exact: true }).filter({ visible: true }).first().waitFor();
  if (steps !== undefined) {
    const text = (await page.locator("main").textContent()) ?? "";
    assert.ok(
      text.includes(Math.floor(steps).toLocaleString("en-GB")),
      `${steps} is not on Today: ${text.slice(0, 300)}`,
    );
  }
  await page.setViewportSize(DESK);
});

test("no page had an error, or asked anybody else", () => watched.check());
