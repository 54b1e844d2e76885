// Express with better-sqlite3 over healthsink's own file: a rival in scripts/compare-read.
// Written as a competent user would: prepared statements, derived figures where the file has them, a stream for CSV.
// Environment: PORT, DATABASE (a file).

"use strict";

const Database = require("better-sqlite3");
const express = require("express");

const db = new Database(process.env.DATABASE, { readonly: true });
const QUERIES = require("./queries.json");
const prepared = new Map();

function statement(name) {
  if (!prepared.has(name)) prepared.set(name, db.prepare(QUERIES[name]));
  return prepared.get(name);
}

const app = express();

app.get("/csv", (request, response) => {
  response.type("text/csv");
  const rows = statement("csv").raw().iterate(request.query);
  const write = () => {
    for (;;) {
      const lines = [];
      let done = false;
      while (lines.length < 1000) {
        const next = rows.next();
        if (next.done) {
          done = true;
          break;
        }
        lines.push(next.value.map((cell) => (cell == null ? "" : String(cell))).join(","));
      }
      if (lines.length > 0 && !response.write(lines.join("\n") + "\n") && !done) {
        response.once("drain", write);
        return;
      }
      if (done) {
        response.end();
        return;
      }
    }
  };
  response.once("close", () => rows.return());
  write();
});

app.get("/:name", (request, response) => {
  if (!Object.hasOwn(QUERIES, request.params.name)) {
    response.sendStatus(404);
    return;
  }
  response.json(statement(request.params.name).all(request.query));
});

app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
