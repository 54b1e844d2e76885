// The language of the texts, and its plurals.

export const LANGUAGE = "en-GB";

const rules = new Intl.PluralRules(LANGUAGE);

export const plural = (count: number, one: string, many: string) => (rules.select(count) === "one" ? one : many);
