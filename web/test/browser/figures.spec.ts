// Today, a type over time, and why a number is what it is: equal to the API's figures and to the truth of a made-up life.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { Explanation, Overview, Series } from "../../src/api/shapes.ts";
import { launch, newContext, PHONE, SMALL, show, signIn, table, Watched } from "./browser.ts";
import { Household, type Truth } from "./server.ts";

const DAYS = 60;
const DAY_MS = 86_400_000;
const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/Berlin" }).format(Date.now());
const yesterday = daysBefore(today, 1);

const household = new Household();
const watched = new Watched(() => household.url);
let browser: Browser;
let page: Page;
let token = "";
let truth: Truth;

function daysBefore(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - count * DAY_MS).toISOString().slice(0, 10);
}

/** Steps are rounded down. */
const count = (value: number) => Math.floor(value + 1e-6).toLocaleString("en-GB");

before(async () => {
  const [life, right] = [join(household.folder, "life.json"), join(household.folder, "truth.json")];
  household.generate(
    "life",
    "--days",
    String(DAYS),
    "--start",
    daysBefore(today, DAYS - 1),
    "-o",
    life,
    "--truth",
    right,
  );
  truth = JSON.parse(readFileSync(right, "utf8")) as Truth;
  household.import("me", life);
  token = household.token("read", "--label", "tests");
  await household.start();
  browser = await launch();
  const context = await newContext(browser, { screen: PHONE });
  await signIn(context, household.url, token);
  page = await context.newPage();
  watched.watch(page);
});

after(async () => {
  await browser?.close();
  await household.remove();
});

test("the figures of Today are the overview's last days", async () => {
  const overview = await household.read<Overview>(token, "overview");
  await show(page, household.url, "#/");
  await page.locator(".figure").first().waitFor();
  const shown = await page.locator(".figure .big").allTextContents();
  const right = overview.figures.map(({ days, type }) => {
    const value = days.findLast((day) => day.value !== null)?.value ?? null;
    const unit = type === "active_energy" ? " kcal" : type.includes("heart_rate") ? " bpm" : "";
    if (value === null) return "–";
    return type === "steps" ? count(value) : `${Math.round(value).toLocaleString("en-GB")}${unit}`;
  });
  assert.ok(shown.length > 0);
  assert.deepEqual(shown, right);
});

test("Today waits for one request", async () => {
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/api/") && !pathname.endsWith("/events")) asked.push(pathname);
  });
  await show(page, household.url, "?again#/");
  await page.locator(".everything tbody tr").first().waitFor();
  page.removeAllListeners("request");
  watched.watch(page);
  assert.deepEqual(asked, ["/api/v1/overview"]);
});

test("each day of a month has the steps that were walked", async () => {
  await show(page, household.url, `#/type/steps?range=month&end=${yesterday}`);
  await page.locator(".chart canvas").waitFor();
  const rows = await table(page, "Steps: Values");
  let compared = 0;
  for (const [name = "", value] of rows) {
    const day = Object.keys(truth.days.StepCount ?? {}).find((date) => longDay(date) === name);
    const right = day === undefined ? undefined : truth.days.StepCount?.[day];
    if (right === undefined || day === today) continue;
    compared += 1;
    assert.equal(value, count(right), name);
  }
  assert.ok(compared > 0);
  assert.equal(compared, rows.filter(([name]) => name !== longDay(today)).length);
});

/** As the table names a day. */
function longDay(date: string): string {
  const options = { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat("en-GB", options).format(Date.parse(`${date}T00:00:00Z`));
}

test("a month's total is the sum of its days", async () => {
  const from = `${yesterday.slice(0, 7)}-01`;
  const series = await household.read<Series>(token, `days?type=steps&from=${from}&to=${daysBefore(today, -1)}`);
  const days = (series.days ?? []).filter(({ day }) => day.startsWith(yesterday.slice(0, 7)));
  const total = days.reduce((sum, { value }) => sum + (value ?? 0), 0);
  await show(page, household.url, `#/type/steps?range=month&end=${yesterday}`);
  await page.locator(".chart canvas").waitFor();
  const shown = await page
    .locator(".summaries dt", { hasText: /^Total$/ })
    .locator("xpath=../dd")
    .textContent();
  assert.ok(shown?.startsWith(count(total)), `${shown}, not ${total}`);
});

test("why: the sources add up to the number, and what is left out is the rest", async () => {
  const why = await household.read<Explanation>(token, `explain?type=steps&from=${yesterday}`);
  await show(page, household.url, `#/why/steps/${yesterday}`);
  await page.locator(".source-parts").first().waitFor();
  assert.equal(await page.locator(".why .big").textContent(), count(why.value ?? 0));
  assert.equal(count(why.value ?? 0), count(truth.days.StepCount?.[yesterday] ?? -1));
  // Those that never count stand behind the others.
  const shown = await page.locator(".source-parts strong").allTextContents();
  assert.deepEqual(shown.sort(), why.sources.map(({ value }) => count(value ?? 0)).sort());
  const hidden = why.sources.filter(({ value, recorded }) => (recorded ?? 0) > (value ?? 0) * 1.001);
  const notes = await page.locator(".source-parts .note").allTextContents();
  for (const { recorded } of hidden) {
    assert.ok(
      notes.some((note) => note.includes(`recorded ${count(recorded ?? 0)}`)),
      `${recorded}: ${notes}`,
    );
  }
  // Adding up all samples makes the sum of all that sources recorded.
  const all = why.sources.reduce((sum, { recorded }) => sum + (recorded ?? 0), 0);
  assert.ok(Math.abs(all - (why.naive ?? 0)) < 1e-6, `${all}, ${why.naive}`);
  const text = (await page.locator("main").textContent()) ?? "";
  const twice = (why.naive ?? 0) - (why.value ?? 0);
  if (twice > 1) assert.ok(text.includes(count(twice)), `${twice} is not in ${text.slice(0, 200)}`);
});

test("a chart goes from months to single samples, and back", async () => {
  const at = () => page.evaluate(() => new URLSearchParams(location.hash.split("?")[1]).get("zoom"));
  const drag = async (from: number, to: number) => {
    const before = await at();
    const box = await page.locator(".u-over").boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width * from, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * ((from + to) / 2), box.y + 60);
    await page.mouse.move(box.x + box.width * to, box.y + 60);
    await page.mouse.up();
    await page.waitForFunction((old) => !location.hash.includes(old), `zoom=${before}`.replace("zoom=null", "~"));
    // What is shown until then is still the chart of before.
    await page.waitForFunction(
      () => !document.querySelector(".busy, .loading") && document.querySelector(".chart canvas"),
    );
  };
  await show(page, household.url, `#/type/heart_rate?range=month&end=${daysBefore(today, 20)}`);
  await page.locator(".chart canvas").waitFor();
  await drag(0.2, 0.7);
  assert.match((await at()) ?? "", /^\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d$/);
  await drag(0.45, 0.55);
  await drag(0.4, 0.5);
  assert.match((await at()) ?? "", /T\d\d:\d\dZ\.\./);
  await page.getByRole("button", { name: "Whole period" }).click();
  await page.waitForFunction(() => !location.hash.includes("zoom"));
  assert.equal(await at(), null);
});

interface Finger {
  x: number;
  y: number;
}

test("two fingers zoom a chart, and one scrolls the page over it", async () => {
  const context = await newContext(browser, { screen: SMALL, hasTouch: true });
  await signIn(context, household.url, token);
  const touched = await context.newPage();
  watched.watch(touched);
  const cdp = await context.newCDPSession(touched);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...touchPoints: Finger[]) =>
    cdp.send("Input.dispatchTouchEvent", { type, touchPoints });
  await show(touched, household.url, `#/type/heart_rate?range=month&end=${daysBefore(today, 20)}`);
  const over = touched.locator(".u-over");
  await over.waitFor();
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  assert.ok(box);
  const [left, right, y] = [box.x + box.width * 0.4, box.x + box.width * 0.6, box.y + box.height / 2];
  await touch("touchStart", { x: left, y }, { x: right, y });
  for (let step = 1; step <= 6; step += 1)
    await touch("touchMove", { x: left - step * 12, y }, { x: right + step * 12, y });
  await touch("touchEnd");
  await touched.waitForFunction(() => location.hash.includes("zoom"));
  const zoom = new URLSearchParams((await touched.evaluate(() => location.hash)).split("?")[1]).get("zoom") ?? "";
  const [from = "", to = ""] = zoom.split("..");
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS;
  assert.ok(days >= 4 && days < 25, zoom);
  await touched.waitForFunction(
    () => !document.querySelector(".busy, .loading") && document.querySelector(".chart canvas"),
  );
  // The page is not zoomed by that.
  assert.equal(await touched.evaluate(() => window.visualViewport?.scale), 1);
  const before = await touched.evaluate(() => window.scrollY);
  await touch("touchStart", { x: left, y });
  for (let step = 1; step <= 8; step += 1) await touch("touchMove", { x: left, y: y - step * 20 });
  await touch("touchEnd");
  await touched.waitForFunction((old) => window.scrollY > old + 40, before);
  assert.equal(new URLSearchParams((await touched.evaluate(() => location.hash)).split("?")[1]).get("zoom"), zoom);
  await context.close();
});

test("a type without samples is named, and so is a day without a number", async () => {
  await show(page, household.url, "#/type/vo2_max");
  await page.getByRole("heading", { name: "VO₂ max" }).waitFor();
  await show(page, household.url, `#/why/vo2_max/${yesterday}`);
  await page.getByRole("heading", { name: "Nothing was recorded on this day" }).waitFor();
  assert.equal(await page.getByText(/address|left out/i).count(), 0);
});

test("bars by source add up to the day", async () => {
  await show(page, household.url, `#/type/steps?range=month&end=${yesterday}`);
  await page.locator(".source-select select").selectOption({ label: "By source" });
  await page.locator(".key-share").nth(1).waitFor();
  const names = await page.locator(".key-share .ellipsis").allTextContents();
  assert.deepEqual(new Set(names), new Set(["App", "Phone", "Watch"]));
  assert.match(await page.evaluate(() => location.hash), /by=source/);
  const rows = await table(page, "Steps: Values");
  const heads = await page.getByRole("table", { name: "Steps: Values" }).locator("thead th").allTextContents();
  const found = rows.find(([name]) => name === longDay(yesterday)) ?? [];
  const number = (text: string | undefined) => Number((text ?? "").replaceAll(",", "").replace("–", "0"));
  let sum = 0;
  for (const source of names) {
    const query = `days?type=steps&source=${source}&from=${yesterday}&to=${today}`;
    const { days = [] } = await household.read<Series>(token, query);
    const value = number(found[heads.indexOf(source)]);
    assert.equal(value, Math.floor((days[0]?.value ?? 0) + 1e-6), source);
    sum += value;
  }
  // Each is rounded down.
  const whole = number(found[heads.indexOf("Value")]);
  assert.ok(whole >= sum && whole - sum <= names.length, `${whole}, parts ${sum}`);
});

test("keys move along a chart, and the focus stays", async () => {
  await show(page, household.url, `#/type/steps?range=month&end=${yesterday}`);
  const chart = page.locator(".chart");
  await chart.focus();
  await page.keyboard.press("ArrowLeft");
  const first = await page.locator(".chart-readout p").textContent();
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction((old) => document.querySelector(".chart-readout p")?.textContent !== old, first);
  await page.keyboard.press("+");
  await page.waitForFunction(() => location.hash.includes("zoom"));
  await page.waitForFunction(() => document.activeElement?.classList.contains("chart"));
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !location.hash.includes("zoom"));
});

test("units and the search are in the address", async () => {
  await show(page, household.url, "#/type/body_mass?range=all&units=us");
  await page.locator(".summaries .big").waitFor();
  assert.match((await page.locator(".summaries .big").textContent()) ?? "", / lb$/);
  await show(page, household.url, "#/types");
  await page.getByRole("searchbox").fill("steps");
  await page.waitForFunction(() => document.querySelectorAll(".groups a").length === 1);
  assert.match(page.url(), /q=steps/);
});

test("a fifth figure is refused with a reason", async () => {
  await show(page, household.url, "#/");
  await page.getByRole("button", { name: "Choose figures" }).click();
  const dialog = page.locator("dialog.choose");
  const boxes = dialog.locator("input:not(:checked)");
  while ((await dialog.locator("input:checked").count()) < 4) await boxes.first().click();
  await boxes.first().click();
  await dialog.getByRole("status").filter({ hasText: "Four are chosen" }).waitFor();
  assert.equal(await dialog.locator("input:checked").count(), 4);
  await dialog.locator("input:checked").first().uncheck();
  assert.equal(await dialog.getByText("Four are chosen").count(), 0);
  await dialog.locator("input:not(:checked)").first().check();
  await page.keyboard.press("Escape");
});

test("the buttons of a chart stay in their place, and are as large as a finger", async () => {
  const tops = new Set<number>();
  for (const range of ["day", "week", "month", "half", "year", "all"]) {
    await show(page, household.url, `#/type/steps?range=${range}`);
    const labels = page.locator(".type > .segmented label");
    await labels.first().waitFor();
    tops.add(Math.round((await labels.first().boundingBox())?.y ?? -1));
    const next = page.getByRole("button", { name: "Next period" });
    if (range !== "all") assert.ok(await next.isDisabled(), range);
    for (const view of [labels, page.locator(".view-head button")]) {
      for (const box of await view.evaluateAll((found) => found.map((one) => one.getBoundingClientRect().toJSON())))
        assert.ok(box.width >= 44 && box.height >= 44, `${range}: ${box.width} × ${box.height}`);
    }
  }
  assert.equal(tops.size, 1, [...tops].join());
  const isCut = await page.locator("h1").evaluate((head) => head.scrollWidth > head.clientWidth);
  assert.ok(!isCut);
  await show(page, household.url, "#/sleep");
  const boxes = await page
    .locator(".segmented label")
    .evaluateAll((found) => found.map((one) => one.getBoundingClientRect().toJSON()));
  const shown = boxes.filter(({ width }) => width > 0);
  assert.ok(shown.length > 0);
  for (const { width, height } of shown) assert.ok(width >= 44 && height >= 44, `${width} × ${height}`);
});

test("headings lead to what they name, and a reason leads back to its chart", async () => {
  await show(page, household.url, "#/");
  await page.getByRole("heading", { name: "Workouts" }).getByRole("link").click();
  await page.waitForFunction(() => location.hash.startsWith("#/workouts"));
  await show(page, household.url, "#/");
  await page.locator("a.freshness").click();
  await page.waitForFunction(() => location.hash.startsWith("#/data"));
  await show(page, household.url, `#/why/steps/${today}`);
  await page.locator("a.back", { hasText: "Steps" }).click();
  await page.waitForFunction(() => location.hash.startsWith("#/type/steps"));
});

test("a figure says whether it is a mean, a last value or not over", async () => {
  await show(page, household.url, "#/");
  const heart = page.locator(".everything tbody tr", { hasText: "Heart rate" }).first();
  await heart.locator(".note", { hasText: "last" }).first().waitFor();
  await page.getByText("Percentages: the mean of the last 7 days").waitFor();
  await show(page, household.url, `#/type/steps?range=day&end=${today}`);
  const main = page.locator(".summaries .main");
  await main.getByText("so far").waitFor();
  assert.equal(await page.getByText(/ against the /).count(), 0);
});

/** The mean of the days of a span that are over. */
async function meanOf(type: string, from: string, to: string): Promise<number> {
  const { days = [] } = await household.read<Series>(token, `days?type=${type}&from=${from}&to=${to}`);
  const values = days.flatMap(({ value, partial }) => (value === null || partial ? [] : [value]));
  assert.ok(values.length > 0, `${type} ${from}`);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const monday = (day: string) => daysBefore(day, (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7);

test("a change says what it is compared with, also in a week that is past", async () => {
  const week = monday(daysBefore(today, 15));
  const [now, before] = await Promise.all([
    meanOf("steps", week, daysBefore(week, -7)),
    meanOf("steps", daysBefore(week, 7), week),
  ]);
  await show(page, household.url, `#/type/steps?range=week&end=${week}`);
  const change = Math.round((now / before - 1) * 100);
  const sign = change > 0 ? "+" : change < 0 ? "−" : "";
  const main = page.locator(".summaries .main");
  await main.getByText(`${sign}${Math.abs(change)}% against the week before`, { exact: true }).waitFor();
  const other = page.locator(".summaries dt", { hasText: /^Week before$/ }).locator("xpath=..");
  const text = (await other.textContent()) ?? "";
  assert.ok(text.includes(count(before)), `${before}: ${text}`);
  const format = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const name = format.formatRange(Date.parse(daysBefore(week, 7)), Date.parse(daysBefore(week, 1)));
  // Spaces of ranges differ between versions of ICU.
  const plain = (one: string) => one.replace(/\s+/g, " ");
  assert.ok(plain(text).includes(plain(name)), `${name}: ${text}`);
  // The value of the week before has its day beside it.
  const readout = (await page.locator(".chart-readout p").textContent()) ?? "";
  const last = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
  assert.ok(readout.includes(last.format(Date.parse(daysBefore(week, 1)))), readout);
});

test("a mean says what it is of", async () => {
  await show(page, household.url, `#/type/heart_rate?range=month&end=${yesterday}`);
  await page.locator(".summaries dt", { hasText: /^Average of days$/ }).waitFor();
  await page.locator(".chart-legend", { hasText: "Average of a day" }).waitFor();
  await show(page, household.url, `#/type/heart_rate?range=day&end=${yesterday}`);
  await page.locator(".summaries dt", { hasText: /^Average of samples$/ }).waitFor();
});

test("half a year is drawn by weeks on a phone, each as the server has it", async () => {
  await show(page, household.url, "#/type/steps?range=half");
  await page.locator(".chart canvas").waitFor();
  const { weeks = [] } = await household.read<Series>(
    token,
    `days?type=steps&bucket=week&from=${monday(daysBefore(today, 21))}`,
  );
  const readout = page.locator(".chart-readout strong");
  for (const { mean } of weeks.reverse().slice(0, 3)) {
    await readout.filter({ hasText: `${count(mean ?? -1)} a day` }).waitFor();
    await page.locator(".chart").press("ArrowLeft");
  }
  // Behind it are the days.
  const rows = await table(page, "Steps: Values");
  assert.ok(rows.some(([name]) => name === longDay(yesterday)));
  await page.setViewportSize({ width: 1000, height: 800 });
  await page.locator(".chart-legend", { hasText: "7-day mean" }).waitFor();
  assert.equal(await page.getByText("A week, average per day").count(), 0);
  await page.setViewportSize(PHONE);
});

test("no page had an error, or asked anybody else", () => watched.check());
