// All types in groups, with their last four weeks. A word narrows the list; the address holds it.

import { useAnswer } from "../../api/answers.ts";
import type { TypeRow, TypeSummary } from "../../api/shapes.ts";
import { formatNumber } from "../../format/numbers.ts";
import { type Group, groupOfType, nameOfType } from "../../format/types.ts";
import { changeQuery, linkTo, personInAddress } from "../../state/address.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Empty } from "../../ui/States.tsx";
import type { ViewProps } from "../registry.ts";
import { overviewQuery } from "../today/query.ts";
import { GroupCard } from "./GroupCard.tsx";
import { matches } from "./search.ts";

export default function Types({ query }: ViewProps) {
  const answer = useAnswer("/api/v1/types", { person: personInAddress.value });
  // Today's answer, which is often there already: both views show the same values.
  const summaries = useAnswer("/api/v1/overview", overviewQuery()).value.data?.types ?? [];
  const word = query.get("q") ?? "";
  return (
    <div class="types">
      <header class="view-head">
        <h1>{texts.types.title}</h1>
        <label class="search">
          <Icon name="search" size={18} />
          <input
            type="search"
            value={word}
            placeholder={texts.types.searchHint}
            aria-label={texts.types.searchHint}
            autocapitalize="off"
            spellcheck={false}
            onInput={(event) => changeQuery({ q: event.currentTarget.value }, "replace")}
          />
        </label>
      </header>
      <Answered answer={answer} lines={10}>
        {({ types }) => <List types={types} summaries={summaries} word={word} />}
      </Answered>
    </div>
  );
}

interface ListProps {
  types: readonly TypeRow[];
  summaries: readonly TypeSummary[];
  word: string;
}

function List({ types, summaries, word }: ListProps) {
  if (types.length === 0) {
    return (
      <Empty title={texts.types.empty} icon="types">
        <p>{texts.types.emptyText}</p>
        <a class="button" href={linkTo("setup")}>
          {texts.menu.setup}
        </a>
      </Empty>
    );
  }
  const groups = grouped(types.filter((type) => matches(type, word)));
  const byType = new Map(summaries.map((summary) => [summary.type, summary]));
  const count = groups.reduce((total, [, of]) => total + of.length, 0);
  return (
    <>
      <p class="hidden" role="status">
        {word && texts.types.count(formatNumber(count), count)}
      </p>
      {count === 0 && <p class="muted">{texts.types.none(word)}</p>}
      <div class="groups">
        {groups.map(([group, of]) => (
          <GroupCard key={group} group={group} types={of} summaries={byType} />
        ))}
      </div>
    </>
  );
}

/** Groups in their order; in each the types by name. */
function grouped(types: readonly TypeRow[]): [Group, TypeRow[]][] {
  const order = Object.keys(texts.groups) as Group[];
  const inGroup = (group: Group) =>
    types
      .filter(({ type }) => groupOfType(type) === group)
      .sort((one, other) => nameOfType(one.type).localeCompare(nameOfType(other.type)));
  return order.map((group): [Group, TypeRow[]] => [group, inGroup(group)]).filter(([, of]) => of.length > 0);
}
