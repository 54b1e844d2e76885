// Who is signed in. The cookie is out of reach for scripts: the server says whose it is.

import { computed, signal } from "@preact/signals";
import { readJson, request } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { SessionAnswer } from "../api/shapes.ts";
import { personInAddress } from "./address.ts";

/** undefined until the server has answered; null without a session. */
export const session = signal<SessionAnswer | null | undefined>(undefined);

/** Why the session could not be read, other than that there is none. */
export const sessionError = signal<Error | null>(null);

/** Whose data is shown. */
export const person = computed(() => personInAddress.value ?? session.value?.person ?? null);

export async function loadSession(): Promise<void> {
  try {
    session.value = await readJson<SessionAnswer>("session");
    sessionError.value = null;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      session.value = null;
      sessionError.value = null;
    } else {
      sessionError.value = error as Error;
    }
  }
}

/** Signs in by a token or a one-use code. Throws the server's problem. */
export async function signIn(secret: { token: string } | { code: string }): Promise<void> {
  const headers = { "content-type": "application/json", accept: "application/json" };
  session.value = await readJson<SessionAnswer>("session", { method: "POST", headers, body: JSON.stringify(secret) });
}

export async function signOut(): Promise<void> {
  await request("session", { method: "DELETE" });
  endSession();
}

export function endSession(): void {
  session.value = null;
}
