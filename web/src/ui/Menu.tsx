// The menu: whose data is shown, units, and what is rarely needed.

import { useEffect, useRef, useState } from "preact/hooks";
import { address, changeQuery, linkTo } from "../state/address.ts";
import { person, session, signOut } from "../state/session.ts";
import { chooseUnits, units } from "../state/settings.ts";
import { texts } from "../texts/first.ts";
import { Icon } from "./Icon.tsx";
import { Segmented } from "./Segmented.tsx";

export function Menu() {
  const details = useRef<HTMLDetailsElement>(null);
  // The first paint does not wait for what nobody sees yet.
  const [isOpen, setOpen] = useState(false);
  const close = () => {
    if (details.current) details.current.open = false;
  };
  useEffect(() => {
    const onPointer = (event: Event) => {
      if (!details.current?.contains(event.target as Node)) close();
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !details.current?.open) return;
      close();
      details.current.querySelector("summary")?.focus();
    };
    document.addEventListener("pointerdown", onPointer);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onPointer);
      document.removeEventListener("keydown", onKey);
    };
  }, []);
  const shown = person.value ?? "";
  return (
    <details class="menu" ref={details} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary title={shown}>
        <Icon name="person" size={22} />
        <span class="ellipsis">{shown || texts.menu.open}</span>
      </summary>
      {isOpen && <Panel close={close} />}
    </details>
  );
}

function Panel({ close }: { close: () => void }) {
  return (
    <div class="menu-panel">
      <People close={close} />
      <div class="menu-part">
        <h2>{texts.menu.units}</h2>
        <Segmented
          label={texts.menu.units}
          choices={[
            { key: "metric", text: texts.menu.metric },
            { key: "us", text: texts.menu.us },
          ]}
          chosen={units.value}
          choose={chooseUnits}
        />
      </div>
      <div class="menu-part">
        <a href={linkTo("setup")} onClick={close}>
          {texts.menu.setup}
        </a>
        <a href="docs">{texts.menu.api}</a>
        <a href="licences">{texts.menu.licences}</a>
        <button type="button" class="menu-item" onClick={() => void signOut().then(close, close)}>
          {texts.menu.signOut}
        </button>
      </div>
    </div>
  );
}

function People({ close }: { close: () => void }) {
  const people = session.value?.people ?? [];
  if (people.length < 2) return null;
  const own = session.value?.person;
  const choose = (name: string) => {
    // A night or a workout of one person is nothing of another one's: the view begins at its own start.
    const { view, parts } = address.value;
    if (parts.length > 0 && view !== "type") location.hash = linkTo(view, [], { person: name === own ? null : name });
    else changeQuery({ person: name === own ? null : name, end: null });
    close();
  };
  return (
    <div class="menu-part">
      <h2>{texts.menu.people}</h2>
      {people.map((name) => (
        <button
          key={name}
          type="button"
          class="menu-item"
          title={name}
          aria-current={name === person.value ? "true" : undefined}
          onClick={() => choose(name)}
        >
          <span class="ellipsis">{name}</span>
          {name === person.value && <Icon name="check" size={18} />}
        </button>
      ))}
    </div>
  );
}
