import { texts } from "../../texts.ts";
import { Empty } from "../../ui/States.tsx";
import type { ViewProps } from "../registry.ts";

export default function Sleep(_: ViewProps) {
  return <Empty title={texts.empty.soon} />;
}
