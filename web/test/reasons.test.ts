import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf, reasonsOf } from "../src/views/data/reasons.ts";

test("rejects are listed by their reasons", () => {
  const reject = (reason: string | null, index: number | null) => ({ reason, section: "Steps", index });
  const found = reasonsOf([reject("no unit", 1), reject("no start", 2), reject("no start", 5), reject(null, null)]);
  assert.deepEqual(
    found.map(({ reason, count, first }) => [reason, count, placeOf(first)]),
    [
      ["no start", 2, "Steps[2]"],
      ["no unit", 1, "Steps[1]"],
      [null, 1, "Steps"],
    ],
  );
});
