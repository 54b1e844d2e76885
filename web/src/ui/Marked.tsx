// A text of the server in which backticks mark what to type.

import { partsOf } from "../format/marked.ts";

export function Marked({ text }: { text: string }) {
  return <>{partsOf(text).map(({ text: part, isCode }, place) => (isCode ? <code key={place}>{part}</code> : part))}</>;
}
