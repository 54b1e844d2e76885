// Bundles files of test/browser/ for Node.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { WEB } from "./bundle.mjs";

export const FOLDER = "test/browser";

/** Returns the bundled files of names in that folder. */
export async function bundleForBrowser(names, what) {
  const out = join(WEB, "node_modules/.cache", what);
  rmSync(out, { recursive: true, force: true });
  await build({
    absWorkingDir: WEB,
    entryPoints: names.map((name) => join(FOLDER, name)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    target: "node20",
    sourcemap: "inline",
    logLevel: "warning",
  });
  return names.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
}
