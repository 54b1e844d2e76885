import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { requestUrl } from "../src/api/url.ts";
import { askAhead, IN_HEAD, inHead, takeAhead, takeRead } from "../src/state/ahead.ts";
import { queryOf } from "../src/views/today/chosen.ts";

test("the page's head asks for what Today shows, by an address that nothing else asks for", () => {
  const head = readFileSync("src/index.html", "utf8");
  assert.ok(head.includes(`<link rel="preload" as="fetch" href="${IN_HEAD}" crossorigin>`));
  const asked = (chosen: string[] | null, person: string | null) =>
    inHead(requestUrl("/api/v1/overview", queryOf(chosen, person)));
  assert.equal(asked(null, null), IN_HEAD);
  assert.equal(asked(["steps"], null), "api/v1/overview?type=steps");
  assert.equal(asked(null, "ben"), "api/v1/overview?person=ben");
});

test("what has come before the page's scripts is there without a wait, once; a refusal keeps its content", async () => {
  const ask = async (url: string, answer: Response) => {
    Object.assign(globalThis, { window: globalThis, fetch: () => Promise.resolve(answer) });
    askAhead(url, url);
    await window.ahead?.content;
    await new Promise((resolve) => setTimeout(resolve));
  };
  await ask("api/v1/overview", Response.json({ today: "2026-01-05" }));
  assert.equal(takeRead("api/v1/other"), undefined);
  assert.deepEqual(takeRead("api/v1/overview")?.data, { today: "2026-01-05" });
  assert.equal(takeRead("api/v1/overview"), undefined);
  await ask("api/v1/overview", Response.json({ title: "no session" }, { status: 401 }));
  assert.equal(takeRead("api/v1/overview"), undefined);
  const refused = await takeAhead("api/v1/overview")?.answer;
  assert.deepEqual(await refused?.json(), { title: "no session" });
});
