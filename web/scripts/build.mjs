// Writes the page to dist/ and prints its sizes.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundle, WEB } from "./bundle.mjs";
import { reportSizes } from "./sizes.mjs";

const { files, first } = await bundle({ minify: true });
reportSizes(files, (name) => first.has(name));

const dist = join(WEB, "dist");
rmSync(dist, { recursive: true, force: true });
for (const [name, bytes] of files) {
  mkdirSync(dirname(join(dist, name)), { recursive: true });
  writeFileSync(join(dist, name), bytes);
}
