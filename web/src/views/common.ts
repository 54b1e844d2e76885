// The common parts of most views. Each script of a view is bundled with an import of this file, so that all of it is two scripts: that of
// Today, and one with the rest. Without it, each combination of views would have a small script with what only they share, and
// a phone would wait for each.

import "../api/answers.ts";
import "../format/calendar.ts";
import "../format/dates.ts";
import "../format/durations.ts";
import "../format/numbers.ts";
import "../format/types.ts";
import "../format/units.ts";
import "../state/clock.ts";
import "../state/live.ts";
import "../state/settings.ts";
import "../ui/Answered.tsx";
import "../ui/Back.tsx";
import "../ui/Card.tsx";
import "../ui/DataTable.tsx";
import "../ui/Later.tsx";
import "../ui/Segmented.tsx";
import "../ui/Sparkline.tsx";
import "../ui/States.tsx";
import "../texts.ts";
import "../ui/ViewHost.tsx";
import "./registry.ts";
import "./today/query.ts";
