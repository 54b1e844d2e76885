import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { requestUrl } from "../src/api/url.ts";
import { IN_HEAD, inHead } from "../src/state/ahead.ts";
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
