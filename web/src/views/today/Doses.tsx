// The doses of today: how many are taken, and which.

import type { Dose, Overview } from "../../api/shapes.ts";
import { formatTime } from "../../format/dates.ts";
import { formatNumber } from "../../format/numbers.ts";
import { texts } from "../../texts/first.ts";
import { Card } from "../../ui/Card.tsx";
import { Icon } from "../../ui/Icon.tsx";

const DOSES_MAX = 8;

/** Nothing is shown to people without medications. */
export function Doses({ overview }: { overview: Overview }) {
  const { doses, zone } = overview;
  const due = doses.due ?? 0;
  if (due === 0 && doses.list.length === 0) return null;
  const summary = texts.today.dosesTaken(formatNumber(doses.taken), formatNumber(doses.due));
  return (
    <Card title={texts.today.doses} aside={due > 0 && <span class="note numbers">{summary}</span>}>
      <ul class="lines">
        {inOrder(doses.list)
          .slice(0, DOSES_MAX)
          .map((dose, place) => (
            <li key={dose.uuid ?? place} class="line">
              <DoseRow dose={dose} zone={zone} />
            </li>
          ))}
      </ul>
      {doses.list.length > DOSES_MAX && (
        <p class="note">{texts.today.moreDoses(formatNumber(doses.list.length - DOSES_MAX))}</p>
      )}
    </Card>
  );
}

const timeOf = (dose: Dose) => dose.scheduled ?? dose.start ?? "";
const inOrder = (doses: readonly Dose[]) => [...doses].sort((one, other) => (timeOf(one) < timeOf(other) ? -1 : 1));

function DoseRow({ dose, zone }: { dose: Dose; zone: string | null }) {
  const name = dose.nickname || dose.medication || "";
  const isTaken = dose.status === "taken";
  return (
    <>
      <span class={isTaken ? "tick taken" : "tick"}>{isTaken && <Icon name="check" size={14} />}</span>
      <span class="line-text">
        <span class="ellipsis" title={dose.medication ?? undefined}>
          {name}
        </span>
      </span>
      <span class="line-figures note numbers">
        {texts.today.doseStatus[dose.status ?? ""] ?? dose.status} {formatTime(dose.start ?? dose.scheduled, zone)}
      </span>
    </>
  );
}
