// Runs test/browser/*.spec.ts with a real browser and a real healthsink.
//
//   npm run test:browser [-- NAME…]   NAME: figures, looks, map, session, truth
//
// HEALTHSINK_PROGRAM and HEALTHSINK_GENERATOR name the programs, HEALTHSINK_CHROMIUM the browser.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { bundleForBrowser, FOLDER } from "./browser.mjs";
import { WEB } from "./bundle.mjs";

// For a whole file, also on a machine that is busy.
const FILE_SECONDS_MAX = 240;
const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.some((word) => name.startsWith(word));
const specs = readdirSync(join(WEB, FOLDER)).filter((name) => name.endsWith(".spec.ts") && isWanted(name));
const files = await bundleForBrowser(specs, "test-browser");
const options = ["--enable-source-maps", "--test", `--test-timeout=${FILE_SECONDS_MAX * 1000}`, "--test-reporter=spec"];
const { status } = spawnSync(process.execPath, [...options, ...files], { cwd: WEB, stdio: "inherit" });
process.exit(status ?? 1);
