import assert from "node:assert/strict";
import { test } from "node:test";
import { Trail } from "../src/state/trail.ts";

/** Walks through addresses, and returns the list that was left last. */
function listLeft(...addresses: string[]): string | undefined {
  const trail = new Trail();
  addresses.forEach((to, place) => {
    const from = addresses[place - 1];
    if (from !== undefined) trail.leave(from, to);
  });
  const left = trail.last(({ view, parts }) => parts.length === 0 && ["", "types", "sleep"].includes(view));
  return left && `${left.view}?${left.query}`;
}

test("the way back leads to the list that was left last, as it was", () => {
  assert.equal(listLeft("#/type/steps"), undefined);
  assert.equal(listLeft("", "#/type/steps"), "?");
  assert.equal(listLeft("", "#/types", "#/types?q=heart", "#/type/heart_rate"), "types?q=heart");
  assert.equal(listLeft("", "#/type/steps", "#/types", "#/type/heart_rate", "#/why/steps/2026-01-31"), "types?");
  assert.equal(listLeft("", "#/type/steps?range=week", "#/type/steps?range=year"), "?");
});

test("a list and one thing of it are two places", () => {
  assert.equal(listLeft("", "#/sleep/2026-01-31"), "?");
  assert.equal(
    listLeft("", "#/sleep", "#/sleep?range=half", "#/sleep/2026-01-31", "#/sleep/2026-01-30"),
    "sleep?range=half",
  );
});
