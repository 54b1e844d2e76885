// The server's CSV as a file. Its form is asked for in a header, so a link is not enough.

import { request, requestUrl } from "../../api/client.ts";
import type { Query } from "../../state/address.ts";

export async function downloadCsv(name: string, path: string, query: Query): Promise<void> {
  const answer = await request(requestUrl(path, query), { headers: { accept: "text/csv" } });
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name}.csv`;
  link.click();
  // The browser has begun to read it when the next task runs.
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
