// Runs test/browser/*.spec.ts with a real browser and a real healthsink, with --long also *.long.ts.
//
//   npm run test:browser [-- [--long] NAME…]   NAME: everything, figures, followers, looks, map, parts, questions, session, truth, with --long also years
//
// HEALTHSINK_PROGRAM and HEALTHSINK_GENERATOR name the programs, HEALTHSINK_CHROMIUM the browser.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { bundleForBrowser, FOLDER } from "./browser.mjs";
import { WEB } from "./bundle.mjs";

// For a whole file, also on a machine that is busy.
const FILE_SECONDS_MAX = 480;
const LONG_SECONDS_MAX = 900;
const isLong = process.argv.includes("--long");
const wanted = process.argv.slice(2).filter((word) => word !== "--long");
const isWanted = (name) => wanted.length === 0 || wanted.some((word) => name.startsWith(word));
const specs = readdirSync(join(WEB, FOLDER)).filter(
  (name) => (name.endsWith(".spec.ts") || (isLong && name.endsWith(".long.ts"))) && isWanted(name),
);
const files = await bundleForBrowser(specs, "test-browser");
const options = [
  "--enable-source-maps",
  "--test",
  `--test-timeout=${(isLong ? LONG_SECONDS_MAX : FILE_SECONDS_MAX) * 1000}`,
  "--test-reporter=spec",
];
const { status } = spawnSync(process.execPath, [...options, ...files], { cwd: WEB, stdio: "inherit" });
process.exit(status ?? 1);
