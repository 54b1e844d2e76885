import assert from "node:assert/strict";
import { test } from "node:test";
import { requestUrl } from "../src/api/client.ts";
import { groupOfType, nameOfType } from "../src/format/types.ts";
import { buildAddress, parseAddress } from "../src/state/address.ts";
import { matches } from "../src/views/types/search.ts";

test("an address is read and built", () => {
  const { view, parts, query } = parseAddress("#/type/steps?range=month&person=B%C3%A9n%20%26");
  assert.equal(view, "type");
  assert.deepEqual(parts, ["steps"]);
  assert.equal(query.get("person"), "Bén &");
  assert.equal(buildAddress("type", ["a/b"], { range: "week", end: null, q: "" }), "#/type/a%2Fb?range=week");
  assert.equal(buildAddress("", [], {}), "#/");
});

test("a broken address is an address", () => {
  assert.equal(parseAddress("").view, "");
  assert.equal(parseAddress("#/").view, "");
  assert.deepEqual(parseAddress("#/type/%E0%A4%A").parts, ["%E0%A4%A"]);
  assert.equal(parseAddress("#/a?b?c=d").query.get("b?c"), "d");
});

test("requests are relative, and names are encoded", () => {
  assert.equal(requestUrl("/api/v1/days", { type: "steps", to: null }), "api/v1/days?type=steps");
  assert.equal(requestUrl("/api/v1/nights/{date}", {}, { date: "../x" }), "api/v1/nights/..%2Fx");
});

test("types have names and groups", () => {
  const check = (type: string, name: string, group: string) => {
    assert.equal(nameOfType(type), name);
    assert.equal(groupOfType(type), group);
  };
  check("steps", "Steps", "activity");
  check("heart_rate", "Heart rate", "heart");
  check("walking_heart_rate", "Walking heart rate", "heart");
  check("dietary_vitamin_c", "Vitamin c", "nutrition");
  check("sleeping_wrist_temperature", "Wrist temperature asleep", "sleep");
  check("walking_step_length", "Walking step length", "mobility");
  check("spo2", "Blood oxygen", "vitals");
  check("HKQuantityTypeIdentifierOfTomorrow", "Of tomorrow", "other");
  check("constructor", "Constructor", "other");
});

test("types are found by parts of their name, group or identifier", () => {
  const steps = { type: "steps", identifier: "HKQuantityTypeIdentifierStepCount" };
  for (const word of ["", "ste", "STEPS", "stepcount", "activity steps", "  step "])
    assert.ok(matches(steps, word), word);
  for (const word of ["heart", "steps heart", ".*"]) assert.ok(!matches(steps, word), word);
});
