// Loads the view that the address names, and catches what a view throws.

import { Component, type ComponentChildren, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { request } from "../api/client.ts";
import { Unreachable } from "../api/problem.ts";
import { address } from "../state/address.ts";
import { unreachableSince } from "../state/connection.ts";
import { reconnectNow } from "../state/live.ts";
import { texts } from "../texts/first.ts";
import { loadView, type View, type ViewProps, viewOf } from "../views/registry.ts";
import { Empty, Failure, Loading } from "./States.tsx";

const loaded = new Map<string, ComponentType<ViewProps>>();

export function ViewHost() {
  const { view: name, parts, query } = address.value;
  const view = viewOf(name);
  useEffect(() => {
    document.title = view ? `${view.title} · ${texts.name}` : texts.name;
  }, [view]);
  if (!view) return <NotFound />;
  return (
    <Boundary key={view.name}>
      <Loaded view={view} parts={parts} query={query} />
    </Boundary>
  );
}

function Loaded({ view, parts, query }: ViewProps & { view: View }) {
  const [, redraw] = useState(0);
  const [failure, setFailure] = useState<"away" | "gone">();
  const Shown = view.shown ?? loaded.get(view.name);
  const isAway = unreachableSince.value !== null;
  const mustWait = failure === "away" && isAway;
  useEffect(() => {
    if (Shown || mustWait || failure === "gone") return;
    // Browsers remember that a script could not be loaded. All that is shown is in the address.
    if (failure === "away") return location.reload();
    loadView(view).then(
      (shown) => {
        if (shown) loaded.set(view.name, shown);
        redraw((count) => count + 1);
      },
      () => void whyNot().then(setFailure),
    );
  }, [view, Shown, mustWait, failure]);
  if (Shown) return <Shown parts={parts} query={query} />;
  if (failure === "gone") throw new Error(texts.problems.outdated);
  return mustWait ? <Failure error={new Unreachable()} retry={reconnectNow} /> : <Loading lines={6} />;
}

/** A script that cannot be loaded says nothing about why: a small request does, and notes whether the server is away. */
async function whyNot(): Promise<"away" | "gone"> {
  try {
    await request("healthz");
    return "gone";
  } catch (error) {
    return error instanceof Unreachable ? "away" : "gone";
  }
}

interface BoundaryState {
  error: Error | null;
}

/** A script that is gone after an update of the server fails to load: loading the page again helps. */
class Boundary extends Component<{ children: ComponentChildren }, BoundaryState> {
  override state: BoundaryState = { error: null };

  static override getDerivedStateFromError(error: Error): BoundaryState {
    return { error };
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <Empty title={texts.problems.crashed} icon="warning" isView>
        <p>{this.state.error.message}</p>
        <button type="button" class="button" onClick={() => location.reload()}>
          {texts.problems.reload}
        </button>
      </Empty>
    );
  }
}

export function NotFound() {
  return (
    <Empty title={texts.problems.notFound} icon="warning" isView>
      <p>{texts.problems.notFoundText}</p>
      <a class="button" href="#/">
        {texts.problems.toToday}
      </a>
    </Empty>
  );
}
