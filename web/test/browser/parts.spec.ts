// Parts of the page that several views share, or that no other file tries: the link that signs in, people, units, the choice
// of figures, live figures, doses, CSV, tables behind charts, motion, installing, and the page without its server.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Overview, Series } from "../../src/api/shapes.ts";
import { launch, newContext, PHONE, settled, show, signIn, Watched } from "./browser.ts";
import { NAMES, payload, steps } from "./made.ts";
import { Household } from "./server.ts";

const household = new Household();
const watched = new Watched(() => household.url);
const ZONE = "Europe/Berlin";
/** There: in the hour before midnight of UTC it is another date. */
const today = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE }).format();
let browser: Browser;
let context: BrowserContext;
let page: Page;
let token = "";
let sender = "";

before(async () => {
  for (const [person, days] of [
    ["anna", 40],
    ["ben", 3],
  ] as const) {
    household.import(
      person,
      payload({ names: NAMES, lastDay: today, days, zone: ZONE, zoneHours: 1, hasWorkouts: true }),
    );
  }
  token = household.token("read", "--all-people", "--person", "anna", "--label", "tests");
  sender = household.token("send", "--person", "anna", "--label", "phone");
  await household.start();
  browser = await launch();
  context = await newContext(browser, { screen: PHONE });
  await signIn(context, household.url, token);
  page = await context.newPage();
  watched.watch(page);
});

after(async () => {
  await browser?.close();
  await household.remove();
});

test("the link of a one-use code signs in once, and leaves no code in the address", async () => {
  const url = household.url.slice(0, -1);
  const words = ["--qr", "--public-url", url, "--scope", "read", "--person", "ben", "--json"];
  const { sign_in: link } = JSON.parse(household.run("token", "new", ...words)) as { sign_in: string };
  const visit = async () => {
    const other = await newContext(browser, { screen: PHONE });
    const opened = await other.newPage();
    watched.watch(opened);
    await opened.goto(link);
    return opened;
  };
  const first = await visit();
  await first.locator(".figure").first().waitFor();
  assert.ok(!first.url().includes("code"), first.url());
  const second = await visit();
  await second.locator("[role=alert]").waitFor();
  assert.equal(await second.locator(".figure").count(), 0);
  await first.context().close();
  await second.context().close();
});

test("the menu changes the person and the units, and the address holds them", async () => {
  await show(page, household.url, "#/");
  await page.locator(".menu > summary").click();
  await page.locator(".menu").getByRole("button", { name: "ben" }).click();
  await page.waitForFunction(() => location.hash.includes("person=ben"));
  const { days = [] } = await household.read<Series>(token, `days?type=steps&person=ben&from=${today}`);
  const shown = page.locator(".figure", { hasText: "Steps" }).locator(".big");
  await shown.filter({ hasText: Math.floor(days[0]?.value ?? -1).toLocaleString("en-GB") }).waitFor();
  await page.locator(".menu > summary").click();
  await page.locator(".menu label", { hasText: "US" }).click();
  await page.waitForFunction(() => location.hash.includes("units=us"));
  await page.locator(".line-figures", { hasText: " mi" }).first().waitFor();
  await page.reload();
  await page.locator(".line-figures", { hasText: " mi" }).first().waitFor();
  await page.locator(".menu > summary").click();
  await page.locator(".menu label", { hasText: "Metric" }).click();
  await page.keyboard.press("Escape");
});

test("the owner chooses the figures of Today, and they stay", async () => {
  await show(page, household.url, "#/?person=anna");
  await page.getByRole("button", { name: "Choose figures" }).click();
  const dialog = page.locator("dialog.choose");
  await dialog.getByLabel("Heart rate", { exact: true }).uncheck();
  await dialog.getByLabel("Respiratory rate").check();
  await dialog.getByRole("button").click();
  const names = () => page.locator(".figure .figure-name > .clamp").allTextContents();
  await page.locator(".figure", { hasText: "Respiratory rate" }).waitFor();
  const chosen = await names();
  assert.ok(!chosen.includes("Heart rate"), chosen.join());
  await page.reload();
  await page.locator(".figure").first().waitFor();
  assert.deepEqual(await names(), chosen);
});

test("Today counts on while an upload comes in, and has the doses of the day", async () => {
  await show(page, household.url, "#/?person=anna");
  const overview = await household.read<Overview>(token, "overview?person=anna");
  const doses = page.locator(".card", { has: page.getByRole("heading", { name: "Medications" }) });
  const counted = `${overview.doses.taken} of ${overview.doses.due} taken`;
  assert.equal(await doses.locator(".note.numbers").first().textContent(), counted);
  const shown = page.locator(".figure", { hasText: "Steps" }).locator(".big");
  const before = Number((await shown.textContent())?.replace(/\D/g, ""));
  const [start, end] = [`${today}T00:00:10.000Z`, `${today}T00:01:00.000Z`] as const;
  await household.upload(sender, steps("00000000-0000-4000-8000-0000000000b1", 321, start, end));
  await shown.filter({ hasText: (before + 321).toLocaleString("en-GB") }).waitFor();
  await page.locator(".freshness.is-good").waitFor();
});

test("CSV has the values of the chart", async () => {
  await show(page, household.url, `#/type/steps?range=month&end=${today}&person=anna`);
  await page.locator(".chart canvas").waitFor();
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  const lines = readFileSync(await (await waiting).path(), "utf8")
    .trim()
    .split(/\r?\n/);
  const from = `${today.slice(0, 7)}-01`;
  const { days = [] } = await household.read<Series>(token, `days?type=steps&person=anna&from=${from}`);
  const place = (lines[0] ?? "").split(",").indexOf("value");
  assert.ok(place >= 0, lines[0]);
  const values = lines.slice(1).map((line) => Number(line.split(",")[place]));
  assert.deepEqual(
    values,
    days.map(({ value }) => value),
  );
});

test("behind each chart is a table, and nothing moves for those who do not want it", async () => {
  const { workouts } = await household.read<{ workouts: { uuid: string; has_route: boolean }[] }>(
    token,
    "workouts?person=anna",
  );
  const run = workouts.find(({ has_route }) => has_route);
  const charts = ["type/steps?range=month", "type/heart_rate?range=day", "sleep?range=month", `sleep/${today}`];
  for (const view of [...charts, `workouts/${run?.uuid}`]) {
    await show(page, household.url, `#/${view}${view.includes("?") ? "&" : "?"}person=anna`);
    const drawn = page.locator(".chart canvas, .plots-box, a.night-bar").first();
    await drawn.waitFor();
    const details = page.locator("details.table-behind").first();
    await details.locator("summary").click();
    await details.locator("tbody tr").first().waitFor();
    assert.ok((await details.locator("table caption").textContent()) !== "", view);
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0, view);
  }
});

test("the way back leads to where one came from, as it was", async () => {
  const hash = () => page.evaluate(() => location.hash);
  const back = page.locator("a.back");
  await show(page, household.url, "#/?person=anna");
  await page.locator(".figure", { hasText: "Steps" }).click();
  await back.filter({ hasText: "Today" }).click();
  await page.locator(".figure").first().waitFor();
  assert.equal(await hash(), "#/?person=anna");
  await show(page, household.url, "#/types?person=anna");
  await page.getByRole("searchbox").fill("steps");
  await page.locator(".groups a").first().click();
  await page.locator(".segmented label", { hasText: /^Week/ }).click();
  await page.getByRole("link", { name: "Why?" }).click();
  await back.filter({ hasText: "Steps" }).click();
  await page.locator(".chart canvas").waitFor();
  assert.match(await hash(), /range=week/);
  await back.filter({ hasText: "Trends" }).click();
  await page.getByRole("searchbox").waitFor();
  assert.match(await hash(), /q=steps/);
  // Without a way here, there is its list.
  await page.goto("about:blank");
  await show(page, household.url, `#/sleep/${today}?person=anna`);
  await back.filter({ hasText: "Sleep" }).waitFor();
});

test("a view that is left while it loads leaves nothing to wait for", async () => {
  const other = await context.newPage();
  watched.watch(other);
  // The first answer never comes, and the browser is slow to say that it is not wanted any more.
  await other.addInitScript(() => {
    const real = window.fetch;
    let isFirst = true;
    window.fetch = (input, options) => {
      const { signal } = options ?? {};
      if (!isFirst || !signal || !String(input).includes("overview")) return real(input, options);
      isFirst = false;
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => setTimeout(() => reject(signal.reason), 500));
      });
    };
  });
  await show(other, household.url, "#/types?person=anna");
  await other.locator(".groups a").first().waitFor();
  await other.getByRole("navigation").getByRole("link", { name: "Today" }).click();
  await other.locator(".figure").first().waitFor({ timeout: 10_000 });
  await other.close();
});

test("an upload that is opened says why elements were rejected", async () => {
  const [start, end] = [`${today}T00:02:00.000Z`, `${today}T00:03:00.000Z`] as const;
  const sent = steps("00000000-0000-4000-8000-0000000000b2", 1, start, end);
  const [list = []] = Object.values(sent.data);
  const wrong = list.map((sample) => ({ ...sample, startDate: "yesterday" }));
  list.push(...wrong, ...wrong);
  await household.upload(sender, sent);
  await show(page, household.url, "#/data?person=anna");
  const upload = page.locator("details.upload", { hasText: "2 rejected" }).first();
  await upload.locator("summary").click();
  const { rejects } = await household.read<{ rejects: { reason: string }[] }>(token, "rejects?person=anna");
  const reason = rejects.at(-1)?.reason.replaceAll("`", "") ?? "";
  assert.ok(reason.includes("startDate"), reason);
  const shown = upload.locator(".reasons li", { hasText: reason });
  await shown.waitFor();
  assert.match((await shown.textContent()) ?? "", /2 times, first HKQuantityTypeIdentifierStepCount\[1\]$/);
});

test("six months of nights on a phone are weeks, which lead to their nights and ask for none", async () => {
  const asked: string[] = [];
  const note = (request: { url(): string }) => asked.push(new URL(request.url()).pathname);
  page.on("request", note);
  await show(page, household.url, "#/sleep?range=half&person=anna");
  await page.locator("a.night-bar").first().waitFor();
  // 40 nights up to today.
  assert.equal(await page.locator("a.night-bar rect.stage-asleep").count(), 6);
  assert.deepEqual(
    asked.filter((path) => /nights\/\d/.test(path)),
    [],
  );
  page.off("request", note);
  await page.locator("a.night-bar").last().click();
  await page.waitForFunction(() => location.hash.includes("range=week"));
  assert.match(await page.evaluate(() => location.hash), new RegExp(`end=${today}`));
});

test("a browser can install the page", async () => {
  await show(page, household.url, "#/");
  const cdp = await context.newCDPSession(page);
  await cdp.send("Page.enable");
  const { url, errors, data } = await cdp.send("Page.getAppManifest");
  assert.ok(url.endsWith("/manifest.webmanifest"), url);
  assert.deepEqual(errors, []);
  const { icons } = JSON.parse(data ?? "{}") as { icons: { src: string; type: string }[] };
  for (const { src, type } of icons) {
    const answer = await context.request.get(household.url + src);
    assert.equal(answer.headers()["content-type"], type, src);
  }
  const { installabilityErrors } = await cdp.send("Page.getInstallabilityErrors");
  // A private window installs nothing.
  assert.deepEqual(
    installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito"),
    [],
  );
});

test("without its server the page shows what it has kept, and says since when", async () => {
  await show(page, household.url, "#/?person=anna");
  await page.evaluate(() => navigator.serviceWorker.ready);
  // The worker sees this visit.
  await show(page, household.url, "?again#/?person=anna");
  await page.locator(".figure").first().waitFor();
  const seen = await page.locator(".figure .big").allTextContents();
  await page.waitForFunction(async () => {
    const kept = await (await caches.open("answers")).keys();
    return kept.some(({ url }) => url.includes("/overview"));
  });
  watched.mayFail = true;
  await household.stop();
  await page.goto(`${household.url}#/?person=anna`);
  await page.reload();
  await page.locator(".figure").first().waitFor();
  await page.locator(".connection", { hasText: /cannot reach|cannot be reached/i }).waitFor();
  assert.deepEqual(await page.locator(".figure .big").allTextContents(), seen);
  await household.start();
  await page.locator(".connection button").click();
  await page.locator(".connection").waitFor({ state: "detached" });
  await settled(page);
});

test("no page had an error, or asked anybody else", () => watched.check());
