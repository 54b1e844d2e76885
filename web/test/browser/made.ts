// A made-up person's nights and workouts as the app sends them: with heart rates, routes and pauses, which the generator's life
// does not have. Everything is computed from the dates, so that each run is the same.

const MINUTE_MS = 60_000;

/** Names as devices and apps have them; a test gives hostile or long ones. */
export interface Names {
  watch: string;
  phone: string;
  app: string;
  medication: string;
  nickname: string;
}

export const NAMES: Names = {
  watch: "Watch",
  phone: "Phone",
  app: "Sleep App",
  medication: "Aspirin 81mg",
  nickname: "Daily aspirin",
};

export interface Made {
  names: Names;
  /** The last day, as 2026-11-26. */
  lastDay: string;
  days: number;
  zone: string;
  /** How far its clocks are ahead of UTC; none changes within the days. */
  zoneHours: number;
  /** Also a workout of this activity each second day. */
  hasWorkouts: boolean;
}

/** Fractions from 0 to 1 that look random. */
function noise(seed: number): number {
  const value = Math.sin(seed * 12.9898 + 78.233) * 43758.5453;
  return value - Math.floor(value);
}

type Sections = Record<string, object[]>;

class Writer {
  readonly sections: Sections = {};
  readonly routes: Record<string, object[]> = {};
  private count = 0;

  constructor(readonly made: Made) {}

  uuid(): string {
    this.count += 1;
    return `00000000-0000-4000-8000-${this.count.toString(16).padStart(12, "0")}`.toUpperCase();
  }

  push(section: string, device: "watch" | "phone" | "app", from: number, to: number, fields: object): string {
    const uuid = this.uuid();
    const bundles = { watch: "com.apple.health.0001", phone: "com.apple.health.0002", app: "org.example.sleep" };
    const products = { watch: "Watch7,1", phone: "iPhone17,1", app: "iPhone17,1" };
    const element = {
      uuid,
      startDate: new Date(from).toISOString(),
      endDate: new Date(to).toISOString(),
      ...fields,
      sourceRevision: {
        source: { name: this.made.names[device], bundleIdentifier: bundles[device] },
        productType: products[device],
      },
    };
    this.sections[section] ??= [];
    this.sections[section].push(element);
    return uuid;
  }

  quantity(
    kind: string,
    unit: string,
    device: "watch" | "phone" | "app",
    from: number,
    to: number,
    value: number,
  ): void {
    this.push(`HKQuantityTypeIdentifier${kind}`, device, from, to, { value, unit });
  }
}

/** Stages of sleep in cycles of about 95 minutes: first deep, towards the morning REM. */
function sleep(writer: Writer, day: number, bed: number, minutes: number): void {
  const metadata = { HKTimeZone: writer.made.zone };
  const stage = (from: number, to: number, value: number) =>
    writer.push("HKCategoryTypeIdentifierSleepAnalysis", "watch", bed + from * MINUTE_MS, bed + to * MINUTE_MS, {
      value,
      metadata,
    });
  let minute = 0;
  let place = 0;
  while (minute < minutes) {
    const late = minute / minutes;
    const plan: [number, number][] = [
      [3, 12 + 14 * noise(day * 31 + place)],
      [4, (1 - late) * (24 + 16 * noise(day * 37 + place))],
      [3, 14 + 12 * noise(day * 41 + place)],
      [5, late * (26 + 22 * noise(day * 43 + place)) + 4],
      [2, noise(day * 47 + place) > 0.55 ? 2 + 7 * noise(day * 53 + place) : 0],
    ];
    for (const [value, length] of plan) {
      const to = Math.min(minutes, Math.round(minute + length));
      if (to > minute) stage(minute, to, value);
      minute = Math.max(minute, to);
    }
    place += 1;
  }
  writer.push("HKCategoryTypeIdentifierSleepAnalysis", "phone", bed - 18 * MINUTE_MS, bed + (minutes + 9) * MINUTE_MS, {
    value: 0,
    metadata,
  });
  for (let at = 0; at < minutes; at += 4) {
    const dip = Math.sin((at / minutes) * Math.PI);
    const rate = Math.round(62 - 11 * dip + 5 * noise(day * 59 + at));
    writer.quantity("HeartRate", "count/min", "watch", bed + at * MINUTE_MS, bed + at * MINUTE_MS, rate);
    if (at % 12 === 0) {
      const breaths = Math.round((14 + 1.6 * noise(day * 61 + at)) * 10) / 10;
      writer.quantity("RespiratoryRate", "count/min", "watch", bed + at * MINUTE_MS, bed + at * MINUTE_MS, breaths);
    }
  }
  const warm = 35.1 + 0.7 * noise(day * 67);
  const end = bed + minutes * MINUTE_MS;
  writer.quantity("AppleSleepingWristTemperature", "degC", "watch", bed, end, Math.round(warm * 100) / 100);
}

/** A loop over a hill, with a pause half-way. Returns its metres. */
function workout(writer: Writer, day: number, start: number, activity: number, minutes: number, pace: number): void {
  const points: object[] = [];
  let [latitude, longitude, metres] = [52.512, 13.36, 0];
  const total = minutes * 60;
  const pause: [number, number] = [Math.round(total * 0.55), Math.round(total * 0.55) + 90];
  const perDegree = 111_195;
  for (let second = 0; second < total; second += 2) {
    if (second >= pause[0] && second < pause[1]) continue;
    const turn = (second / total) * 2 * Math.PI;
    const speed =
      pace * (1 + 0.18 * Math.sin(turn * 5 + day) - 0.1 * Math.sin(turn)) + 0.25 * (noise(day + second) - 0.5);
    const heading = turn + 0.7 * Math.sin(turn * 3 + day) + 0.25 * Math.sin(turn * 11);
    latitude += (speed * 2 * Math.cos(heading)) / perDegree;
    longitude += (speed * 2 * Math.sin(heading)) / (perDegree * Math.cos((latitude * Math.PI) / 180));
    metres += speed * 2;
    const altitude = 40 + 28 * Math.sin(turn / 2) ** 2 + 9 * Math.sin(turn * 4 + day) + 0.8 * noise(second);
    points.push({ latitude, longitude, altitude, speed, date: new Date(start + second * 1000).toISOString() });
    if (second % 6 === 0) {
      const warm = Math.min(1, second / 420);
      const rate = Math.round(92 + 52 * warm + 17 * Math.sin(turn * 5 + day) + 4 * noise(second + day));
      const at = start + second * 1000;
      writer.quantity("HeartRate", "count/min", "watch", at, at, rate);
    }
  }
  const energy = Math.round(metres * 0.062);
  const at = (second: number) => new Date(start + second * 1000).toISOString();
  const uuid = writer.push("workouts", "watch", start, start + total * 1000, {
    workoutActivityType: activity,
    durationSeconds: total - 90,
    totalEnergyBurned: energy,
    totalDistance: metres / 1000,
    totalDistanceUnit: "km",
    events: [
      { type: 1, startDate: at(pause[0]), endDate: at(pause[0]) },
      { type: 2, startDate: at(pause[1]), endDate: at(pause[1]) },
    ],
    allStatistics: {
      HKQuantityTypeIdentifierActiveEnergyBurned: { sumQuantity: { unit: "kcal", quantity: energy } },
      HKQuantityTypeIdentifierHeartRate: {
        averageQuantity: { unit: "count/min", quantity: 147.2 },
        minimumQuantity: { unit: "count/min", quantity: 93 },
        maximumQuantity: { unit: "count/min", quantity: 167 },
      },
      HKQuantityTypeIdentifierStepCount: { sumQuantity: { unit: "count", quantity: Math.round(metres * 0.92) } },
    },
    metadata: { HKTimeZone: writer.made.zone, HKElevationAscended: { unit: "cm", quantity: 6200 } },
  });
  writer.routes[uuid] = [{ locations: points }];
}

/** HealthKit's numbers of activities. */
const [RUNNING, CYCLING, YOGA] = [37, 13, 57];

/** Returns a payload of Health Export Pro. */
export function payload(made: Made): object {
  const writer = new Writer(made);
  const midnight = (day: number) =>
    Date.parse(`${made.lastDay}T00:00:00Z`) - (made.days - 1 - day) * 86_400_000 - made.zoneHours * 3_600_000;
  for (let day = 0; day < made.days; day += 1) {
    const bedMinutes = -75 + 100 * noise(day * 7) - (day % 7 === 5 ? -60 : 0);
    // One night is missing: the watch was empty.
    if (day % 9 !== 4)
      sleep(writer, day, midnight(day) + Math.round(bedMinutes) * MINUTE_MS, Math.round(395 + 90 * noise(day * 3)));
    if (day % 5 === 2) {
      const nap = midnight(day) + (13 * 60 + 20) * MINUTE_MS;
      writer.push("HKCategoryTypeIdentifierSleepAnalysis", "watch", nap, nap + 35 * MINUTE_MS, {
        value: 3,
        metadata: { HKTimeZone: made.zone },
      });
    }
    writer.quantity(
      "StepCount",
      "count",
      "phone",
      midnight(day) + 8 * 3_600_000,
      midnight(day) + 18 * 3_600_000,
      5200 + Math.round(6000 * noise(day)),
    );
    if (made.hasWorkouts && day % 2 === (made.days - 1) % 2) {
      const start = midnight(day) + (7 * 60 + 40) * MINUTE_MS;
      if (day % 6 === 1) workout(writer, day, start, CYCLING, 62, 6.6);
      else if (day % 6 === 3) {
        writer.push("workouts", "watch", start, start + 40 * MINUTE_MS, {
          workoutActivityType: YOGA,
          durationSeconds: 2400,
          totalEnergyBurned: 120,
          metadata: { HKTimeZone: made.zone },
        });
      } else workout(writer, day, start, RUNNING, 36 + Math.round(10 * noise(day)), 2.9);
    }
    const dose = midnight(day) + 8 * 3_600_000;
    writer.sections.medicationDoseEvents ??= [];
    writer.sections.medicationDoseEvents.push({
      uuid: writer.uuid(),
      medicationName: made.names.medication,
      medicationNickname: made.names.nickname,
      scheduleType: 2,
      logStatus: noise(day * 5) > 0.15 ? 4 : 5,
      doseQuantity: 1,
      unit: "count",
      startDate: new Date(dose).toISOString(),
      endDate: new Date(dose).toISOString(),
      scheduledDate: new Date(dose).toISOString(),
      metadata: {},
    });
  }
  writer.sections.medications = [
    {
      nickname: made.names.nickname,
      displayText: made.names.medication,
      isArchived: false,
      hasSchedule: true,
      generalForm: "tablet",
    },
  ];
  return { exportDate: `${made.lastDay}T19:00:00.000Z`, data: writer.sections, workoutRoutes: writer.routes };
}

/** An upload of some steps, counted between two times. */
export function steps(uuid: string, value: number, startDate: string, endDate: string) {
  return { data: { HKQuantityTypeIdentifierStepCount: [{ uuid, value, unit: "count", startDate, endDate }] } };
}
