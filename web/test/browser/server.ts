// A healthsink of the test's own: real binary, real database, a port that is free. Only this process is ended.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const TARGET = process.env.CARGO_TARGET_DIR ?? "../target";
export const PROGRAM = process.env.HEALTHSINK_PROGRAM ?? join(TARGET, "debug", "healthsink");
export const GENERATOR = process.env.HEALTHSINK_GENERATOR ?? join(TARGET, "debug", "healthsink-testdata");

const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HEALTHSINK_")));

export interface Truth {
  days: Record<string, Record<string, number>>;
  nights: Record<string, Record<"asleep" | "core" | "deep" | "rem" | "awake" | "in_bed" | "naps", number | null>>;
  workouts: Record<string, number>;
}

export class Household {
  readonly folder = mkdtempSync(join(tmpdir(), "healthsink-page-"));
  readonly database = join(this.folder, "health.db");
  private process: ChildProcess | undefined;
  private readonly followers: (() => Promise<void>)[] = [];
  /** As `http://127.0.0.1:31234/`; the same after a restart. */
  url = "";

  get processId(): number | undefined {
    return this.process?.pid;
  }

  /** Runs a command of the program and returns what it prints. */
  run(...words: string[]): string {
    // `token new` has two words before its flags.
    const count = words[0] === "token" ? 2 : 1;
    const [[command = "", ...sub], rest] = [words.slice(0, count), words.slice(count)];
    const parameters = [command, ...sub, "--db", this.database, ...rest];
    return execFileSync(PROGRAM, parameters, { env: environment, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Changes the database behind the server's back: there is no other way to a time that has come. */
  sql(statement: string): void {
    const script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])";
    execFileSync("python3", ["-c", script, this.database, statement], { stdio: ["ignore", "ignore", "pipe"] });
  }

  token(scope: "read" | "send", ...flags: string[]): string {
    return this.run("token", "new", "--scope", scope, ...flags).trim();
  }

  /** Imports a payload for a person. */
  import(person: string, payload: object | string): void {
    const file = typeof payload === "string" ? payload : join(this.folder, `${person}.json`);
    if (typeof payload !== "string") writeFileSync(file, JSON.stringify(payload));
    this.run("import", "--person", person, file);
  }

  generate(...words: string[]): void {
    execFileSync(GENERATOR, words, { env: environment, stdio: ["ignore", "ignore", "pipe"] });
  }

  /** Starts the server and waits until it listens. */
  async start(...flags: string[]): Promise<void> {
    const port = this.url === "" ? "0" : new URL(this.url).port;
    await this.begin("serve", "--db", this.database, "--listen", `127.0.0.1:${port}`, "--log-format", "text", ...flags);
  }

  /** Fills the new database with the demo's people: anna, and ben, who has less. */
  async fillWithDemo(days: number): Promise<void> {
    await this.begin("demo", "--db", this.database, "--days", String(days), "--listen", "127.0.0.1:0");
    await this.stop();
    this.url = "";
  }

  /** Starts a follower, which ends with the household. */
  follow(...flags: string[]): { stop(): Promise<void> } {
    const words = ["follow", "--db", this.database, ...flags];
    const started = spawn(PROGRAM, words, { env: environment, stdio: "ignore" });
    const stop = () => ended(started);
    this.followers.push(stop);
    return { stop };
  }

  private async begin(...words: string[]): Promise<void> {
    const started = spawn(PROGRAM, words, { env: environment, stdio: ["ignore", "ignore", "pipe"] });
    this.process = started;
    const lines = createInterface({ input: started.stderr });
    let log = "";
    this.url = await new Promise<string>((resolve, reject) => {
      lines.on("line", (line) => {
        log += `${line}\n`;
        const found = /listens on (https?:\/\/[\d.]+:\d+)/.exec(line);
        if (found?.[1]) resolve(`${found[1]}/`);
      });
      started.once("exit", () => reject(new Error(`the server has ended:\n${log}`)));
    });
  }

  async stop(): Promise<void> {
    const running = this.process;
    this.process = undefined;
    if (running) await ended(running);
  }

  async remove(): Promise<void> {
    for (const stop of this.followers) await stop();
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Sends a payload as the app does. */
  async upload(token: string, payload: object): Promise<void> {
    const answer = await fetch(`${this.url}api/health-data`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(payload),
    });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  }

  /** Reads the API, which the page's figures are compared with. */
  async read<T>(token: string, path: string): Promise<T> {
    const answer = await fetch(`${this.url}api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}

async function ended(running: ChildProcess): Promise<void> {
  if (running.exitCode !== null || running.signalCode !== null) return;
  const exit = once(running, "exit");
  running.kill("SIGTERM");
  await exit;
}

/** Returns why the tests cannot run here; null if they can. */
export function missing(): string | null {
  if (!existsSync(PROGRAM)) return `${PROGRAM} is not there: cargo build`;
  if (!existsSync(GENERATOR)) return `${GENERATOR} is not there: cargo build --workspace`;
  return null;
}
