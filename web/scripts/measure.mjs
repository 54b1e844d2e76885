// Measures the page. scripts/measure-page calls it.

import { spawnSync } from "node:child_process";
import { bundleForBrowser } from "./browser.mjs";
import { WEB } from "./bundle.mjs";

const [file] = await bundleForBrowser(["measure.ts"], "measure");
const { status } = spawnSync(process.execPath, [file, ...process.argv.slice(2)], { cwd: WEB, stdio: "inherit" });
process.exit(status ?? 1);
