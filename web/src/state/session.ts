// Who is signed in. The cookie is out of reach for scripts: the server says whose it is.

import { computed, signal } from "@preact/signals";
import { readJson, request } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { SessionAnswer } from "../api/shapes.ts";
import { personInAddress } from "./address.ts";
import { forget, keep, readKept } from "./kept.ts";

/** undefined until the server has answered; null without a session. */
export const session = signal<SessionAnswer | null | undefined>(undefined);

/** Why the session could not be read, other than that there is none. */
export const sessionError = signal<Error | null>(null);

/** Kept while this browser is signed in. A cookie that has expired is gone, so only this says that there was a session. */
const SIGNED_IN = "signed-in";

/** The session has ended by itself: its time is over, its token was revoked, or somebody has ended it. */
export const hasEnded = signal(false);

/** Whose data is shown. */
export const person = computed(() => personInAddress.value ?? session.value?.person ?? null);

export async function loadSession(): Promise<void> {
  try {
    begin(await readJson<SessionAnswer>("session"));
    sessionError.value = null;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      endSession();
      sessionError.value = null;
    } else {
      sessionError.value = error as Error;
    }
  }
}

/** Signs in by a token or a one-use code. Throws the server's problem. */
export async function signIn(secret: { token: string } | { code: string }): Promise<void> {
  const headers = { "content-type": "application/json", accept: "application/json" };
  begin(await readJson<SessionAnswer>("session", { method: "POST", headers, body: JSON.stringify(secret) }));
}

export async function signOut(): Promise<void> {
  await request("session", { method: "DELETE" });
  forget(SIGNED_IN);
  endSession();
}

export function endSession(): void {
  hasEnded.value = readKept(SIGNED_IN) !== null;
  session.value = null;
}

function begin(answer: SessionAnswer): void {
  keep(SIGNED_IN, "yes");
  hasEnded.value = false;
  session.value = answer;
}
