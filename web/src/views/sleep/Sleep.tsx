import { isDay } from "../../format/calendar.ts";
import type { ViewProps } from "../registry.ts";
import { OneNight } from "./OneNight.tsx";
import { Overview } from "./Overview.tsx";

/** Nights of a range, or the one that the address names. */
export default function Sleep({ parts, query }: ViewProps) {
  const [date] = parts;
  return isDay(date) ? <OneNight date={date} key={date} /> : <Overview query={query} />;
}
