// All types of a person: each row of Today's table and of Trends has the API's value, age, change and usual range, in both
// systems of units. Texts are read back as numbers, so that nothing of the page's own formats is used here.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { Night, Overview, TypeRow, TypeSummary } from "../../src/api/shapes.ts";
import { DESK, launch, newContext, show, signIn, Watched } from "./browser.ts";
import { Household } from "./server.ts";

/** So many that each type has a usual range. */
const DAYS = 95;
const household = new Household();
const watched = new Watched(() => household.url);
let browser: Browser;
let page: Page;
let token = "";

before(async () => {
  await household.fillWithDemo(DAYS);
  token = household.token("read", "--person", "anna", "--label", "tests");
  await household.start();
  browser = await launch();
  const context = await newContext(browser, { screen: DESK });
  await signIn(context, household.url, token);
  page = await context.newPage();
  watched.watch(page);
});

after(async () => {
  await browser?.close();
  await household.remove();
});

/** What a unit on the page is in the API's unit. */
const UNITS: Record<string, (shown: number) => number> = {
  "%": (shown) => shown / 100,
  "°F": (shown) => (shown - 32) / 1.8,
  cm: (shown) => shown / 100,
  "fl oz": (shown) => shown * 29.5735,
  ft: (shown) => shown * 0.3048,
  in: (shown) => shown * 0.0254,
  km: (shown) => shown * 1000,
  "km/h": (shown) => shown / 3.6,
  lb: (shown) => shown * 0.45359237,
  mi: (shown) => shown * 1609.344,
};

interface Read {
  value: number;
  /** Half of the last digit that is shown; a whole one for what is rounded down. */
  error: number;
}

const DURATION = /^(?:(\d+)h)? ?(?:(\d+)m)?$/;

/** Reads a value back: `6.84 km`, `1,510 kcal`, `7h 29m`, `96.4%`. A unit may be that of another text. */
function read(text: string, unitOf = text): Read {
  const duration = DURATION.exec(text);
  if (text !== "" && duration) return { value: Number(duration[1] ?? 0) * 60 + Number(duration[2] ?? 0), error: 0.5 };
  const [, number = "", unit = ""] = /^([−\d.,]+)\s*(.*)$/.exec(text) ?? assert.fail(`no number: ${text}`);
  const digits = number.split(".")[1]?.length ?? 0;
  const shown = Number(number.replace("−", "-").replaceAll(",", ""));
  const name = unit || (/^[−\d.,]+\s*(.*)$/.exec(unitOf)?.[1] ?? "");
  const convert = UNITS[name] ?? ((value: number) => value);
  const step = digits === 0 && name === "" ? 1 : 0.5 * 10 ** -digits;
  return { value: convert(shown), error: Math.abs(convert(shown + step) - convert(shown)) * 1.01 };
}

function close(shown: Read, right: number | null, what: string): void {
  assert.ok(right !== null && Math.abs(shown.value - right) <= shown.error + 1e-9, `${what}: ${shown.value}, ${right}`);
}

/** The value that counts last: the day's, or the sample's. */
const lastOf = ({ method, day_value, last }: TypeSummary) =>
  method === "mean" || method === "level" ? (last.value ?? day_value) : day_value;

const AGE_UNITS: Record<string, number> = { min: 60, hr: 3600, day: 86_400, days: 86_400, mo: 2_629_800 };

function checkAge(text: string, end: string | null, what: string): void {
  const seconds = (Date.now() - Date.parse(end ?? "")) / 1000;
  if (text === "just now") {
    assert.ok(seconds < 120, what);
    return;
  }
  const [, count = "", unit = ""] = /^(\d+) (\w+) ago$/.exec(text) ?? assert.fail(`${what}: ${text}`);
  const length = AGE_UNITS[unit] ?? assert.fail(`${what}: ${text}`);
  // The page's clock stands still for half a minute.
  assert.ok(Math.abs(seconds - (Number(count) + 0.5) * length) <= length / 2 + 60, `${what}: ${text}, ${seconds} s`);
}

function checkChange(text: string, { unit, change }: TypeSummary, what: string): void {
  if (change === null || unit === "degC") {
    assert.equal(text, "–", what);
    return;
  }
  const share = Number(text.replace("−", "-").replace("%", "")) / 100;
  assert.ok(Math.abs(share - change) <= 0.00501, `${what}: ${text}, ${change}`);
}

interface Line {
  href: string;
  value: string;
  age: string;
  change: string;
  usual: string;
}

function lines(): Promise<Line[]> {
  return page.locator(".everything tbody tr:not(.group)").evaluateAll((rows) =>
    rows.map((row) => {
      const [name, value, age, change, usual] = [...row.children] as HTMLElement[];
      const text = (cell: Element | null | undefined) => cell?.textContent?.trim() ?? "";
      const number = value?.cloneNode(true) as HTMLElement;
      for (const note of number.querySelectorAll(".note")) note.remove();
      return {
        href: name?.querySelector("a")?.getAttribute("href") ?? "",
        value: text(number),
        age: text(age),
        change: text(change),
        usual: text(usual?.querySelector(".muted") ?? usual),
      };
    }),
  );
}

const typeOf = (href: string) =>
  href.startsWith("#/sleep") ? "sleep" : decodeURIComponent(/^#\/type\/([^?]+)/.exec(href)?.[1] ?? "");

for (const system of ["metric", "us"]) {
  test(`each row of Today's table is the API's: ${system}`, async () => {
    await show(page, household.url, `#/?units=${system}`);
    const { types } = await household.read<{ types: TypeRow[] }>(token, "types");
    const overview = await household.read<Overview>(token, "overview");
    assert.ok(types.length >= 15, `${types.length} types`);
    await page.waitForFunction(
      (count) => document.querySelectorAll(".everything tbody tr:not(.group)").length === count,
      types.length,
    );
    const shown = await lines();
    assert.deepEqual(new Set(shown.map(({ href }) => typeOf(href))), new Set(types.map(({ type }) => type)));
    let ranges = 0;
    for (const { href, value, age, change, usual } of shown) {
      const type = typeOf(href);
      const right = overview.types.find((one) => one.type === type) ?? assert.fail(type);
      close(read(value), lastOf(right), type);
      checkAge(age, right.last.end, type);
      checkChange(change, right, type);
      if (right.usual_low === null) {
        assert.equal(usual, "–", type);
        continue;
      }
      ranges += 1;
      const [low = "", high = low] = usual.split(" – ");
      close(read(low, value), right.usual_low, `${type}, usually`);
      close(read(high, value), right.usual_high, `${type}, usually`);
    }
    assert.ok(ranges >= 10, `${ranges} usual ranges`);
  });
}

test("sleep is the last night, with what is usual of nights", async () => {
  const { night, today, types } = await household.read<Overview>(token, "overview");
  const sleep = types.find(({ type }) => type === "sleep") ?? assert.fail();
  const last = await household.read<Night>(token, `nights/${today}`);
  assert.deepEqual([sleep.day, sleep.day_value], [today, last.asleep_min]);
  assert.equal(night?.asleep_min, last.asleep_min);
  await show(page, household.url, "#/");
  const card = page.locator(".card", { has: page.getByRole("heading", { name: "Last night" }) });
  assert.equal(await card.locator(".big small").textContent(), last.partial ? "asleep so far" : "asleep");
  const shown = (await lines()).find(({ href }) => typeOf(href) === "sleep") ?? assert.fail();
  assert.equal(read(shown.value).value, Math.round(last.asleep_min ?? -1));
  assert.match(shown.change, /%$/);
  assert.match(shown.usual, /h.* – .*h/);
});

test("Trends has the same values and ages as Today", async () => {
  const overview = await household.read<Overview>(token, "overview");
  await show(page, household.url, "#/types");
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".type-line .line-figures > :first-child")].every((cell) => cell.textContent),
  );
  // The nights of four weeks are an answer of their own.
  await page.locator('a.type-line[href*="sleep"] .sparkline').first().waitFor();
  const shown = await page.locator("a.type-line").evaluateAll((links) =>
    links.map((link) => ({
      href: link.getAttribute("href") ?? "",
      value: link.querySelector(".line-figures > :first-child")?.textContent?.trim() ?? "",
      age: link.querySelector(".line-figures .note")?.textContent?.trim() ?? "",
    })),
  );
  assert.equal(shown.length, overview.types.length);
  for (const { href, value, age } of shown) {
    const right = overview.types.find(({ type }) => type === typeOf(href)) ?? assert.fail(href);
    close(read(value), lastOf(right), right.type);
    checkAge(age, right.last.end, right.type);
  }
});

test("no page had an error, or asked anybody else", () => watched.check());
