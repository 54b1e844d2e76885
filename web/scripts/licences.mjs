// The licence texts of what is bundled, from the packages' own files.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LICENCE_FILE = /^(licen[cs]e|notice|copying)(\.|$)/i;

/** Returns the packages that a bundle has files of, by esbuild's list of inputs. */
export function bundledPackages(inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) packages.add(match[1]);
  }
  return [...packages].sort();
}

/** Returns a page with each package's name, version and licence. Throws if one has no licence file. */
export function licencesPage(web, packages, stylesheet) {
  const sections = packages.map((name) => {
    const folder = join(web, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file));
    if (files.length === 0) throw new Error(`${name} has no licence file: find its text before it is bundled`);
    const texts = files.map((file) => `<pre>${escaped(readFileSync(join(folder, file), "utf8").trim())}</pre>`);
    return `<h2>${escaped(`${name} ${version}`)}</h2>\n<p>${escaped(String(license))}</p>\n${texts.join("\n")}`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Licences · healthsink</title>
<link rel="stylesheet" href="${stylesheet}">
</head>
<body class="plain">
<h1>Licences</h1>
<p>The page of healthsink contains these packages. The program also has <a href="licences/libraries">libraries in Rust, with
their licences</a>.</p>
${sections.join("\n")}
</body>
</html>
`;
}

function escaped(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (letter) => names[letter]);
}
