// The Data view shows each follower: whether it keeps up, how far behind it is, and when it had everything last. A real
// follower sends to a target of the test.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { cutTexts, launch, newContext, settled, show, signIn, Watched } from "./browser.ts";
import { NAMES, payload, steps } from "./made.ts";
import { Household } from "./server.ts";

const household = new Household();
const watched = new Watched(() => household.url);
let target: Server;
let isAway = false;
let browser: Browser;
let page: Page;
let sender = "";

before(async () => {
  target = createServer((request, response) => {
    if (isAway) request.socket.destroy();
    else request.resume().on("end", () => response.writeHead(204).end());
  });
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  household.import(
    "me",
    payload({ names: NAMES, lastDay: "2026-02-20", days: 2, zone: "Europe/Berlin", zoneHours: 1, hasWorkouts: false }),
  );
  sender = household.token("send", "--label", "phone");
  await household.start();
  browser = await launch();
  const context = await newContext(browser);
  await signIn(context, household.url, household.token("read", "--label", "tests"));
  page = await context.newPage();
  watched.watch(page);
});

after(async () => {
  await browser?.close();
  target?.close();
  await household.remove();
});

const line = () => page.locator(".card", { has: page.getByRole("heading", { name: "Followers" }) }).locator("li");

/** Reads the view again until the follower's line is this: its program writes that down a moment later. */
async function shows(text: RegExp): Promise<string> {
  for (;;) {
    const found = (await line().count()) === 1 ? ((await line().textContent()) ?? "") : "";
    if (text.test(found)) return found;
    await page.reload();
    await settled(page);
  }
}

test("without a follower nothing is said of them", async () => {
  await show(page, household.url, "#/data");
  await page.getByRole("heading", { name: "Sources" }).waitFor();
  assert.equal(await page.getByRole("heading", { name: "Followers" }).count(), 0);
});

test("a follower's state, its lag and its last success are shown", async () => {
  const { port } = target.address() as AddressInfo;
  const follower = household.follow("--influx-url", `http://127.0.0.1:${port}`, "--influx-database", "health");
  assert.match(await shows(/Current/), /influx.*had everything (just now|\d)/);
  isAway = true;
  const [start, end] = ["2026-02-20T08:00:00.000Z", "2026-02-20T08:05:00.000Z"] as const;
  await household.upload(sender, steps("00000000-0000-4000-8000-0000000000aa", 12, start, end));
  assert.match(await shows(/Waits for its target/), /had everything (just now|\d).*\d+ changes? behind/);
  assert.deepEqual(await cutTexts(page), []);
  isAway = false;
  await shows(/Current/);
  await follower.stop();
  await shows(/Does not run/);
});

test("no page had an error, or asked anybody else", () => watched.check());
