// Copies a text. Browsers have a clipboard only over HTTPS: elsewhere the text is selected, and copied the old way.

import { useState } from "preact/hooks";
import { texts } from "../../texts.ts";

type Outcome = "copied" | "selected";

const SHOWN_MS = 4000;

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const copy = async (button: HTMLElement) => {
    const done = await copied(text, button.parentElement?.querySelector("[data-copy]") ?? null);
    setOutcome(done ? "copied" : "selected");
    setTimeout(() => setOutcome(null), SHOWN_MS);
  };
  return (
    <button
      type="button"
      class="button"
      aria-label={texts.setup.copyWhat(what)}
      onClick={(event) => void copy(event.currentTarget)}
    >
      <span role="status">
        {outcome === "copied" ? texts.setup.copied : outcome === "selected" ? texts.setup.selected : texts.setup.copy}
      </span>
    </button>
  );
}

async function copied(text: string, shown: Element | null): Promise<boolean> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused: the old way may work.
  }
  if (shown) window.getSelection()?.selectAllChildren(shown);
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  }
}
