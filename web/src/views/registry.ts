// The list of views. Each is a folder, loaded when it is first shown; most visits begin with Today.

import type { ComponentType } from "preact";
import { texts } from "../texts/first.ts";
import type { IconName } from "../ui/Icon.tsx";
import { loadStyle } from "../ui/style.ts";
import Today from "./today/Today.tsx";

export interface ViewProps {
  /** The parts of the address behind the view's name: `["steps"]` of `#/type/steps`. */
  parts: string[];
  query: URLSearchParams;
}

export interface View {
  /** The first part of the address; empty for Today. */
  name: string;
  title: string;
  /** Views with an icon are in the navigation. */
  icon?: IconName;
  /** The view of the navigation that it belongs to, if it is not in there. */
  under?: string;
  load?: () => Promise<{ default: ComponentType<ViewProps> }>;
  /** A view that is loaded with the page. */
  shown?: ComponentType<ViewProps>;
}

/** The style sheet of all views but Today: the bundler knows its name. */
declare const VIEWS_STYLE: string;

/** Loads what most views use. The page does so once Today is shown, and a view that is shown before it, side by side. */
export async function loadCommon(): Promise<void> {
  await Promise.all([loadStyle(VIEWS_STYLE), import("./common.ts")]);
}

export async function loadView({ load }: View): Promise<ComponentType<ViewProps> | undefined> {
  const [shown] = await Promise.all([load?.(), loadCommon()]);
  return shown?.default;
}

export const views: readonly View[] = [
  { name: "", title: texts.nav.today, icon: "today", shown: Today },
  { name: "types", title: texts.nav.types, icon: "types", load: () => import("./types/Types.tsx") },
  { name: "sleep", title: texts.nav.sleep, icon: "sleep", load: () => import("./sleep/Sleep.tsx") },
  { name: "workouts", title: texts.nav.workouts, icon: "workouts", load: () => import("./workouts/Workouts.tsx") },
  { name: "data", title: texts.nav.data, icon: "data", load: () => import("./data/Data.tsx") },
  { name: "setup", title: texts.menu.setup, under: "data", load: () => import("./setup/Setup.tsx") },
  { name: "type", title: texts.nav.types, under: "types", load: () => import("./type/Type.tsx") },
  { name: "why", title: texts.nav.why, under: "types", load: () => import("./why/Why.tsx") },
];

export function viewOf(name: string): View | undefined {
  return views.find((view) => view.name === name);
}
