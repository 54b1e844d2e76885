// Starts the page: asks for the session and, at the same time, for what Today shows, unless the first script did.

import { render } from "preact";
import { readAhead } from "./api/answers.ts";
import { address } from "./state/address.ts";
import { startClock } from "./state/clock.ts";
import { startLive } from "./state/live.ts";
import { loadSession, session, sessionError } from "./state/session.ts";
import { Frame } from "./ui/Frame.tsx";
import { afterPaint } from "./ui/paint.ts";
import { SignIn } from "./ui/SignIn.tsx";
import { Failure } from "./ui/States.tsx";
import { loadCommon } from "./views/registry.ts";
import { overviewQuery } from "./views/today/query.ts";
import "./styles/main.css";

function App() {
  const isSigningIn = address.value.view === "sign-in" && address.value.query.has("code");
  if (session.value === null || isSigningIn) return <SignIn />;
  const error = sessionError.value;
  if (error && session.value === undefined) return <Failure error={error} retry={() => void loadSession()} />;
  // The frame is there before the session is: most visits have one.
  return <Frame />;
}

if (address.peek().view === "") readAhead("/api/v1/overview", overviewQuery());
const root = document.getElementById("app");
if (root) render(<App />, root);
// The first paint does not wait for these.
afterPaint(() => {
  void loadSession();
  startClock();
  startLive();
});

/** The scripts of the next view and of the next visit load after those of this one. */
const NEXT_AFTER_MS = 2000;
setTimeout(() => {
  // A view that needs it asks again.
  loadCommon().catch(() => undefined);
  // Browsers have workers only on HTTPS and on this machine.
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("sw.js").catch(() => undefined);
}, NEXT_AFTER_MS);
