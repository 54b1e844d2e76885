import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const FOLDER = "src/styles";
/** Defined in one place, and adjusted by a view on purpose. */
const SHARED = new Set(["stack", "view-head", "swatch", "nights-plot", "stage-list", "items", "item", "item-name"]);

// All styles are in one file, so a class of two views is one class.
test("a rule that begins with a class is in one stylesheet", () => {
  const homes = new Map<string, string>();
  const clashes: string[] = [];
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".css"))) {
    const classes = readFileSync(`${FOLDER}/${file}`, "utf8").matchAll(/^ {0,2}\.([a-z][a-z-]*)(?=[^\n]*[{,]$)/gm);
    for (const [, name = ""] of classes) {
      const home = homes.get(name) ?? file;
      homes.set(name, home);
      if (home !== file && !SHARED.has(name)) clashes.push(`.${name} in ${home} and ${file}`);
    }
  }
  assert.deepEqual([...new Set(clashes)], []);
});
