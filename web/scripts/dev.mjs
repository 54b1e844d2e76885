// Serves the page on this machine, and passes the API on to a running server.
//
//   npm run dev -- --server http://127.0.0.1:3000 --token TOKEN [--port 5173]
//
// Each load bundles what has changed. With --token it is added to every request that is passed on, and the page is
// signed in, also if the server has no sessions.

import { watch } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { parseArgs } from "node:util";
import { bundle, WEB } from "./bundle.mjs";

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "http://127.0.0.1:3000" },
    token: { type: "string" },
    port: { type: "string", default: "5173" },
  },
});
const TYPES = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  png: "image/png",
  svg: "image/svg+xml",
  webmanifest: "application/manifest+json",
};
// The same policy as the server's, so that a breach is seen here.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const PAGES = { "/": "index.html", "/docs": "docs.html", "/licences": "licences.html" };

let built;
watch(join(WEB, "src"), { recursive: true }, () => {
  built = undefined;
});

createServer(async (incoming, outgoing) => {
  const { pathname } = new URL(incoming.url, "http://localhost");
  try {
    built ??= bundle({ minify: false });
    const { files } = await built;
    const name = PAGES[pathname] ?? pathname.slice(1);
    const bytes = files.get(name);
    if (incoming.method === "GET" && bytes) {
      const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
      outgoing.writeHead(200, {
        "content-type": type,
        "cache-control": "no-cache",
        "content-security-policy": POLICY,
      });
      outgoing.end(bytes);
    } else if (pathname === "/session" && values.token && incoming.method === "GET") {
      await answerSession(outgoing);
    } else {
      passOn(incoming, outgoing);
    }
  } catch (error) {
    built = undefined;
    outgoing.writeHead(500, { "content-type": "text/plain; charset=utf-8" }).end(String(error));
  }
}).listen(Number(values.port), "127.0.0.1", () => console.log(`http://127.0.0.1:${values.port}/`));

function passOn(incoming, outgoing) {
  const headers = { ...incoming.headers, host: new URL(values.server).host };
  if (headers.origin) headers.origin = values.server;
  if (values.token) headers.authorization = `Bearer ${values.token}`;
  const upstream = request(new URL(incoming.url, values.server), { method: incoming.method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    // What ends early on one side ends on the other.
    pipeline(answer, outgoing, () => {});
  });
  upstream.on("error", () => outgoing.destroy());
  outgoing.on("close", () => upstream.destroy());
  incoming.pipe(upstream);
}

async function answerSession(outgoing) {
  const answer = await fetch(new URL("api/v1/people", values.server), {
    headers: { authorization: `Bearer ${values.token}` },
  });
  const content = await answer.json();
  const people = answer.ok ? content.people.map(({ person }) => person) : [];
  const first = answer.ok ? (content.people.find(({ uploads }) => uploads > 0)?.person ?? people[0]) : null;
  const session = {
    person: first,
    people,
    all_people: people.length > 1,
    scope: "read",
    expires: null,
    label: "dev",
    tiles: null,
    app: { url: null, path: "/api/health-data", header: null },
  };
  outgoing.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "application/json" });
  outgoing.end(JSON.stringify(answer.ok ? session : content));
}
