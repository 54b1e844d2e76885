// Shows an answer: bones until it is there, the failure if there is nothing else, and what was seen before otherwise.

import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { type Answer, refreshAnswers } from "../api/answers.ts";
import { Failure, Loading } from "./States.tsx";

interface AnsweredProps<T> {
  answer: ReadonlySignal<Answer<T>>;
  lines?: number;
  children: (data: T) => ComponentChildren;
}

export function Answered<T>({ answer, lines = 4, children }: AnsweredProps<T>) {
  const { data, error } = answer.value;
  if (data !== undefined) return <>{children(data)}</>;
  if (error) return <Failure error={error} retry={refreshAnswers} />;
  return <Loading lines={lines} />;
}
