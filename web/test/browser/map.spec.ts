// A route on tiles: asked from the owner's server only, drawn by a script that is loaded only then, and left out while that
// server is away.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { cutTexts, DESK, launch, newContext, PHONE, type Screen, show, signIn, Watched } from "./browser.ts";
import { NAMES, payload } from "./made.ts";
import { Household } from "./server.ts";

/** One grey pixel. */
const TILE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGM4AQAAygDJmcpdfgAAAABJRU5ErkJggg==",
  "base64",
);
const ATTRIBUTION = "© <img src=x onerror=window.hit=1> of maps";
const today = new Date().toISOString().slice(0, 10);
const household = new Household();
const asked: { path: string; headers: IncomingHttpHeaders }[] = [];
let tiles: Server;
let tilesUrl = "";
let isAway = false;
let browser: Browser;
let token = "";
let workout = "";

const watched = new Watched(
  () => household.url,
  () => tilesUrl,
);

before(async () => {
  tiles = createServer((request, response) => {
    asked.push({ path: request.url ?? "", headers: request.headers });
    if (isAway) request.socket.destroy();
    else response.writeHead(200, { "content-type": "image/png", "access-control-allow-origin": "*" }).end(TILE);
  });
  tiles.listen(0, "127.0.0.1");
  await once(tiles, "listening");
  tilesUrl = `http://127.0.0.1:${(tiles.address() as AddressInfo).port}/`;
  household.import(
    "me",
    payload({ names: NAMES, lastDay: today, days: 2, zone: "Europe/Berlin", zoneHours: 1, hasWorkouts: true }),
  );
  token = household.token("read", "--label", "tests");
  browser = await launch();
});

after(async () => {
  await browser?.close();
  tiles?.close();
  await household.remove();
});

/** Shows the workout with a route. */
async function shown(screen: Screen, theme: "light" | "dark" = "light"): Promise<Page> {
  const { workouts } = await household.read<{ workouts: { uuid: string; has_route: boolean }[] }>(token, "workouts");
  workout = workouts.find(({ has_route }) => has_route)?.uuid ?? "";
  const context = await newContext(browser, { screen, theme });
  await signIn(context, household.url, token);
  const page = await context.newPage();
  watched.watch(page);
  await show(page, household.url, `#/workouts/${workout}`);
  return page;
}

const scripts = (page: Page) =>
  page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => /\/map-\w+\./.test(name)).length);

test("without the flag nothing of a map is loaded", async () => {
  await household.start();
  const page = await shown(PHONE);
  await page.locator(".route-line path").first().waitFor();
  await page.waitForLoadState("networkidle");
  assert.equal(await scripts(page), 0);
  assert.equal(await page.locator(".map").count(), 0);
  assert.equal(asked.length, 0);
  await page.context().close();
  await household.stop();
});

test("tiles lie under the route, and one cursor goes through map and charts", async () => {
  await household.start("--tile-url", `${tilesUrl}t/{z}/{x}/{y}.png?v=1`, "--tile-attribution", ATTRIBUTION);
  for (const [screen, theme] of [
    [PHONE, "light"],
    [DESK, "dark"],
  ] as const) {
    const page = await shown(screen, theme);
    await page.locator(".route-map:not(.hidden-map)").waitFor();
    assert.equal(await scripts(page), 2, "a script and a style");
    assert.equal(await page.locator(".map-attribution").textContent(), ATTRIBUTION);
    assert.equal(await page.evaluate(() => "hit" in window), false);
    assert.ok((await page.locator(".map-line").count()) > 3);
    await page.locator(".map-start").waitFor();
    await page.locator(".map-end").waitFor();
    // The route's picture hides no tile.
    const ground = await page
      .locator(".map svg")
      .first()
      .evaluate((svg) => getComputedStyle(svg).backgroundColor);
    assert.equal(ground, "rgba(0, 0, 0, 0)");
    assert.deepEqual(await cutTexts(page), []);
    await checkCursor(page);
    const before = asked.length;
    await page.getByRole("button", { name: "Zoom in" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".leaflet-tile-loaded").length > 0);
    assert.ok(asked.length > before, "nearer tiles");
    await page.context().close();
  }
  assert.match(asked[0]?.path ?? "", /^\/t\/\d+\/\d+\/\d+\.png\?v=1$/);
  // The address of the page without its path, and no cookie, which a browser sends to all ports of a host.
  assert.equal(asked[0]?.headers.referer, household.url);
  assert.equal(asked[0]?.headers.cookie, undefined);
});

async function checkCursor(page: Page): Promise<void> {
  const box = await page.locator(".map").boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  // A line has no width, so that it counts as hidden.
  await page.locator(".plot-cursor").first().waitFor({ state: "attached" });
  await page.locator(".map-here").waitFor();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height + 200);
  await page.locator(".map-here").waitFor({ state: "detached" });
  await page.locator(".workout-plots .plots-slider").focus();
  await page.keyboard.press("ArrowRight");
  await page.locator(".map-here").waitFor();
}

test("the graticule stays while the server of tiles is away", async () => {
  isAway = true;
  watched.mayFail = true;
  const page = await shown(PHONE);
  await page.getByText("The server of maps does not answer.").waitFor();
  assert.equal(await page.locator(".route-map.hidden-map").isVisible(), false);
  assert.ok(await page.locator(".route-scale text").isVisible());
  assert.ok((await page.locator(".route-degrees text").count()) > 1);
  const box = await page.locator(".route svg").first().boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.locator(".route-here").waitFor();
  await page.context().close();
});

test("the licences name what draws the map", async () => {
  const answer = await fetch(`${household.url}licences`);
  const text = await answer.text();
  assert.match(text, /<h2>leaflet [\d.]+<\/h2>/);
  assert.match(text, /Volodymyr Agafonkin/);
});

test("no page had an error, or asked anybody else", () => watched.check());
