// All types in one table: the last value, its age, the change against 28 days, and the usual range.

import type { Overview, TypeSummary } from "../../api/shapes.ts";
import { formatAge, formatDay, formatInstant } from "../../format/dates.ts";
import { hasFigures, isByDay, latestValue } from "../../format/latest.ts";
import { formatChange, NOTHING } from "../../format/numbers.ts";
import { type Group, goodDirection, groupOfType, nameOfType } from "../../format/types.ts";
import { type Measure, measureOfRow } from "../../format/units.ts";
import { linkTo } from "../../state/address.ts";
import { now } from "../../state/clock.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts/first.ts";
import { Card } from "../../ui/Card.tsx";
import { Later } from "../../ui/Later.tsx";

const { columns } = texts.today;

export function Everything({ overview }: { overview: Overview }) {
  const groups = grouped(overview.types);
  return (
    <Card title={texts.today.everything} class="everything">
      {overview.types.some(hasChange) && (
        <p class="note">
          {texts.today.changeLegend} <span class="wide">{texts.today.usualLegend}</span>
        </p>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">{columns.type}</th>
            <th scope="col" class="number">
              {columns.last}
            </th>
            <th scope="col" class="number wide">
              {columns.age}
            </th>
            <th scope="col" class="number wide">
              {columns.change}
            </th>
            <th scope="col" class="number wide">
              {columns.usual}
            </th>
          </tr>
        </thead>
        {groups.map(([group, types], place) => (
          <Later key={group} after={place}>
            {() => (
              <tbody>
                <tr class="group">
                  <th scope="rowgroup">{texts.groups[group]}</th>
                </tr>
                {types.map((type) => (
                  <TypeLine key={type.type} type={type} overview={overview} />
                ))}
              </tbody>
            )}
          </Later>
        ))}
      </table>
    </Card>
  );
}

function grouped(types: readonly TypeSummary[]): [Group, TypeSummary[]][] {
  const groups = new Map<Group, TypeSummary[]>();
  for (const type of types) {
    const group = groupOfType(type.type);
    groups.set(group, [...(groups.get(group) ?? []), type]);
  }
  const order = Object.keys(texts.groups) as Group[];
  for (const of of groups.values()) of.sort((one, other) => nameOfType(one.type).localeCompare(nameOfType(other.type)));
  return [...groups].sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
}

function TypeLine({ type, overview }: { type: TypeSummary; overview: Overview }) {
  const measure = measureOfRow(type, type.unit, units.value);
  const name = nameOfType(type.type);
  const isNumber = hasFigures(type.method);
  const value = latestValue(type);
  const age = formatAge(type.last.end, now.value);
  const { usual_low: low, usual_high: high } = type;
  const hasUsual = isNumber && low !== null && high !== null;
  // The last value of a mean is one sample, which may be far from what days are.
  const { usually, usualMean } = texts.today;
  const usual = hasUsual && (isByDay(type.method) ? usually : usualMean)(rangeOf(measure, low, high));
  const link = type.type === "sleep" ? linkTo("sleep") : linkTo("type", [type.type]);
  return (
    <tr>
      <th scope="row">
        <a href={link} class="clamp" title={name}>
          {name}
        </a>
        <span class="note narrow">{age}</span>
        {usual && <span class="note narrow">{usual}</span>}
      </th>
      <td class="number">
        {isNumber && !isByDay(type.method) && <span class="note">{texts.today.lastSample} </span>}
        {measure.format(value)}
        {isByDay(type.method) && value !== null && type.day !== overview.today && type.day !== null && (
          <span class="note wide"> {formatDay(type.day, "short")}</span>
        )}
        <span class="note narrow">{isNumber && <Change type={type} />}</span>
      </td>
      <td class="number wide muted" title={formatInstant(type.last.end, overview.zone)}>
        {age}
      </td>
      <td class="number wide">{isNumber ? <Change type={type} /> : <Nothing />}</td>
      <td class="number wide">{isNumber ? <Usual type={type} measure={measure} /> : <Nothing />}</td>
    </tr>
  );
}

const Nothing = () => <span class="muted">{NOTHING}</span>;

// A tenth more of 36 °C is a fever, and of 0 °C it is nothing.
const hasChange = ({ method, change, unit }: TypeSummary) =>
  hasFigures(method) && change !== null && unit !== "degC" && unit !== "degF";

/** Coloured only where one direction is better for everybody. */
function Change({ type }: { type: TypeSummary }) {
  if (type.change === null || !hasChange(type)) return <span class="muted wide">{NOTHING}</span>;
  const better = goodDirection(type.type) * type.change;
  const isClear = Math.abs(type.change) >= 0.05;
  const kind = isClear && better > 0 ? "good-text" : isClear && better < 0 ? "warn-text" : "muted";
  return <span class={kind}>{formatChange(type.change)}</span>;
}

function rangeOf(measure: Measure, low: number, high: number): string {
  const [from, to] = [measure.parts(low).number, measure.parts(high).number];
  return from === to ? from : `${from} – ${to}`;
}

/** The range of days as a track, with a dot where the last day is: a single sample may be far outside. */
function Usual({ type, measure }: { type: TypeSummary; measure: Measure }) {
  const { usual_low: low, usual_high: high, day_value: value } = type;
  if (low === null || high === null) return <Nothing />;
  const text = rangeOf(measure, low, high);
  const margin = (high - low || 1) * 0.5;
  const share = (at: number) => Math.min(1, Math.max(0, (at - low + margin) / (high - low + 2 * margin)));
  return (
    <span class="usual">
      <span class="muted">{text}</span>
      <svg viewBox="0 0 72 12" aria-hidden="true">
        <path class="track" d="M2 6H70" />
        <path class="usual-range" d={`M${(2 + share(low) * 68).toFixed(1)} 6H${(2 + share(high) * 68).toFixed(1)}`} />
        {typeof value === "number" && <circle cx={(2 + share(value) * 68).toFixed(1)} cy="6" r="4" />}
      </svg>
    </span>
  );
}
