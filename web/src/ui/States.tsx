// What a view shows in place of data: nothing yet, nothing there, or what went wrong and what to do.

import type { ComponentChildren } from "preact";
import { Problem } from "../api/problem.ts";
import { texts } from "../texts/first.ts";
import { Icon, type IconName } from "./Icon.tsx";
import { Marked } from "./Marked.tsx";

/** Grey lines where text will be. Screen readers hear one word. */
export function Loading({ lines = 3 }: { lines?: number }) {
  return (
    <div class="loading" role="status">
      <span class="hidden">{texts.problems.loading}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} class="bone" />
      ))}
    </div>
  );
}

interface EmptyProps {
  title: string;
  icon?: IconName;
  /** The only heading of what is shown. */
  isView?: boolean;
  children?: ComponentChildren;
}

export function Empty(props: EmptyProps) {
  const Heading = props.isView ? "h1" : "h2";
  return (
    <div class="state">
      {props.icon && <Icon name={props.icon} size={28} />}
      <Heading>{props.title}</Heading>
      {props.children}
    </div>
  );
}

export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const isMissing = error instanceof Problem && error.status === 404;
  return (
    <div class="state" role="alert">
      <Icon name="warning" size={28} />
      <h2>{isMissing ? texts.problems.notFound : texts.problems.failed}</h2>
      <p>
        <Marked text={error.message} />
      </p>
      {retry && !isMissing && (
        <button type="button" class="button" onClick={retry}>
          {texts.problems.retry}
        </button>
      )}
    </div>
  );
}
