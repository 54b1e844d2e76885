// Whether data arrives, what each upload brought, and what the server knows of where it comes from.

import { useAnswer } from "../../api/answers.ts";
import { addDays } from "../../format/calendar.ts";
import { personInAddress } from "../../state/address.ts";
import { today } from "../../state/clock.ts";
import { texts } from "../../texts.ts";
import { Answered } from "../../ui/Answered.tsx";
import type { ViewProps } from "../registry.ts";
import { Followers } from "./Followers.tsx";
import { Ledger } from "./Ledger.tsx";
import { Rejects } from "./Rejects.tsx";
import { Senders } from "./Senders.tsx";
import { Sources } from "./Sources.tsx";
import { State } from "./State.tsx";
import { StoppedTypes } from "./StoppedTypes.tsx";
import { Verdict } from "./Verdict.tsx";
import { Zones } from "./Zones.tsx";

/** Uploads of so many days are read: they show the phone's rule. */
export const LEDGER_DAYS = 14;
const UPLOADS_MAX = 2000;
const REJECTS_MAX = 50;

export default function Data(_: ViewProps) {
  const person = personInAddress.value;
  const status = useAnswer("/api/v1/status", { person });
  const from = addDays(today.value, 1 - LEDGER_DAYS);
  const uploads = useAnswer("/api/v1/uploads", { from, limit: UPLOADS_MAX, person });
  const types = useAnswer("/api/v1/types", { person });
  const rejects = useAnswer("/api/v1/rejects", { limit: REJECTS_MAX, person });
  const sources = useAnswer("/api/v1/sources", { limit: 500, person });
  return (
    <>
      <header class="view-head">
        <h1>{texts.data.title}</h1>
      </header>
      <div class="stack">
        <Answered answer={status} lines={4}>
          {(state) => (
            <Answered answer={uploads} lines={4}>
              {(ledger) => <Verdict state={state} uploads={ledger.uploads} from={from} />}
            </Answered>
          )}
        </Answered>
        <Answered answer={types} lines={2}>
          {(data) => <StoppedTypes types={data.types} />}
        </Answered>
        <Answered answer={status} lines={3}>
          {(state) => (
            <>
              <Senders senders={state.senders} />
              <Followers followers={state.followers} />
            </>
          )}
        </Answered>
        <Answered answer={uploads} lines={6}>
          {(data) => <Ledger uploads={data.uploads} senders={status.value.data?.senders ?? []} />}
        </Answered>
        <Answered answer={rejects} lines={2}>
          {(data) => <Rejects rejects={data.rejects} total={data.total ?? null} />}
        </Answered>
        <Answered answer={sources} lines={4}>
          {(data) => <Sources sources={data.sources} />}
        </Answered>
        <Zones />
        <Answered answer={status} lines={3}>
          {(state) => <State state={state} />}
        </Answered>
      </div>
    </>
  );
}
