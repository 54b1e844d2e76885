// A row of choices of which one holds, such as the ranges of a chart: radio buttons, so arrow keys work.

import { useMemo } from "preact/hooks";

interface SegmentedProps<K extends string> {
  label: string;
  choices: readonly { key: K; text: string; short?: string }[];
  chosen: K;
  choose: (key: K) => void;
}

let groups = 0;

export function Segmented<K extends string>({ label, choices, chosen, choose }: SegmentedProps<K>) {
  const name = useName();
  return (
    <fieldset class="segmented">
      <legend class="hidden">{label}</legend>
      {choices.map(({ key, text, short }) => (
        <label key={key} class={key === chosen ? "chosen" : undefined}>
          <input type="radio" name={name} value={key} checked={key === chosen} onChange={() => choose(key)} />
          {short ? (
            <>
              <span class="wide-only">{text}</span>
              <span class="narrow-only" aria-hidden="true">
                {short}
              </span>
              <span class="narrow-only hidden">{text}</span>
            </>
          ) : (
            <span>{text}</span>
          )}
        </label>
      ))}
    </fieldset>
  );
}

function useName(): string {
  return useMemo(() => `segmented${++groups}`, []);
}
