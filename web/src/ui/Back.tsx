// The way back to the list that one came from. A view that was opened by its address leads to its own list.

import { lastLeft, linkBackTo, linkTo } from "../state/address.ts";
import { viewOf } from "../views/registry.ts";
import { Icon } from "./Icon.tsx";

/** `list` is the view's own one. */
export function Back({ list }: { list: string }) {
  const from = lastLeft(({ view, parts }) => parts.length === 0 && viewOf(view)?.icon !== undefined);
  return (
    <a class="back" href={from ? linkBackTo(from) : linkTo(list)}>
      <Icon name="left" size={16} />
      {viewOf(from?.view ?? list)?.title}
    </a>
  );
}
