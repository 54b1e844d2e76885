// The dialog in which the owner chooses the figures of Today.

import { useRef, useState } from "preact/hooks";
import type { Overview } from "../../api/shapes.ts";
import { nameOfType } from "../../format/types.ts";
import { texts } from "../../texts/first.ts";
import { Icon } from "../../ui/Icon.tsx";
import { chooseFigures, FIGURES } from "./query.ts";

export function ChooseFigures({ overview }: { overview: Overview }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [chosen, setChosen] = useState(overview.figures.map(({ type }) => type));
  // It is drawn once it is asked for.
  const [isOpen, setOpen] = useState(false);
  const choices = (isOpen ? overview.types : [])
    .filter(({ method }) => method === "sum" || method === "mean" || method === "level")
    .map(({ type }) => ({ type, name: nameOfType(type) }))
    .sort((one, other) => one.name.localeCompare(other.name));
  const [isFull, setFull] = useState(false);
  const toggle = (type: string, box: HTMLInputElement) => {
    const isOneMore = box.checked && chosen.length >= FIGURES;
    setFull(isOneMore);
    if (isOneMore) box.checked = false;
    else setChosen(box.checked ? [...chosen, type] : chosen.filter((other) => other !== type));
  };
  const open = () => {
    setOpen(true);
    setFull(false);
    setChosen(overview.figures.map(({ type }) => type));
    dialog.current?.showModal();
  };
  return (
    <>
      <button
        type="button"
        class="icon-button"
        title={texts.today.choose}
        aria-label={texts.today.choose}
        onClick={open}
      >
        <Icon name="edit" size={18} />
      </button>
      <dialog
        ref={dialog}
        class="choose"
        aria-labelledby="choose-title"
        onClose={() => {
          setOpen(false);
          const shown = overview.figures.map(({ type }) => type).join();
          if (chosen.length > 0 && chosen.join() !== shown) chooseFigures(chosen);
        }}
        // A click beside the panel is one on the dialog.
        onClick={(event) => {
          if (event.target === dialog.current) dialog.current?.close();
        }}
      >
        {isOpen && (
          <form method="dialog">
            <header>
              <h2 id="choose-title">{texts.today.choose}</h2>
              <p class={isFull ? "warn-text" : "note"} role="status">
                {isFull ? texts.today.chooseFull : texts.today.chooseHint}
              </p>
            </header>
            <ul>
              {choices.map(({ type, name }) => {
                const isChosen = chosen.includes(type);
                return (
                  <li key={type}>
                    <label>
                      <input
                        type="checkbox"
                        checked={isChosen}
                        onChange={(event) => toggle(type, event.currentTarget)}
                      />
                      <span class="ellipsis" title={name}>
                        {name}
                      </span>
                    </label>
                  </li>
                );
              })}
            </ul>
            <button type="submit" class="button primary">
              {texts.today.done}
            </button>
          </form>
        )}
      </dialog>
    </>
  );
}
