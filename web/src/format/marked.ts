// Texts in which backticks mark commands. Pure.

export interface MarkedPart {
  text: string;
  isCode: boolean;
}

/** Divides a text at pairs of backticks. A single one is left as it is. */
export function partsOf(text: string): MarkedPart[] {
  return text
    .split(/(`[^`\n]+`)/)
    .filter((part) => part !== "")
    .map((part) => {
      const isCode = part.length > 2 && part.startsWith("`") && part.endsWith("`");
      return { text: isCode ? part.slice(1, -1) : part, isCode };
    });
}
