// Writes src/api/types.ts, the types of the API, from docs/openapi.yaml. With --check it only compares.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { WEB } from "./bundle.mjs";

const target = join(WEB, "src/api/types.ts");
const head = "// Made by `npm run types` from docs/openapi.yaml. Do not edit.\n\n";
const text =
  head + astToString(await openapiTS(pathToFileURL(join(WEB, "../docs/openapi.yaml")), { alphabetize: true }));

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("src/api/types.ts is older than docs/openapi.yaml: run `npm run types`");
  process.exit(1);
}
