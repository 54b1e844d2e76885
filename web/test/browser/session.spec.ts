// Signing in and out, a token that is revoked, a server that goes away, and the first upload.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launch, newContext, settled, show, signIn, Watched } from "./browser.ts";
import { NAMES, payload, steps } from "./made.ts";
import { Household } from "./server.ts";

const household = new Household();
const watched = new Watched(() => household.url);
let browser: Browser;
let token = "";

before(async () => {
  household.import(
    "anna",
    payload({ names: NAMES, lastDay: "2026-02-20", days: 3, zone: "Europe/Berlin", zoneHours: 1, hasWorkouts: true }),
  );
  token = household.token("read", "--all-people", "--label", "tests");
  await household.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await household.remove();
});

async function newPage(): Promise<Page> {
  const context = await newContext(browser);
  const page = await context.newPage();
  watched.watch(page);
  return page;
}

async function typeToken(page: Page, text: string): Promise<void> {
  await page.getByLabel("Token").fill(text);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("a wrong token is refused with a reason, a right one opens the page", async () => {
  const page = await newPage();
  await page.goto(household.url);
  await typeToken(page, "hs_wrong");
  await page.locator("[role=alert], .error").first().waitFor();
  await typeToken(page, token);
  await page.getByRole("navigation").first().waitFor();
  await page.reload();
  await page.getByRole("navigation").first().waitFor();
  assert.equal(await page.getByLabel("Token").count(), 0);
  // Scripts cannot read the session.
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.context().close();
});

test("a token that may only send is refused", async () => {
  const page = await newPage();
  await page.goto(household.url);
  await typeToken(page, household.token("send", "--person", "anna"));
  const alert = page.locator("[role=alert], .error").first();
  await alert.waitFor();
  assert.match((await alert.textContent()) ?? "", /read/);
  await page.context().close();
});

test("after signing out nothing is left to see", async () => {
  const page = await newPage();
  await signIn(page.context(), household.url, token);
  await show(page, household.url, "#/data?person=anna");
  await page.locator(".menu > summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();
  const answer = await page.context().request.get(`${household.url}session`);
  assert.equal(answer.status(), 401);
  await page.context().close();
});

test("a session ends with its token, also in an open page", async () => {
  const page = await newPage();
  const own = household.token("read", "--person", "anna", "--label", "revoked");
  await signIn(page.context(), household.url, own);
  await show(page, household.url, "#/sleep?end=2026-02-20");
  const listed = JSON.parse(household.run("token", "list", "--json")) as
    | { id: number; label: string | null }[]
    | { tokens: { id: number; label: string | null }[] };
  const tokens = Array.isArray(listed) ? listed : listed.tokens;
  const id = tokens.find(({ label }) => label === "revoked")?.id;
  household.run("token", "revoke", String(id));
  await page.evaluate(() => {
    location.hash = "#/workouts";
  });
  await page.getByLabel("Token").waitFor();
  await page.context().close();
});

test("a session that has ended elsewhere ends in an open page, which then shows nothing", async () => {
  const page = await newPage();
  await signIn(page.context(), household.url, token);
  await show(page, household.url, "#/sleep?end=2026-02-20&person=anna");
  const origin = household.url.slice(0, -1);
  await page.context().request.delete(`${household.url}session`, { headers: { origin } });
  await page.getByLabel("Token").waitFor();
  assert.equal(await page.locator("a.night-bar").count(), 0);
  await page.context().close();
});

test("a session that has expired leads to signing in, and back to the view that was open", async () => {
  const page = await newPage();
  await signIn(page.context(), household.url, token);
  const night = "#/sleep/2026-02-20?person=anna";
  await show(page, household.url, "#/sleep?range=month&end=2026-02-20&person=anna");
  const ended = page.getByRole("status").filter({ hasText: "Your session has ended" });
  await page.locator("a.night-bar").last().waitFor();
  // In an open page, with the next thing that is asked for.
  household.sql("UPDATE sessions SET expires_ms = 1");
  await page.locator("a.night-bar").last().click();
  await ended.waitFor();
  assert.equal(await page.locator("main .readout-value, a.night-bar").count(), 0);
  await typeToken(page, token);
  await page.locator(".readout-value").waitFor();
  assert.equal(await page.evaluate(() => location.hash), night);
  // In a browser that comes back.
  household.sql("UPDATE sessions SET expires_ms = 1");
  await page.reload();
  await ended.waitFor();
  await typeToken(page, "hs_wrong");
  await page.getByRole("alert").waitFor();
  await typeToken(page, token);
  await page.locator(".readout-value").waitFor();
  assert.equal(await page.evaluate(() => location.hash), night);
  // Signing out is no end by itself, nor is a first visit.
  await page.locator(".menu > summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();
  assert.equal(await ended.count(), 0);
  await page.reload();
  await page.getByLabel("Token").waitFor();
  assert.equal(await ended.count(), 0);
  await page.context().close();
});

test("a server that goes away is named, and what was seen stays until it is back", async () => {
  const page = await newPage();
  await signIn(page.context(), household.url, token);
  await show(page, household.url, "#/sleep?range=month&end=2026-02-20&person=anna");
  watched.mayFail = true;
  await household.stop();
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await page.evaluate(() => {
    location.hash = "#/workouts?person=anna";
  });
  await page
    .getByText(/cannot (be reached|reach)/i)
    .first()
    .waitFor();
  await household.start();
  await page.evaluate(() => {
    location.hash = "#/sleep?range=month&end=2026-02-20&person=anna";
  });
  await page.locator("a.night-bar").first().waitFor();
  await page.context().close();
});

test("a view that could not be loaded is shown once the server is back", async () => {
  // A service worker would have the script.
  const context = await browser.newContext({ serviceWorkers: "block" });
  const page = await context.newPage();
  watched.watch(page);
  await signIn(page.context(), household.url, token);
  await show(page, household.url, "#/sleep?end=2026-02-20&person=anna");
  watched.mayFail = true;
  await household.stop();
  await page.evaluate(() => {
    location.hash = "#/data?person=anna";
  });
  await page.locator("main .state", { hasText: "cannot be reached" }).waitFor();
  assert.equal(await page.getByText(/dynamically|module/i).count(), 0);
  await household.start();
  await page.locator(".verdict-line").waitFor();
  await page.context().close();
});

test("Setup shows what to type, copies it, and sees the first upload by itself", async () => {
  const page = await newPage();
  // A page over plain HTTP in a home network has no clipboard.
  await page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  const sender = household.token("send", "--person", "ben", "--label", "phone");
  await signIn(page.context(), household.url, token);
  await show(page, household.url, "#/setup?person=ben");
  await page.getByText("Waiting for the first upload").waitFor();
  const codes = await page.locator(".copy-list code").allTextContents();
  assert.equal(codes[0], household.url.slice(0, -1));
  assert.equal(codes[1], "/api/health-data");
  await page.getByRole("button", { name: "Copy: Endpoint path" }).click();
  await page.getByText(/^(Copied|Selected)$/).waitFor();
  assert.equal(await page.evaluate(() => window.getSelection()?.toString()), "/api/health-data");
  // A command is copied as it is, and its lines do not break within a flag.
  const command = "healthsink token new --person ben --label phone";
  await page.getByRole("button", { name: "Copy: Another token, made on the server" }).click();
  assert.equal(await page.evaluate(() => window.getSelection()?.toString()), command);
  const heights = await page.locator(".copy-list .word").evaluateAll((words) => words.map((word) => word.clientHeight));
  assert.ok(new Set(heights).size === 1, `words of several lines: ${heights}`);
  const [start, end] = ["2026-02-20T08:00:00.000Z", "2026-02-20T08:05:00.000Z"] as const;
  await household.upload(sender, steps("00000000-0000-4000-8000-0000000000aa", 12, start, end));
  await page.getByText("It works").waitFor();
  await page.getByText("Data has arrived.").waitFor();
  assert.equal(await page.getByText("A phone cannot reach this address").count(), 0);
  await page.context().close();
});

test("over plain HTTP in a home network everything works but a worker", async () => {
  // Browsers trust this machine's own address also without HTTPS, but no other one.
  const home = household.url.replace("127.0.0.1", "pi.home.arpa");
  const browserAtHome = await launch("--host-resolver-rules=MAP pi.home.arpa 127.0.0.1");
  const watchedAtHome = new Watched(() => home);
  const page = await (await newContext(browserAtHome)).newPage();
  watchedAtHome.watch(page);
  await page.goto(`${home}#/?person=anna`);
  assert.equal(await page.evaluate(() => isSecureContext || "serviceWorker" in navigator), false);
  await typeToken(page, token);
  await page.locator(".figure").first().waitFor();
  for (const view of ["types", "type/steps?range=all", "sleep?end=2026-02-20", "workouts?range=all", "data", "setup"]) {
    await show(page, home, `#/${view}${view.includes("?") ? "&" : "?"}person=anna`);
    assert.equal(await page.locator(".state[role=alert]").count(), 0, view);
  }
  await page.getByRole("button", { name: "Copy: Endpoint path" }).click();
  await page.getByText(/^(Copied|Selected)$/).waitFor();
  const live = page.waitForRequest((request) => request.url().includes("/api/v1/events"));
  await page.reload();
  await live;
  await page.locator(".menu > summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();
  watchedAtHome.check();
  await browserAtHome.close();
});

test("the keyboard alone reaches views, nights and the cursor", async () => {
  const page = await newPage();
  await signIn(page.context(), household.url, token);
  await show(page, household.url, "#/sleep?range=month&end=2026-02-20&person=anna");
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement?.textContent);
  assert.equal(first, "Skip to content");
  await page.locator("a.night-bar").first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("slider", { name: "Time in the plots" }).waitFor();
  await settled(page);
  const slider = page.getByRole("slider", { name: "Time in the plots" });
  await slider.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.match((await slider.getAttribute("aria-valuetext")) ?? "", /^\d+:\d\d/);
  assert.ok((await page.locator(".plot-cursor").count()) > 0);
  await page.context().close();
});

test("no page had an error, or asked anybody else", () => watched.check());
