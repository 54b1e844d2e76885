// Makes pictures of each view. scripts/pictures calls it.

import { spawnSync } from "node:child_process";
import { bundleForBrowser } from "./browser.mjs";
import { WEB } from "./bundle.mjs";

const [file] = await bundleForBrowser(["pictures.ts"], "pictures");
const options = ["--enable-source-maps", file, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, options, { cwd: WEB, stdio: "inherit" });
process.exit(status ?? 1);
