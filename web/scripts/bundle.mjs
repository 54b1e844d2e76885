// Makes every file of the page, in memory. `build` writes them, and `dev` serves them.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { iconPng, iconSvg } from "./icons.mjs";
import { bundledPackages, licencesPage } from "./licences.mjs";
import { staticImports } from "./sizes.mjs";

export const WEB = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = join(WEB, "dist");
const TARGET = ["es2022", "safari16", "firefox115", "chrome110"];

const hashed = (name, bytes) => {
  const dot = name.lastIndexOf(".");
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
  return `assets/${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
};

/** Returns the files by name relative to dist, and the names of those that the first load takes. */
export async function bundle({ minify }) {
  const files = new Map();
  const add = (name, content) => {
    files.set(name, Buffer.from(content));
    return name;
  };
  const styles = {
    MAP_STYLE: await laterStyle(add, "map", minify),
    VIEWS_STYLE: await laterStyle(add, "views", minify),
  };
  const scripts = await bundleScripts(minify, styles);
  for (const file of scripts.outputFiles) files.set(relative(OUT, file.path), Buffer.from(file.contents));
  const names = findNames(scripts.metafile);
  const ahead = asset(add, "ahead.js", await bundleAlone("src/ahead.ts", minify, {}));

  const icons = {
    svg: asset(add, "icon.svg", iconSvg()),
    touch: asset(add, "touch.png", iconPng(180, true)),
    small: asset(add, "icon192.png", iconPng(192)),
    large: asset(add, "icon512.png", iconPng(512)),
    mask: asset(add, "mask512.png", iconPng(512, true)),
  };
  add("manifest.webmanifest", manifest(icons));
  add("index.html", page({ ...names, ahead }, icons));
  addSwagger(add, names, icons);
  const packages = [...bundledPackages(Object.keys(scripts.metafile.inputs)), "swagger-ui-dist"];
  add("licences.html", licencesPage(WEB, packages, names.style));
  const first = new Set(["index.html", ahead, names.style, ...names.first]);
  add(
    "sw.js",
    await bundleWorker(
      minify,
      [...first].map((name) => (name === "index.html" ? "./" : name)),
      files,
    ),
  );
  return { files, first };
}

function asset(add, name, content) {
  return add(hashed(name, content), content);
}

/** A style sheet that the page loads by itself: of maps, or of all views but Today. Leaflet's pictures are not used. */
async function laterStyle(add, name, minify) {
  const { outputFiles } = await build({
    absWorkingDir: WEB,
    entryPoints: [`src/styles/${name}.css`],
    bundle: true,
    loader: { ".png": "empty" },
    target: TARGET,
    minify,
    write: false,
    logLevel: "warning",
  });
  return asset(add, `${name}.css`, outputFiles[0].contents);
}

function bundleScripts(minify, styles) {
  return build({
    absWorkingDir: WEB,
    entryPoints: { main: "src/main.tsx", docs: "src/docs.ts" },
    plugins: [commonScript],
    // Its other form needs a script of helpers, which every view would load.
    alias: { leaflet: "leaflet/dist/leaflet-src.esm.js" },
    outdir: OUT,
    entryNames: "assets/[name]-[hash]",
    chunkNames: "assets/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
    target: TARGET,
    minify,
    legalComments: "none",
    define: Object.fromEntries(Object.entries(styles).map(([name, style]) => [name, JSON.stringify(style)])),
    metafile: true,
    write: false,
    logLevel: "warning",
  });
}

/** Lets each view but Today, which the first load has, import `src/views/common.ts`. */
const commonScript = {
  name: "common",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/]views[\\/][a-z]+[\\/][A-Z]\w+\.tsx$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const isView = text.includes("export default function") && basename(path) !== "Today.tsx";
      return isView ? { contents: `${text}\nimport "../common.ts";\n`, loader: "tsx" } : undefined;
    });
  },
};

function findNames({ outputs }) {
  const outputOf = (source) => Object.keys(outputs).find((output) => outputs[output].entryPoint === source);
  const main = outputOf("src/main.tsx");
  const first = staticImports(outputs, main);
  const inDist = (output) => relative("dist", output);
  return {
    main: inDist(main),
    style: inDist(outputs[main].cssBundle),
    docs: inDist(outputOf("src/docs.ts")),
    first: [...first].map(inDist),
  };
}

function page(names, icons) {
  const preloads = names.first
    .filter((name) => name !== names.main)
    .map((name) => `<link rel="modulepreload" href="${name}">`);
  return readFileSync(join(WEB, "src/index.html"), "utf8")
    .replace("{{style}}", names.style)
    .replace("{{main}}", names.main)
    .replace("{{ahead}}", names.ahead)
    .replace("{{icon}}", icons.svg)
    .replace("{{touch}}", icons.touch)
    .replace("{{preloads}}", preloads.join("\n"));
}

function manifest(icons) {
  const png = (src, size, purpose) => ({ src, sizes: `${size}x${size}`, type: "image/png", purpose });
  const content = {
    name: "healthsink",
    short_name: "healthsink",
    id: "./",
    start_url: "./",
    scope: "./",
    display: "standalone",
    background_color: "#101214",
    theme_color: "#101214",
    icons: [
      { src: icons.svg, sizes: "any", type: "image/svg+xml", purpose: "any" },
      png(icons.small, 192, "any"),
      png(icons.large, 512, "any"),
      png(icons.mask, 512, "maskable"),
    ],
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Swagger UI as a page without anything inline: its own files, and the script of `src/docs.ts`. */
function addSwagger(add, names, icons) {
  const take = (file) => {
    const bytes = readFileSync(join(WEB, "node_modules/swagger-ui-dist", file));
    return asset(add, basename(file), bytes);
  };
  const content = readFileSync(join(WEB, "src/docs.html"), "utf8")
    .replace("{{style}}", take("swagger-ui.css"))
    .replace("{{bundle}}", take("swagger-ui-bundle.js"))
    .replace("{{script}}", names.docs)
    .replace("{{icon}}", icons.svg);
  add("docs.html", content);
}

async function bundleWorker(minify, shell, files) {
  const version = createHash("sha256");
  for (const [name, bytes] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) {
    version.update(name).update(bytes);
  }
  return bundleAlone("src/sw.ts", minify, {
    SHELL: JSON.stringify(shell),
    VERSION: JSON.stringify(version.digest("hex").slice(0, 12)),
  });
}

/** Bundles a script that needs no other. */
async function bundleAlone(source, minify, define) {
  const { outputFiles } = await build({
    absWorkingDir: WEB,
    entryPoints: [source],
    bundle: true,
    format: "iife",
    target: TARGET,
    minify,
    write: false,
    define,
  });
  return outputFiles[0].contents;
}
