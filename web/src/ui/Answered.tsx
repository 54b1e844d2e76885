// Shows an answer: bones until it is there, the failure if there is nothing else, and what was seen before otherwise.

import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { type Answer, refreshAnswers } from "../api/answers.ts";
import { texts } from "../texts/first.ts";
import { Failure, Loading } from "./States.tsx";

interface AnsweredProps<T> {
  /** Keeps what was shown while an answer to another question comes in, such as the next month. */
  isSticky?: boolean;
  answer: ReadonlySignal<Answer<T>>;
  lines?: number;
  children: (data: T) => ComponentChildren;
}

export function Answered<T>({ answer, lines = 4, isSticky = false, children }: AnsweredProps<T>) {
  const { data, error } = answer.value;
  const last = useRef<ComponentChildren>(null);
  if (data !== undefined) last.current = children(data);
  // While another answer comes in: the same elements as before, so Preact does not draw them again.
  const isWaiting = data === undefined && isSticky && !error && last.current !== null;
  if (data !== undefined || isWaiting) {
    return (
      <>
        {isWaiting ? <div class="busy" role="progressbar" aria-label={texts.problems.loading} /> : null}
        {last.current}
      </>
    );
  }
  if (error) return <Failure error={error} retry={refreshAnswers} />;
  return <Loading lines={lines} />;
}
