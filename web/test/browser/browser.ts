// Chromium, and what every page of a test must keep: no errors, no breach of the policy, no request to anywhere else.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

export interface Screen {
  width: number;
  height: number;
}

export const PHONE: Screen = { width: 390, height: 844 };
export const DESK: Screen = { width: 1280, height: 800 };
export const SMALL: Screen = { width: 320, height: 640 };

export function chromiumPath(): string | null {
  const named = process.env.HEALTHSINK_CHROMIUM;
  if (named) return named;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      // The next name.
    }
  }
  return null;
}

export function launch(...more: string[]): Promise<Browser> {
  // Containers have no sandbox of their own; the pages are ours.
  const args = ["--no-sandbox", "--disable-gpu", ...more];
  return chromium.launch({ executablePath: chromiumPath() ?? "chromium", args });
}

/** Faults of pages: tests look at them at their end. */
export class Watched {
  readonly faults: string[] = [];
  /** Requests may fail while a test's server is away. */
  mayFail = false;

  /** Requests may go to these addresses only. */
  private readonly urls: (() => string)[];

  constructor(...urls: (() => string)[]) {
    this.urls = urls;
  }

  watch(page: Page): void {
    page.on("pageerror", (error) => this.faults.push(`error: ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      const text = message.text();
      // The browser reports refused requests also: 401 before signing in, 404 of what does not exist.
      if (message.type() === "error" && !/Failed to load resource/.test(text)) this.faults.push(`console: ${text}`);
    });
    page.on("request", (request) => {
      const url = request.url();
      const isAllowed = this.urls.some((allowed) => allowed() !== "" && url.startsWith(allowed()));
      if (!isAllowed && !/^(data|blob):/.test(url)) this.faults.push(`request to ${url}`);
    });
    page.on("dialog", (dialog) => {
      this.faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  check(): void {
    const faults = this.mayFail
      ? this.faults.filter((fault) => !/net::|Failed to fetch|error occurred when fetching the script/.test(fault))
      : this.faults;
    assert.deepEqual(faults, []);
  }
}

export interface ContextOptions {
  screen?: Screen;
  theme?: "light" | "dark";
  hasTouch?: boolean;
}

const WAIT_MS_MAX = 30_000;

export async function newContext(
  browser: Browser,
  { screen = PHONE, theme = "light", hasTouch = false }: ContextOptions = {},
) {
  const context = await browser.newContext({
    viewport: screen,
    colorScheme: theme,
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    reducedMotion: "reduce",
    hasTouch,
  });
  context.setDefaultTimeout(WAIT_MS_MAX);
  return context;
}

/** Signs a context in by the page's own request. */
export async function signIn(context: BrowserContext, url: string, token: string): Promise<void> {
  const answer = await context.request.post(`${url}session`, {
    data: { token },
    headers: { origin: new URL(url).origin },
  });
  assert.equal(answer.status(), 200, await answer.text());
}

/** Shows a view and waits until it has its data. */
export async function show(page: Page, url: string, hash: string): Promise<void> {
  await page.goto(url + hash);
  await settled(page);
}

/** Waits until nothing is loading. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main h1, main .state").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".loading, .night-whole") === null);
}

/** Returns the texts of a list of facts by their names. */
export async function facts(page: Page, scope: string): Promise<Record<string, string>> {
  return page.locator(`${scope} .facts > div`).evaluateAll((rows) =>
    Object.fromEntries(
      rows.map((row) => {
        const value = row.querySelector("dd")?.cloneNode(true) as HTMLElement | undefined;
        value?.querySelector(".note")?.remove();
        return [row.querySelector("dt")?.textContent ?? "", value?.textContent ?? ""];
      }),
    ),
  );
}

/** Returns the cells of a table behind a chart, by row. Opens it first. */
export async function table(page: Page, name: string): Promise<string[][]> {
  const found = page.getByRole("table", { name });
  await page
    .locator("details.table-behind")
    .first()
    .evaluate((details: HTMLDetailsElement) => {
      details.open = true;
    });
  await found.locator("tbody tr").first().waitFor();
  return found
    .locator("tbody tr")
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? "")));
}

/** Texts that are wider than their box and have no title, and boxes beyond the screen. */
export async function cutTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) faults.push(`the page is ${scrollWidth} wide, the screen ${clientWidth}`);
    // A table that is seen at once fits; those behind charts may be wider.
    for (const part of document.querySelectorAll<HTMLElement>(".table-scroll")) {
      if (clientWidth < 360 || part.closest("details") || part.scrollWidth <= part.clientWidth + 1) continue;
      faults.push(`a table is cut: ${part.getAttribute("aria-label")}`);
    }
    for (const element of document.querySelectorAll<HTMLElement>("body *")) {
      const style = getComputedStyle(element);
      if (element.closest(".hidden, svg, .map, [hidden]") || style.display === "none") continue;
      const isCut = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
      const isScrolled = /auto|scroll/.test(style.overflowX);
      if (isCut && style.overflowX !== "visible" && !isScrolled && !element.title && !element.closest("[title]")) {
        faults.push(`cut: ${element.className} ${element.textContent?.slice(0, 60)}`);
      }
      const box = element.getBoundingClientRect();
      if (box.width > 0 && box.right > clientWidth + 1 && !element.closest(".table-scroll, .raw, pre, select")) {
        faults.push(`beyond the screen: ${element.tagName} ${element.className} ${element.textContent?.slice(0, 60)}`);
      }
    }
    return faults.slice(0, 10);
  });
}
