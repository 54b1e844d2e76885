// Bundles test/*.test.ts for Node and runs them with its test runner.

import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { WEB } from "./bundle.mjs";

const out = join(WEB, "node_modules/.cache/test");
rmSync(out, { recursive: true, force: true });
const tests = readdirSync(join(WEB, "test")).filter((name) => name.endsWith(".test.ts") || name.endsWith(".test.tsx"));
await build({
  absWorkingDir: WEB,
  entryPoints: tests.map((name) => join("test", name)),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  jsx: "automatic",
  jsxImportSource: "preact",
  target: "node20",
  sourcemap: "inline",
  logLevel: "warning",
});
const files = tests.map((name) => join(out, name.replace(/\.tsx?$/, ".mjs")));
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" });
process.exit(status ?? 1);
