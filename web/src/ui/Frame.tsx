// What stands around every view: navigation at the side or, on a phone, at the bottom; the menu; news of the connection.

import { useEffect, useRef } from "preact/hooks";
import { HERE } from "../format/calendar.ts";
import { formatTime } from "../format/dates.ts";
import { address, linkTo } from "../state/address.ts";
import { reachedAt, unreachableSince } from "../state/connection.ts";
import { reconnectNow } from "../state/live.ts";
import { texts } from "../texts/first.ts";
import { viewOf, views } from "../views/registry.ts";
import { Icon } from "./Icon.tsx";
import { Menu } from "./Menu.tsx";
import { ViewHost } from "./ViewHost.tsx";

export function Frame() {
  const main = useRef<HTMLElement>(null);
  const { view, parts } = address.value;
  const place = [view, ...parts].join("/");
  const first = useRef(place);
  // A new view begins at its top, and readers are told of it.
  useEffect(() => {
    if (first.current === place) return;
    first.current = place;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [place]);
  return (
    <div class="frame">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {texts.nav.skip}
      </button>
      <header class="bar">
        <a class="brand" href={linkTo("")}>
          <Icon name="today" size={22} />
          {texts.name}
        </a>
        <Navigation current={viewOf(view)?.under ?? view} />
        <Menu />
      </header>
      <div class="content">
        <Connection />
        <main ref={main} tabIndex={-1}>
          <ViewHost />
        </main>
      </div>
    </div>
  );
}

function Navigation({ current }: { current: string }) {
  return (
    <nav aria-label={texts.nav.label}>
      {views.map(
        ({ name, title, icon }) =>
          icon && (
            <a key={name} href={linkTo(name)} aria-current={name === current ? "page" : undefined}>
              <Icon name={icon} size={22} />
              <span>{title}</span>
            </a>
          ),
      )}
    </nav>
  );
}

function Connection() {
  const since = unreachableSince.value;
  if (!since) return <div role="status" />;
  const seen = reachedAt.value;
  return (
    <div class="connection" role="status">
      <span>
        {texts.problems.unreachableSince(formatTime(since, HERE))}{" "}
        {seen && texts.problems.seenFrom(formatTime(seen, HERE))}
      </span>
      <button type="button" class="link" onClick={reconnectNow}>
        {texts.problems.retry}
      </button>
    </div>
  );
}
