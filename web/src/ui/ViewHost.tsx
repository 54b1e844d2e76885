// Loads the view that the address names, and catches what a view throws.

import { Component, type ComponentChildren, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { address } from "../state/address.ts";
import { texts } from "../texts.ts";
import { type View, type ViewProps, viewOf } from "../views/registry.ts";
import { Empty, Loading } from "./States.tsx";

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
  const [error, setError] = useState<Error>();
  const Shown = loaded.get(view.name);
  useEffect(() => {
    if (Shown) return;
    view.load().then(
      ({ default: shown }) => {
        loaded.set(view.name, shown);
        redraw((count) => count + 1);
      },
      (failure: unknown) => setError(failure instanceof Error ? failure : new Error(String(failure))),
    );
  }, [view, Shown]);
  if (error) throw error;
  return Shown ? <Shown parts={parts} query={query} /> : <Loading lines={6} />;
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
