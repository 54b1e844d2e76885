// What the first load takes: the page, its styles, and the scripts that Today needs.

import { gzipSync } from "node:zlib";

export const FIRST_LOAD_MAX_KIB = 90;

/** Returns the outputs that a script imports at once, with itself. */
export function staticImports(outputs, entry, seen = new Set()) {
  if (!seen.has(entry)) {
    seen.add(entry);
    for (const imported of outputs[entry].imports) {
      if (imported.kind === "import-statement" && !imported.external) staticImports(outputs, imported.path, seen);
    }
  }
  return seen;
}

export function compressedBytes(bytes) {
  return gzipSync(bytes, { level: 9 }).length;
}

/** Prints each file with its size, and throws if the first load is over its limit. */
export function reportSizes(files, isFirst) {
  const kib = (bytes) => (bytes / 1024).toFixed(1).padStart(7);
  let first = 0;
  for (const [name, bytes] of [...files].sort(([one], [other]) => one.localeCompare(other))) {
    const compressed = compressedBytes(bytes);
    if (isFirst(name)) first += compressed;
    console.log(`${kib(bytes.length)} KiB ${kib(compressed)} KiB compressed  ${isFirst(name) ? "*" : " "} ${name}`);
  }
  console.log(`first load (*): ${(first / 1024).toFixed(1)} KiB compressed, of ${FIRST_LOAD_MAX_KIB} KiB`);
  if (first > FIRST_LOAD_MAX_KIB * 1024) {
    throw new Error(`the first load is over ${FIRST_LOAD_MAX_KIB} KiB: move what Today does not need into a view`);
  }
}
