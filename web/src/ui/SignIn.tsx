// Signing in by a token, or by the one-use code of a link: #/sign-in?code=…

import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/problem.ts";
import { address, go } from "../state/address.ts";
import { hasEnded, signIn } from "../state/session.ts";
import { texts } from "../texts/first.ts";
import { Icon } from "./Icon.tsx";

export function SignIn() {
  const code = address.value.view === "sign-in" ? address.value.query.get("code") : null;
  const [token, setToken] = useState("");
  const [isShown, setShown] = useState(false);
  const [isWorking, setWorking] = useState(code !== null);
  const [problem, setProblem] = useState<string | null>(null);

  const submit = async (secret: { token: string } | { code: string }) => {
    setWorking(true);
    setProblem(null);
    try {
      await signIn(secret);
      if (address.value.view === "sign-in") go("#/");
    } catch (error) {
      setProblem(error instanceof Problem ? error.detail : (error as Error).message);
      setWorking(false);
    }
  };
  // The code works once: it leaves the address, and so the browser's history, before it is used.
  useEffect(() => {
    if (code === null) return;
    history.replaceState(null, "", "#/sign-in");
    void submit({ code });
  }, [code]);

  return (
    <main class="sign-in">
      <p class="brand">
        <Icon name="today" size={28} />
        {texts.name}
      </p>
      <h1>{texts.signIn.title}</h1>
      <p role={hasEnded.value ? "status" : undefined}>{hasEnded.value ? texts.signIn.ended : texts.signIn.lead}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim()) void submit({ token: token.trim() });
        }}
      >
        <label for="token">{texts.signIn.field}</label>
        <div class="field">
          <input
            id="token"
            name="token"
            type={(isShown ? "text" : "password") as "password"}
            autocomplete="current-password"
            autocapitalize="off"
            spellcheck={false}
            required
            value={token}
            aria-describedby={problem ? "problem" : undefined}
            aria-invalid={problem ? "true" : undefined}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          <button type="button" class="link" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
            {isShown ? texts.signIn.hide : texts.signIn.show}
          </button>
        </div>
        {problem && (
          <p id="problem" class="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="button primary" disabled={isWorking}>
          {isWorking ? (code ? texts.signIn.withCode : texts.signIn.working) : texts.signIn.button}
        </button>
      </form>
      <section class="how">
        <h2>{texts.signIn.how}</h2>
        <p>{texts.signIn.howText}</p>
        {texts.signIn.commands.map((command) => (
          <code key={command}>{command}</code>
        ))}
      </section>
    </main>
  );
}
