// What does not count: overlaps, and samples with a reason.

import type { Explanation } from "../../api/shapes.ts";
import { formatNumber } from "../../format/numbers.ts";
import type { Measure } from "../../format/units.ts";
import { texts } from "../../texts.ts";
import { Card } from "../../ui/Card.tsx";
import { overlapOf } from "./lead.ts";

export function LeftOut({ explanation, measure }: { explanation: Explanation; measure: Measure }) {
  const twice = overlapOf(explanation);
  const reasons = explanation.left_out;
  return (
    <Card title={texts.why.leftOut}>
      {twice > 0 && <p>{texts.why.twiceText(measure.format(twice))}</p>}
      <ul>
        {reasons.map(({ reason, samples }) => (
          <li key={reason}>{texts.why.reason(formatNumber(samples), samples ?? 0, reason ?? "")}</li>
        ))}
      </ul>
      {twice === 0 && reasons.length === 0 && <p class="muted">{texts.why.nothingLeftOut}</p>}
    </Card>
  );
}
