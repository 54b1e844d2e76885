import assert from "node:assert/strict";
import { test } from "node:test";
import { perDay, sending, stoppedTypes, type Upload } from "../src/draw/arrival.ts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-26T20:00:00Z");
const upload = (hoursAgo: number, more: Partial<Upload> = {}): Upload => ({
  state: "done",
  origin: "http",
  started: null,
  finished: new Date(NOW - hoursAgo * HOUR).toISOString(),
  ...more,
});
const every = (hours: number, from: number) => Array.from({ length: 10 }, (_, place) => upload(from + place * hours));

test("a phone is late by its own rule", () => {
  const check = (uploads: Upload[], expected: string) =>
    assert.equal(sending(uploads, false, NOW).sending, expected, expected);
  check([], "never");
  check(every(1, 0.2), "sending");
  check(every(1, 5.9), "sending");
  check(every(1, 6.1), "late");
  check(every(12, 47), "sending");
  check(every(12, 49), "late");
  check(every(12, 121), "stopped");
  check(every(1, 73), "stopped");
  check([upload(23)], "sending");
  check([upload(25)], "late");
  check(
    every(1, 0.1).map((one) => ({ ...one, origin: "import" })),
    "never",
  );
  check(
    every(1, 0.1).map((one) => ({ ...one, state: "failed" })),
    "never",
  );
  assert.equal(sending([], true, NOW).sending, "receiving");
  assert.equal(sending(every(2, 1), false, NOW).usualMs, 2 * HOUR);
});

test("a type has stopped if its silence is longer than usual", () => {
  const type = (name: string, first: string, last: string, days: number) => ({
    type: name,
    identifier: name,
    first: `${first}T08:00:00Z`,
    last: `${last}T08:00:00Z`,
    days,
  });
  const types = [
    type("steps", "2026-01-01", "2026-11-26", 330),
    type("glucose", "2026-01-01", "2026-11-01", 300),
    type("weight", "2026-01-01", "2026-11-10", 40),
    type("once", "2026-01-01", "2026-01-02", 2),
    type("weekly", "2026-01-01", "2026-10-01", 39),
  ];
  assert.deepEqual(
    stoppedTypes(types, NOW).map(({ type: name }) => name),
    ["weekly", "glucose"],
  );
  assert.deepEqual(stoppedTypes([], NOW), []);
  const ahead = type("wrong clock", "2026-11-20", "2027-03-01", 3);
  assert.deepEqual(stoppedTypes([...types, ahead], NOW), stoppedTypes(types, NOW));
});

test("uploads are added up by date", () => {
  const days = perDay(
    [
      { started: null, finished: "2026-11-26T10:00:00Z", records: 5 },
      { started: "2026-11-26T11:00:00Z", finished: null, records: null },
      { started: null, finished: null, records: 7 },
    ],
    (instant) => new Date(instant).toISOString().slice(0, 10),
  );
  assert.deepEqual([...days], [["2026-11-26", { uploads: 2, records: 5 }]]);
});
