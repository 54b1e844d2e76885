// Lighthouse over Today with its mobile preset, and the same throttling for the figures, which Lighthouse does not know.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";
import { chromiumPath, PHONE, signIn } from "./browser.ts";
import { median } from "./numbers.ts";

/** The part of Lighthouse's report that is read. */
interface Report {
  /** How fast the machine was: about 1500 and more on an idle desk, which the phone is four times slower than. */
  environment: { benchmarkIndex: number };
  categories: Record<string, { score: number | null; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<
    string,
    {
      score: number | null;
      title: string;
      displayValue?: string;
      numericValue?: number;
      details?: { items?: unknown[] };
    }
  >;
}
type Lighthouse = (url: string, flags: object) => Promise<{ lhr: Report } | undefined>;

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const TIMES = ["first-contentful-paint", "largest-contentful-paint", "speed-index", "total-blocking-time"];

/** Its throttling as it is applied: latency of a request, bytes per second, and how much slower the processor is. */
const SLOW = { latency: 562.5, downloadThroughput: (1474.56 * 1024) / 8, uploadThroughput: (675 * 1024) / 8 };
const PROCESSOR = 4;

/** Makes a page as slow as Lighthouse's phone. */
export async function slowDown(page: Page): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", { offline: false, ...SLOW });
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: PROCESSOR });
}

/** Runs Lighthouse so many times in a browser that is signed in, and prints medians and what costs points. */
export async function runLighthouse(folder: string, url: string, token: string, runs: number): Promise<void> {
  const { default: lighthouse } = (await import(
    pathToFileURL(join(folder, "node_modules/lighthouse/core/index.js")).href
  )) as { default: Lighthouse };
  const profile = mkdtempSync(join(tmpdir(), "healthsink-lighthouse-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath() ?? "chromium",
    args: ["--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"],
    viewport: PHONE,
  });
  try {
    await signIn(context, url, token);
    const port = Number(readFileSync(join(profile, "DevToolsActivePort"), "utf8").split("\n")[0]);
    const reports: Report[] = [];
    for (let run = 0; run < runs; run += 1) {
      const flags = { port, formFactor: "mobile", onlyCategories: CATEGORIES, logLevel: "error" };
      const found = await lighthouse(url, flags);
      if (found) reports.push(found.lhr);
    }
    print(reports);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

function print(reports: readonly Report[]): void {
  const line = (name: string, numbers: number[]) =>
    console.log(
      `${name.padEnd(28)} ${median(numbers).toFixed(0).padStart(6)}   ${numbers.map((one) => one.toFixed(0)).join(" ")}`,
    );
  for (const name of CATEGORIES)
    line(
      name,
      reports.map(({ categories }) => (categories[name]?.score ?? 0) * 100),
    );
  for (const name of TIMES)
    line(
      name,
      reports.map(({ audits }) => audits[name]?.numericValue ?? Number.NaN),
    );
  line(
    "speed of the machine",
    reports.map(({ environment }) => environment.benchmarkIndex),
  );
  const last = reports.at(-1);
  const painted = JSON.stringify(last?.audits["largest-contentful-paint-element"]?.details ?? null);
  console.log(
    `largest element: ${/"nodeLabel":"([^"]*)"/.exec(painted)?.[1]} (${/"selector":"([^"]*)"/.exec(painted)?.[1]})`,
  );
  for (const [name, { auditRefs }] of Object.entries(last?.categories ?? {})) {
    for (const { id, weight } of auditRefs) {
      const audit = last?.audits[id];
      if (!audit || audit.score === null || audit.score >= 0.9) continue;
      console.log(`${name}: ${id} (weight ${weight}): ${audit.title} ${audit.displayValue ?? ""}`);
      for (const item of audit.details?.items?.slice(0, 4) ?? [])
        console.log(`    ${JSON.stringify(item).slice(0, 300)}`);
    }
  }
}
