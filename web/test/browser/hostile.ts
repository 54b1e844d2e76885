// A person whose every text is markup, and long: names, types, metadata, labels, rejects.

const MARKUP = [
  "<script>window.hit=1</script>",
  "<img src=x onerror=window.hit=1>",
  "<svg/onload=window.hit=1>",
  "\"'><a href='javascript:window.hit=1'>x</a>",
];
const LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenband".repeat(3);

/** A text that would run if it were markup. */
export function hostile(number: number, isLong = false): string {
  return `${MARKUP[number % MARKUP.length]} ${isLong ? LONG : ""}`.trim();
}

/** As long as a label may be: 64 bytes. */
export const HOSTILE_LABEL = `${hostile(1)} ${LONG}`.slice(0, 60);

const source = (number: number) => ({
  source: { name: hostile(number, true), bundleIdentifier: `${hostile(number + 1)}.app` },
  productType: hostile(number + 2),
  version: hostile(number),
});

const DAY_MS = 86_400_000;

/** Returns a payload of some days up to an instant. */
export function hostilePayload(now: number): object {
  let count = 0;
  const sample = (from: number, to: number, fields: object) => {
    count += 1;
    return {
      uuid: `0000eeee-0000-4000-8000-${String(count).padStart(12, "0")}`,
      startDate: new Date(from).toISOString(),
      endDate: new Date(to).toISOString(),
      metadata: { [hostile(count)]: hostile(count + 1, true) },
      sourceRevision: source(count),
      device: { name: hostile(count, true), manufacturer: hostile(count + 1) },
      ...fields,
    };
  };
  const midnight = Math.floor(now / DAY_MS) * DAY_MS;
  const data: Record<string, object[]> = {
    HKQuantityTypeIdentifierStepCount: [],
    HKQuantityTypeIdentifierHeartRate: [],
    HKCategoryTypeIdentifierSleepAnalysis: [],
    [`HKQuantityTypeIdentifier${hostile(0)}`]: [],
    workouts: [],
    medications: [],
    medicationDoseEvents: [],
  };
  const push = (section: string, element: object) => data[section]?.push(element);
  for (let day = 0; day < 9; day += 1) {
    const at = midnight - day * DAY_MS;
    push("HKQuantityTypeIdentifierStepCount", sample(at + 1000, at + 2000, { value: 100 + day, unit: "count" }));
    for (let minute = 0; minute < 30; minute += 3) {
      const time = at - 5 * 3_600_000 + minute * 60_000;
      push("HKQuantityTypeIdentifierHeartRate", sample(time, time, { value: 60 + minute, unit: "count/min" }));
    }
    for (const [place, value] of [3, 4, 5, 2, 3].entries()) {
      const from = at - 3_600_000 + place * 3_000_000;
      push("HKCategoryTypeIdentifierSleepAnalysis", sample(from, from + 3_000_000, { value }));
    }
    push(`HKQuantityTypeIdentifier${hostile(0)}`, sample(at, at, { value: day, unit: hostile(3) }));
    push("medicationDoseEvents", {
      ...sample(at, at, {}),
      medicationName: hostile(1, true),
      medicationNickname: hostile(2, true),
      scheduleType: 2,
      logStatus: 4,
      doseQuantity: 1,
      unit: hostile(0),
      scheduledDate: new Date(at).toISOString(),
    });
  }
  const start = midnight - 5 * 3_600_000;
  const locations = Array.from({ length: 60 }, (_, place) => ({
    latitude: 47 + place / 5000,
    longitude: 8.5 + place / 7000,
    altitude: 400 + place,
    speed: 3,
    date: new Date(start + place * 30_000).toISOString(),
  }));
  const workout = sample(start, start + 1_800_000, {
    workoutActivityType: 37,
    workoutActivityName: hostile(1),
    durationSeconds: 1800,
    totalEnergyBurned: 300,
    totalDistance: 5,
    totalDistanceUnit: "km",
    allStatistics: { [hostile(2)]: { sumQuantity: { unit: hostile(1), quantity: 3 } } },
    events: [{ type: hostile(0), startDate: new Date(start).toISOString(), endDate: new Date(start).toISOString() }],
    metadata: { HKTimeZone: hostile(0), [hostile(3)]: { quantity: 1, unit: hostile(2) } },
  });
  push("workouts", workout);
  push("medications", {
    nickname: hostile(2, true),
    displayText: hostile(1, true),
    isArchived: false,
    hasSchedule: true,
  });
  // Elements that cannot be stored: their section, reason and text are shown.
  data[`HKCategoryTypeIdentifier${hostile(2)}`] = [{ uuid: hostile(1, true), value: hostile(0) }];
  push("HKQuantityTypeIdentifierHeartRate", { uuid: hostile(3, true), value: 1, unit: "count/min" });
  return {
    exportDate: new Date(now).toISOString(),
    syncSource: hostile(2, true),
    data,
    workoutRoutes: { [(workout as { uuid: string }).uuid]: [{ locations }] },
  };
}
