// The first script: asks for what Today shows, so that the answer comes while the other scripts do. Until the owner has chosen
// figures, the page's head has asked already: a third of the wait on a slow network.

import { requestUrl } from "./api/url.ts";
import { askAhead, inHead } from "./state/ahead.ts";
import { parseAddress } from "./state/hash.ts";
import { queryOf, readChosen } from "./views/today/chosen.ts";

const { view, query } = parseAddress(location.hash);
const url = requestUrl("/api/v1/overview", queryOf(readChosen(), query.get("person")));
if (view === "") askAhead(url, inHead(url));

// A browser's first format of dates takes a phone a tenth of a second: now, while the other scripts come.
new Intl.DateTimeFormat(navigator.language).format();
new Intl.NumberFormat(navigator.language).format(1);
