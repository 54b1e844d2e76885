// Which figures the owner wants, and the request for them: small enough to be asked before the page's scripts are there.

import type { Query } from "../../state/hash.ts";
import { readKept } from "../../state/kept.ts";

export const FIGURES = 4;
export const NAME = "figures";

/** The owner's choice; null until there is one: then the server chooses. */
export function readChosen(): string[] | null {
  const types =
    readKept(NAME)
      ?.split(",")
      .filter((type) => type !== "")
      .slice(0, FIGURES) ?? [];
  return types.length > 0 ? types : null;
}

export const queryOf = (chosen: string[] | null, person: string | null): Query => ({ type: chosen?.join(","), person });
