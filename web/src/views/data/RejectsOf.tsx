// Why elements of one upload could not be stored: each reason once, with the place of its first element.

import { useAnswer } from "../../api/answers.ts";
import type { AnswerOf } from "../../api/client.ts";
import { formatNumber } from "../../format/numbers.ts";
import { personInAddress } from "../../state/address.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import { Marked } from "../../ui/Marked.tsx";
import { placeOf, reasonsOf } from "./reasons.ts";
import type { Upload } from "./Verdict.tsx";

type Reject = AnswerOf<"/api/v1/rejects">["rejects"][number];

const READ_MAX = 500;

export function RejectsOf({ upload }: { upload: Upload }) {
  const { started } = upload;
  // Others may have begun in the same millisecond.
  const to = started && new Date(Date.parse(started) + 1).toISOString();
  const query = { from: started, to, limit: READ_MAX, person: personInAddress.value };
  const answer = useAnswer(started ? "/api/v1/rejects" : null, query);
  return (
    <Answered answer={answer} lines={2}>
      {({ rejects }) => <Reasons rejects={rejects.filter((reject) => reject.upload === upload.id)} upload={upload} />}
    </Answered>
  );
}

function Reasons({ rejects, upload: { rejected } }: { rejects: readonly Reject[]; upload: Upload }) {
  const missing = (rejected ?? 0) - rejects.length;
  return (
    <>
      <h3 class="reasons-title">{texts.data.rejectedWhy}</h3>
      <ul class="reasons">
        {reasonsOf(rejects).map(({ reason, count, first }) => (
          <li key={reason}>
            <Marked text={reason ?? texts.data.noReason} />
            <span class="note wrap">
              {count > 1 ? texts.data.timesFirst(formatNumber(count), placeOf(first)) : placeOf(first)}
            </span>
          </li>
        ))}
      </ul>
      {missing > 0 && <p class="note">{texts.data.rejectedElsewhere(formatNumber(missing), missing)}</p>}
    </>
  );
}
