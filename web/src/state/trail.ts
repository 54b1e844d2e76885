// The addresses that were left, for links back. Pure.

import { type Address, parseAddress } from "./hash.ts";

/** A list and one thing of it are two kinds: `#/sleep` and `#/sleep/2026-01-31`. */
const kindOf = ({ view, parts }: Address) => (parts.length > 0 ? `${view}/` : view);

export class Trail {
  /** The last address of each kind, the newest one last. */
  private readonly left = new Map<string, Address>();

  /** Notes that an address was left for another one. */
  leave(from: string, to: string): void {
    const address = parseAddress(from);
    const kind = kindOf(address);
    if (kind === kindOf(parseAddress(to))) return;
    this.left.delete(kind);
    this.left.set(kind, address);
  }

  /** Returns the one that was left last; undefined if none was. */
  last(isWanted: (address: Address) => boolean): Address | undefined {
    return [...this.left.values()].reverse().find(isWanted);
  }
}
