// Texts around all views, and of parts that several views use.

import { LANGUAGE, plural } from "./language.ts";

export const frameTexts = {
  /** The language of these texts: words within a sentence, such as ages, are in it. */
  language: LANGUAGE,
  /** A source that sent no name. */
  noSource: "a source without a name",
  units: { samples: (count: number) => plural(count, "sample", "samples") },
  ages: { now: "just now", future: "in the future", last: (age: string) => `last ${age}` },
  name: "healthsink",
  nav: {
    label: "Main",
    today: "Today",
    types: "Trends",
    sleep: "Sleep",
    workouts: "Workouts",
    data: "Data",
    why: "Why this number",
    skip: "Skip to content",
  },
  menu: {
    open: "Menu",
    people: "People",
    units: "Units",
    metric: "Metric",
    us: "US",
    setup: "Set up a phone",
    api: "API",
    licences: "Licences",
    signOut: "Sign out",
  },
  signIn: {
    title: "Sign in",
    lead: "Type or paste a token with the right to read.",
    ended: "Your session has ended. Sign in again to go on where you were.",
    field: "Token",
    button: "Sign in",
    working: "Signing in…",
    withCode: "Signing in with the code of the link…",
    how: "How to get one",
    howText: "On the server, run one of these. The second prints a QR code for a phone.",
    commands: ["healthsink token new --scope read", "healthsink token new --scope read --qr"],
    show: "Show",
    hide: "Hide",
  },
  problems: {
    unreachable: "The server cannot be reached.",
    unreachableSince: (time: string) => `Cannot reach healthsink since ${time}.`,
    seenFrom: (time: string) => `What you see is from ${time}.`,
    retry: "Try again",
    failed: "This could not be read",
    notFound: "There is nothing at this address",
    notFoundText: "The link may be old, or part of it is missing.",
    toToday: "To Today",
    crashed: "This view has failed",
    outdated: "A part of this page is not on the server any more. The server may have been updated.",
    reload: "Load the page again",
    loading: "Loading…",
  },
  durations: {
    hours: (count: string) => `${count}h`,
    minutes: (count: string) => `${count}m`,
    seconds: (count: string) => `${count}s`,
  },
  empty: { soon: "This view is being built." },
  chart: {
    table: "Values as a table",
    more: (count: string, of: number) => `${count} more ${plural(of, "row is", "rows are")} in the CSV.`,
  },
  plot: {
    cursor: "Time in the plots",
    noCursor: "no time chosen",
    range: (least: string, greatest: string) => `${least} – ${greatest}`,
  },
};
