import assert from "node:assert/strict";
import { test } from "node:test";
import { partsOf } from "../src/format/marked.ts";

test("what is between backticks is code", () => {
  const check = (text: string, expected: string[]) =>
    assert.deepEqual(
      partsOf(text).map((part) => (part.isCode ? `<${part.text}>` : part.text)),
      expected,
    );
  check("run `healthsink token new` first", ["run ", "<healthsink token new>", " first"]);
  check("`a` or `b`", ["<a>", " or ", "<b>"]);
  check("one ` is left", ["one ` is left"]);
  check("`` is empty", ["`` is empty"]);
  check("", []);
});
