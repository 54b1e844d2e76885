// Measures the page over the ten years of the demo: when the figures of Today are seen, Lighthouse's scores, the CPU time that
// scripts take, and the server's memory with open pages.
//
//   node measure.mjs [--days NUMBER] [--db FILE] [--person NAME] [--runs NUMBER] [PART…]   PART: today, lighthouse, charts, memory

import { constants, copyFileSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import { launch, newContext, PHONE, settled, signIn } from "./browser.ts";
import { runLighthouse, slowDown } from "./lighthouse.ts";
import { median } from "./numbers.ts";
import { Household } from "./server.ts";

const { values, positionals: parts } = parseArgs({
  options: {
    days: { type: "string", default: "3650" },
    db: { type: "string" },
    person: { type: "string" },
    runs: { type: "string", default: "5" },
  },
  allowPositionals: true,
});
const RUNS = Number(values.runs);
const RANGES = ["day", "week", "month", "half", "year", "all"];
const TYPES = ["heart_rate", "steps"];
const DAY_MS = 86_400_000;
const household = new Household();
const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);

const shown = (ms: number) => ms.toFixed(0).padStart(6);

const SEEN = "figures seen at ";

/**
 * Milliseconds from the begin of the navigation until the first figure is there. The page itself reports it: the scripts by which
 * Playwright asks a page would take a slow phone a tenth of a second, just then.
 */
async function figuresAfter(page: Page, open: () => Promise<unknown>): Promise<number> {
  const [message] = await Promise.all([
    page.waitForEvent("console", (message) => message.text().startsWith(SEEN)),
    open(),
  ]);
  return Number(message.text().slice(SEEN.length));
}

async function watchFigures(page: Page): Promise<void> {
  await page.addInitScript((seen) => {
    const look = () => {
      if (document.querySelector(".figure .big")?.textContent) {
        // After the frame that has it.
        requestAnimationFrame(() => setTimeout(() => console.debug(seen + performance.now()), 0));
      } else requestAnimationFrame(look);
    };
    look();
  }, SEEN);
}

interface Times {
  /** A browser without anything but the session. */
  cold: number[];
  /** The same, as slow as Lighthouse's phone. */
  slow: number[];
  /** A browser that has seen the page, with its worker. */
  warm: number[];
}

async function today(browser: Browser): Promise<Times> {
  const times: Times = { cold: [], slow: [], warm: [] };
  const load = async (page: Page) => {
    await watchFigures(page);
    return figuresAfter(page, () => page.goto(household.url));
  };
  for (let run = 0; run < RUNS; run += 1) {
    const context = await newContext(browser, { screen: PHONE });
    await signIn(context, household.url, token);
    const page = await context.newPage();
    times.cold.push(await load(page));
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForLoadState("networkidle").catch(() => {});
    times.warm.push(await load(page));
    await context.close();
    const other = await newContext(browser, { screen: PHONE });
    await signIn(other, household.url, token);
    const slow = await other.newPage();
    await slowDown(slow);
    times.slow.push(await load(slow));
    await other.close();
  }
  return times;
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

/** Memory that the server's process has only for itself and the allocator, in KiB. */
function memoryKiB(): number {
  const status = readFileSync(`/proc/${household.processId}/status`, "utf8");
  return Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
}

const OPEN_PAGES = 10;

/** Memory after one page has been open and closed, and with ten that follow the server's events. */
async function memory(browser: Browser): Promise<void> {
  const opened: BrowserContext[] = [];
  const open = async () => {
    const context = await newContext(browser, { screen: PHONE });
    opened.push(context);
    await signIn(context, household.url, token);
    const page = await context.newPage();
    const live = page.waitForResponse((answer) => answer.url().includes("/api/v1/events"));
    await page.goto(household.url);
    await settled(page);
    await live;
  };
  await open();
  await opened.pop()?.close();
  const before = memoryKiB();
  let most = before;
  for (let count = 0; count < OPEN_PAGES; count += 1) {
    await open();
    most = Math.max(most, memoryKiB());
  }
  const mib = (kib: number) => (kib / 1024).toFixed(1);
  console.log(
    `\nmemory of the server, in MiB: ${mib(before)}; with ${OPEN_PAGES} pages open ${mib(memoryKiB())}, at most ${mib(most)}`,
  );
  for (const context of opened) await context.close();
}

const isWanted = (part: string) => parts.length === 0 || parts.includes(part);

if (values.db) copyFileSync(values.db, household.database, constants.COPYFILE_FICLONE);
else await household.fillWithDemo(Number(values.days));
const person = values.person ?? (values.db ? undefined : "anna");
const token = household.token("read", ...(person ? ["--person", person] : []));
await household.start();
const browser = await launch();
try {
  if (isWanted("memory")) await memory(browser);
  if (isWanted("today")) {
    console.log("\nuntil the figures of Today are seen, in ms: median, all runs");
    for (const [name, times] of Object.entries(await today(browser))) {
      console.log(
        `${name.padEnd(6)} ${shown(median(times))}   ${times.map((time: number) => time.toFixed(0)).join(" ")}`,
      );
    }
  }
  const tools = process.env.HEALTHSINK_LIGHTHOUSE;
  if (tools && isWanted("lighthouse")) {
    console.log("\nLighthouse, mobile: median, all runs; what costs points in the last one");
    await runLighthouse(tools, household.url, token, RUNS);
  }
  if (isWanted("charts")) {
    console.log(`\n${"CPU time of scripts, in ms".padEnd(44)}  first median   most`);
    const context = await newContext(browser, { screen: PHONE });
    await signIn(context, household.url, token);
    await charts(context);
  }
} finally {
  await browser.close();
  await household.remove();
}
