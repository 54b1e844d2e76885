import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const FOLDER = "src/styles";
/** Defined in one place, and adjusted by a view on purpose. */
const SHARED = new Set([
  "list-card",
  "stack",
  "view-head",
  "swatch",
  "nights-plot",
  "stage-list",
  "items",
  "item",
  "item-name",
]);

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

/** The lightness and the two axes of colour in which distances are those that people see: CIELAB. */
function labOf(color: string): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((place) => {
    const share = Number.parseInt(color.slice(place, place + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const root = (value: number) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const x = root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047);
  const y = root(0.2126 * red + 0.7152 * green + 0.0722 * blue);
  const z = root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const MEANINGS = ["accent", "activity", "heart", "deep", "core", "rem", "awake", "good", "warn", "bad"];
/** A difference that is seen side by side. */
const SEEN = 8;

test("one colour has one meaning, in the light and in the dark", () => {
  const [light = "", dark = ""] = readFileSync(`${FOLDER}/tokens.css`, "utf8").split("@media");
  for (const theme of [light, dark]) {
    const colors = MEANINGS.map((name) => {
      const [, color = ""] = new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(theme) ?? [];
      assert.notEqual(color, "", name);
      return [name, labOf(color)] as const;
    });
    for (const [place, [name, one]] of colors.entries()) {
      for (const [other, two] of colors.slice(place + 1)) {
        const distance = Math.hypot(...one.map((value, axis) => value - (two[axis] ?? 0)));
        assert.ok(distance >= SEEN, `${name} and ${other}: ${distance}`);
      }
    }
  }
});
