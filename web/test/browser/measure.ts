// Measures the page over the ten years of the demo: when the figures of Today are seen, and the CPU time that scripts take.
//
//   node measure.mjs [--days NUMBER] [--runs NUMBER]

import { parseArgs } from "node:util";
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import { launch, newContext, PHONE, settled, signIn } from "./browser.ts";
import { Household } from "./server.ts";

const { values } = parseArgs({
  options: { days: { type: "string", default: "3650" }, runs: { type: "string", default: "5" } },
});
const RUNS = Number(values.runs);
const RANGES = ["day", "week", "month", "half", "year", "all"];
const TYPES = ["heart_rate", "steps"];
const DAY_MS = 86_400_000;
const household = new Household();
const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);

const median = (numbers: readonly number[]) => [...numbers].sort((one, other) => one - other)[numbers.length >> 1] ?? 0;
const shown = (ms: number) => ms.toFixed(0).padStart(6);

/** Milliseconds from the begin of the navigation until the first figure is there. */
async function figuresAfter(page: Page, open: () => Promise<unknown>): Promise<number> {
  await open();
  const handle = await page.waitForFunction(() => (window as unknown as { figuresAt?: number }).figuresAt);
  return (await handle.jsonValue()) as number;
}

async function watchFigures(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const look = () => {
      if (document.querySelector(".figure .big")?.textContent) {
        // After the frame that has it.
        requestAnimationFrame(() => setTimeout(() => Object.assign(window, { figuresAt: performance.now() }), 0));
      } else requestAnimationFrame(look);
    };
    look();
  });
}

/** Cold is a browser without anything but the session; warm one that has seen the page, with its worker. */
async function today(browser: Browser): Promise<{ cold: number[]; warm: number[] }> {
  const [cold, warm]: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run += 1) {
    const context = await newContext(browser, { screen: PHONE });
    await signIn(context, household.url, token);
    const page = await context.newPage();
    await watchFigures(page);
    cold.push(await figuresAfter(page, () => page.goto(household.url)));
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForLoadState("networkidle").catch(() => {});
    warm.push(await figuresAfter(page, () => page.goto(household.url)));
    await context.close();
  }
  return { cold, warm };
}

/** CPU time of the page's thread since it began, in milliseconds: other programs do not count. */
async function scriptMs(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "ScriptDuration")?.value ?? 0) * 1000;
}

async function view(page: Page, cdp: CDPSession, hash: string): Promise<number> {
  await page.evaluate(() => {
    location.hash = "#/setup";
  });
  await settled(page);
  const before = await scriptMs(cdp);
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.waitForFunction((to) => location.hash === to, hash);
  await settled(page);
  if (hash.startsWith("#/type/")) await page.locator(".chart canvas").waitFor();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50))));
  return (await scriptMs(cdp)) - before;
}

async function charts(context: BrowserContext): Promise<void> {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(household.url);
  await settled(page);
  const views = TYPES.flatMap((type) =>
    RANGES.map((range) => `#/type/${type}?range=${range}${range === "day" ? `&end=${yesterday}` : ""}`),
  );
  views.push("#/sleep", `#/sleep/${yesterday}`, "#/workouts?range=all", "#/types", "#/data");
  for (const hash of views) {
    const first = await view(page, cdp, hash);
    const again: number[] = [];
    for (let run = 0; run < RUNS; run += 1) again.push(await view(page, cdp, hash));
    console.log(`${hash.padEnd(44)} ${shown(first)} ${shown(median(again))} ${shown(Math.max(...again))}`);
  }
}

await household.fillWithDemo(Number(values.days));
const token = household.token("read", "--person", "anna");
await household.start();
const browser = await launch();
try {
  console.log("until the figures of Today are seen, in ms: median, all runs");
  for (const [name, times] of Object.entries(await today(browser))) {
    console.log(`${name.padEnd(6)} ${shown(median(times))}   ${times.map((time) => time.toFixed(0)).join(" ")}`);
  }
  console.log(`\n${"CPU time of scripts, in ms".padEnd(44)}  first median   most`);
  const context = await newContext(browser, { screen: PHONE });
  await signIn(context, household.url, token);
  await charts(context);
} finally {
  await browser.close();
  await household.remove();
}
