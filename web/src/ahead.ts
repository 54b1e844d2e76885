// The first script: asks for what Today shows, so that the answer comes while the other scripts do.

import { ACCEPTED, requestUrl } from "./api/url.ts";
import { askAhead } from "./state/ahead.ts";
import { parseAddress } from "./state/hash.ts";
import { queryOf, readChosen } from "./views/today/chosen.ts";

const { view, query } = parseAddress(location.hash);
if (view === "") askAhead(requestUrl("/api/v1/overview", queryOf(readChosen(), query.get("person"))), ACCEPTED);

// A browser's first format of dates takes a phone a tenth of a second: now, while the other scripts come.
new Intl.DateTimeFormat(navigator.language).format();
new Intl.NumberFormat(navigator.language).format(1);
