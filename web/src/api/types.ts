// Made by `npm run types` from docs/openapi.yaml. Do not edit.

export interface paths {
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the page, or the plain one in a build without it */
        get: operations["showPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health-data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** stores an upload of the app */
        post: operations["receiveHealthData"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/aggregates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns figures that another app computed; `type` is a metric */
        get: operations["readAggregates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/beats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the beats that heart rate variabilities were computed from */
        get: operations["readBeats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/characteristics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns characteristics such as the date of birth */
        get: operations["readCharacteristics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/correlations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns samples that belong together; `type` is HealthKit's identifier */
        get: operations["readCorrelations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/days": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the figures of local hours, days, weeks, months or years */
        get: operations["readDays"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/electrocardiograms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns electrocardiograms with their voltages */
        get: operations["readElectrocardiograms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * reports what changes, as server-sent events
         * @description First `hello` with {"change", "uploading"}. Then `change` with {"change", "types", "stale"} when rows have changed, and again when their figures are ready: `types` has names of types and of tables, and is null if anything may have changed. `upload` has {"state", "records", "bytes"}, at most twice a second: the state is running, done or failed, and bytes are null until the end. A comment comes every 20 s. The stream ends with the right to read.
         */
        get: operations["followEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns why the figure of a day is what it is; `from` is the day */
        get: operations["readExplain"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/medications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns medications and how many of their doses were taken; `type` is a medication */
        get: operations["readMedications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/medications/days": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns due and taken doses by local day; `type` is a medication */
        get: operations["readMedicationsDays"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/medications/doses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns doses; `type` is a medication */
        get: operations["readMedicationsDoses"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nights": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns sleep by the date of the morning */
        get: operations["readNights"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nights/{date}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns one night with its parts */
        get: operations["readNightsDate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * returns today at a look: figures, the last night, workouts, doses, and what is usual
         * @description `from` and `to` bound the figures: at most 92 days, the last 28 with today if none are given. `type` has at most 12 names; without it those of steps, active_energy, resting_heart_rate and heart_rate that there are. `units` may have several names with commas between them: each type takes the one that is nearest in size to the unit that its samples were sent in.
         */
        get: operations["readOverview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** lists the persons whose data the token reads */
        get: operations["readPeople"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns records that have no table; `type` is a section */
        get: operations["readRecords"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rejects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns elements that could not be stored; `type` is a section */
        get: operations["readRejects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the rings of each day, of Apple's export */
        get: operations["readRings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the stored samples of a type, or of several as series */
        get: operations["readSamples"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** lists sources, with the owner's order */
        get: operations["readSources"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns how current the data is, and what sends it */
        get: operations["readStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** lists the types that a person has samples of */
        get: operations["readTypes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the ledger of uploads and imports, the last one first; `type` is a state */
        get: operations["readUploads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns workouts; `type` is an activity */
        get: operations["readWorkouts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workouts/{uuid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns a workout with heart rates, the time in their zones, and splits */
        get: operations["readWorkoutsUuid"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workouts/{uuid}/route": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the route of a workout as GeoJSON */
        get: operations["readWorkoutsUuidRoute"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workouts/{uuid}/route.gpx": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the route of a workout as GPX 1.1 */
        get: operations["readWorkoutsUuidRouteGpx"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workouts/days": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the workouts of local days by activity; `type` is an activity */
        get: operations["readWorkoutsDays"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/zones": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** lists the time zones that the person was in */
        get: operations["readZones"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/assets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns a file of the page */
        get: operations["readAsset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/chart.svg": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** draws a type as a chart */
        get: operations["drawChart"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** shows the paths of the API */
        get: operations["showDocs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns whether uploads can be stored */
        get: operations["checkHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/licences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the licences of what the page contains */
        get: operations["readLicences"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/licences/libraries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the licences of the program's libraries */
        get: operations["readLibraryLicences"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/manifest.webmanifest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns what a home screen needs of the page */
        get: operations["readManifest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns metrics for Prometheus, of the token's person */
        get: operations["scrape"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the description of the API as JSON */
        get: operations["describeAsJson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.yaml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the description of the API */
        get: operations["describe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** shows today or a type without a script, or how to sign in */
        get: operations["showPlainPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plain.css": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the style of pages without a script */
        get: operations["showPlainStyle"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plain/data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** shows uploads and sources without a script, or how to sign in */
        get: operations["showPlainData"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plain/sleep": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** shows nights without a script, or how to sign in */
        get: operations["showPlainSleep"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plain/workouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** shows workouts without a script, or how to sign in */
        get: operations["showPlainWorkouts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plain/workouts/{uuid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** shows a workout without a script, or how to sign in */
        get: operations["showPlainWorkout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns who is signed in, and whose data they read */
        get: operations["showSession"];
        put?: never;
        /**
         * signs a browser in by a token or a code
         * @description The request names this server as its `Origin`. The answer to JSON sets the cookie `healthsink_session`; the answer to a form also leads back to the page.
         */
        post: operations["beginSession"];
        /** signs a browser out */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** signs a browser out, by the form of a page without script */
        post: operations["endSessionByForm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sw.js": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** returns the page's script for use without a network */
        get: operations["readWorker"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Adherence: {
            days: {
                as_needed: number | null;
                day: string | null;
                due: number | null;
                medication: string | null;
                skipped: number | null;
                taken: number | null;
            }[];
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        Aggregates: {
            aggregates: {
                average: number | null;
                /** Format: date-time */
                end: string | null;
                interval: string | null;
                label: string | null;
                maximum: number | null;
                metric: string | null;
                minimum: number | null;
                /** @description JSON as it was sent */
                other: unknown;
                source: string | null;
                /** Format: date-time */
                start: string | null;
                unit: string | null;
                value: number | null;
            }[];
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        Beats: {
            beats: {
                /** @description JSON as it was sent */
                beats: unknown;
                /** Format: date-time */
                end: string | null;
                source: string | null;
                /** Format: date-time */
                start: string | null;
            }[];
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        Characteristics: {
            characteristics: {
                /** Format: date-time */
                first_seen: string | null;
                key: string | null;
                /** Format: date-time */
                last_seen: string | null;
                value: string | null;
            }[];
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        Correlations: {
            correlations: {
                /** Format: date-time */
                end: string | null;
                /** @description JSON as it was sent */
                members: unknown;
                /** @description JSON as it was sent */
                metadata: unknown;
                /** @description JSON as it was sent */
                other: unknown;
                source: string | null;
                /** Format: date-time */
                start: string | null;
                type: string | null;
                uuid: string | null;
            }[];
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        Day: {
            covered_min: number | null;
            /** Format: date */
            day: string;
            last: number | null;
            maximum: number | null;
            minimum: number | null;
            partial: boolean;
            samples: number;
            source: string | null;
            time_weighted: number | null;
            value: number | null;
            zone: string | null;
        };
        Days: components["schemas"]["Series"] | {
            series: components["schemas"]["Series"][];
        };
        DoseRow: {
            /** Format: date-time */
            end: string | null;
            medication: string | null;
            /** @description JSON as it was sent */
            metadata: unknown;
            nickname: string | null;
            /** @description JSON as it was sent */
            other: unknown;
            quantity: number | null;
            /** Format: date-time */
            scheduled: string | null;
            source: string | null;
            /** Format: date-time */
            start: string | null;
            status: string | null;
            unit: string | null;
            uuid: string | null;
        };
        Doses: {
            doses: components["schemas"]["DoseRow"][];
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        DosesOfToday: {
            due: number | null;
            list: components["schemas"]["DoseRow"][];
            taken: number | null;
        };
        Electrocardiograms: {
            electrocardiograms: {
                classification: string | null;
                /** @description JSON as it was sent */
                header: unknown;
                rate_hz: number | null;
                samples: number | null;
                /** Format: date-time */
                start: string | null;
                unit: string | null;
                uuid: string | null;
                /** @description JSON as it was sent */
                voltages: unknown;
            }[];
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        Explanation: {
            adds_up: boolean;
            /** Format: date */
            day: string;
            /** Format: date-time */
            end: string | null;
            left_out: {
                reason: string | null;
                samples: number | null;
            }[];
            naive: number | null;
            samples: number | null;
            sources: {
                covered_min: number | null;
                /** @description of a sum what it recorded, also while a better source did; else null */
                recorded: number | null;
                samples: number | null;
                source: string;
                /** @description what it adds to a sum, else its mean */
                value: number | null;
            }[];
            stale: boolean;
            /** Format: date-time */
            start: string | null;
            stretches: {
                end: string | null;
                source: string | null;
                stage: string | null;
                start: string | null;
            }[];
            type: string;
            unit: string | null;
            value: number | null;
            zone: string | null;
        };
        Health: {
            ok: boolean;
            uploadsUnderWay?: number;
            uploadsWaiting?: number;
            version: string;
        };
        /** @description A payload of Health Export Pro. Unknown fields, sections and types are kept. Documents of Health Auto Export are also accepted. */
        HealthData: {
            characteristics?: Record<string, never>;
            /** @description Samples by HealthKit's identifiers; `workouts`, `medicationDoseEvents` and `medications`. */
            data?: {
                [key: string]: Record<string, never>[];
            };
            /** Format: date-time */
            endDate?: string;
            /** Format: date-time */
            exportDate?: string;
            /** Format: date-time */
            startDate?: string;
            syncSource?: string;
            workoutRoutes?: {
                [key: string]: Record<string, never>[];
            };
        };
        Hour: {
            /** Format: date */
            day: string;
            hour: number;
            maximum: number | null;
            minimum: number | null;
            partial: boolean;
            samples: number;
            /** Format: date-time */
            start: string;
            value: number | null;
        };
        LastUpload: {
            /** Format: date-time */
            ended: string | null;
            /** @description http or import */
            origin: string;
            records: number;
            state: string;
            sync_source: string | null;
        };
        Line: {
            geometry: {
                coordinates: number[][][];
                /** @constant */
                type: "MultiLineString";
            };
            properties: {
                times: string[][];
                workout: string;
            };
            /** @constant */
            type: "Feature";
        };
        Medications: {
            medications: {
                archived: boolean | null;
                as_needed: number | null;
                due: number | null;
                form: string | null;
                medication: string | null;
                nickname: string | null;
                /** @description JSON as it was sent */
                other: unknown;
                percent: number | null;
                scheduled: boolean | null;
                skipped: number | null;
                taken: number | null;
            }[];
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        Night: {
            approximate: boolean;
            asleep_main_min: number | null;
            asleep_min: number | null;
            awake_min: number | null;
            awakenings: number | null;
            bedtime: string | null;
            core_min: number | null;
            deep_min: number | null;
            in_bed_estimated: boolean;
            in_bed_min: number | null;
            naps: number | null;
            /** Format: date */
            night: string;
            partial: boolean;
            rem_min: number | null;
            segments: components["schemas"]["NightSegment"][];
            stale: boolean;
            unspecified_min: number | null;
            wake_time: string | null;
            zone: string | null;
        };
        Nights: {
            nights: {
                approximate: boolean;
                asleep_main_min: number | null;
                asleep_min: number | null;
                awake_min: number | null;
                awakenings: number | null;
                bedtime: string | null;
                core_min: number | null;
                deep_min: number | null;
                in_bed_estimated: boolean;
                in_bed_min: number | null;
                naps: number | null;
                /** Format: date */
                night: string;
                partial: boolean;
                rem_min: number | null;
                unspecified_min: number | null;
                wake_time: string | null;
                zone: string | null;
            }[];
            stale: boolean;
            /** @constant */
            unit: "min";
            zone: string | null;
        };
        NightSegment: {
            /** Format: date-time */
            end: string | null;
            source: string | null;
            stage: string | null;
            /** Format: date-time */
            start: string | null;
            value: number | null;
        };
        Overview: {
            /** @description the number of the last change; 0 if there is none */
            change: number;
            doses: components["schemas"]["DosesOfToday"];
            figures: components["schemas"]["TypeFigures"][];
            /** @description the last upload or import that has ended */
            last_upload: components["schemas"]["LastUpload"] | null;
            /** @description the night that ended today */
            night: components["schemas"]["Night"] | null;
            person: string;
            stale: boolean;
            /** Format: date */
            today: string;
            types: components["schemas"]["TypeToday"][];
            uploading: boolean;
            /** @description the last 5 of the last 7 days, the newest last */
            workouts: components["schemas"]["WorkoutRow"][];
            zone: string | null;
        };
        People: {
            people: {
                /** Format: date-time */
                last_upload: string | null;
                person: string;
                stale: boolean;
                uploads: number | null;
            }[];
            person?: string;
        };
        /**
         * @example {
         *       "day": "2026-01-05",
         *       "value": 9000,
         *       "samples": 3,
         *       "minimum": 2000,
         *       "maximum": 6000,
         *       "last": 6000,
         *       "days": 2,
         *       "mean": 4500,
         *       "whole_days": 2,
         *       "partial": false
         *     }
         */
        Period: {
            /** Format: date */
            day: string;
            /** @description days with data */
            days: number;
            last: number | null;
            maximum: number | null;
            /** @description the mean of the days that are over; of all days with data while none is */
            mean: number | null;
            minimum: number | null;
            partial: boolean;
            samples: number;
            value: number | null;
            /** @description days with data that are over */
            whole_days: number;
        };
        Problem: {
            detail: string;
            index?: number;
            offset?: number;
            parameter?: string;
            section?: string;
            status: number;
            stored?: number;
            title: string;
            type: string;
            upload?: number;
        };
        Records: {
            next_cursor: string | null;
            person: string;
            records: {
                /** @description JSON as it was sent */
                record: unknown;
                section: string | null;
                upload: number | null;
            }[];
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        Rejects: {
            next_cursor: string | null;
            person: string;
            rejects: {
                index: number | null;
                number: number | null;
                offset: number | null;
                raw: string | null;
                raw_bytes: number | null;
                reason: string | null;
                section: string | null;
                upload: number | null;
            }[];
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        Rings: {
            next_cursor: string | null;
            person: string;
            rings: {
                active_energy: number | null;
                active_energy_goal: number | null;
                day: string | null;
                energy_unit: string | null;
                exercise_goal_min: number | null;
                exercise_min: number | null;
                move_goal_min: number | null;
                move_min: number | null;
                /** @description JSON as it was sent */
                other: unknown;
                stand_goal_hours: number | null;
                stand_hours: number | null;
            }[];
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        Samples: components["schemas"]["SampleSeries"] | {
            series: components["schemas"]["SampleSeries"][];
        };
        /** @description With `max_points` it has `points`, each the mean of some samples, instead of `samples`. */
        SampleSeries: {
            next_cursor?: string | null;
            points?: {
                maximum: number;
                minimum: number;
                samples: number;
                /** Format: date-time */
                start: string;
                value: number;
            }[];
            samples?: {
                /** Format: date-time */
                end: string | null;
                /** @description JSON as it was sent */
                metadata: unknown;
                name: string | null;
                /** @description JSON as it was sent */
                other: unknown;
                product_type: string | null;
                source: string | null;
                /** Format: date-time */
                start: string | null;
                type: string;
                unit: string | null;
                uuid: string | null;
                value: number | null;
            }[];
            total?: number | null;
            truncated: boolean;
            type: string;
            unit?: string | null;
            zone: string | null;
        };
        Series: {
            /** @enum {unknown} */
            bucket: "hour" | "day" | "week" | "month" | "year";
            days?: components["schemas"]["Day"][];
            first_whole: boolean;
            hours?: components["schemas"]["Hour"][];
            last_whole: boolean;
            months?: components["schemas"]["Period"][];
            sources: string[];
            stale: boolean;
            truncated: boolean;
            type: string;
            unit: string | null;
            weeks?: components["schemas"]["Period"][];
            years?: components["schemas"]["Period"][];
            zone: string | null;
        };
        Session: {
            all_people: boolean;
            /** @description what the app on a phone needs, beside the token */
            app: {
                /** @description the header of the token; null for `Authorization` with Bearer */
                header: string | null;
                /** @description the endpoint path */
                path: string;
                /** @description the public URL; without one, the address that a browser shows */
                url: string | null;
            };
            /**
             * Format: date-time
             * @description when the session ends unless it is used before
             */
            expires: string;
            /** @description what the token is for */
            label: string | null;
            /** @description the persons whose data may be read */
            people: string[];
            person: string;
            /** @enum {string} */
            scope: "read" | "admin";
            /** @description maps that the page may show */
            tiles: null | components["schemas"]["Tiles"];
        };
        /** @description exactly one of both */
        SignIn: {
            /** @description a code that `healthsink token new --qr` or `healthsink setup` shows */
            code?: string;
            /** @description a token with the scope `read` or `admin` */
            token?: string;
        };
        Sources: {
            next_cursor: string | null;
            person: string;
            sources: {
                class: string | null;
                /** Format: date-time */
                first: string | null;
                key: string | null;
                /** Format: date-time */
                last: string | null;
                name: string | null;
                place: number | null;
            }[];
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        Status: {
            change: number | null;
            /** @description the size of the database, of all persons */
            database_bytes: number;
            figures_change: number | null;
            /** @description the programs that send the data to other places, by their names; `healthsink status` shows their targets and what they wait for */
            followers: {
                /** @description changes up to this person's last one that the target lacks */
                behind: number;
                /**
                 * Format: date-time
                 * @description when the target last had everything of everybody; written every 5 minutes while nothing changes
                 */
                last_success: string | null;
                name: string;
                /**
                 * @description the target has everything (`current`), is sent what it lacks (`behind`), or takes nothing for now (`waiting`). Or the follower does not run (`not_running`), or has ended until somebody changes something (`stopped`)
                 * @enum {string}
                 */
                state: "current" | "behind" | "waiting" | "stopped" | "not_running";
            }[];
            person: string;
            rejects: number | null;
            running: number | null;
            schema: number | null;
            senders: {
                label: string | null;
                /** Format: date-time */
                last_upload: string | null;
                origin: string | null;
                token_id: number | null;
                uploads: number | null;
            }[];
            stale: boolean;
            types: number | null;
            uploads: number | null;
            version: string;
            /**
             * @description whether the program has the whole page, or the plain one only
             * @enum {string}
             */
            web: "full" | "basic";
            workouts: number | null;
        };
        Stored: {
            count: number;
            inserted?: Record<string, never>;
            merged?: number;
            new?: number;
            /** @constant */
            ok: true;
            rejected?: number;
            routePoints?: number;
            unchanged?: number;
            updated?: number;
            upload?: number;
        };
        Tiles: {
            /** @description whose maps they are, as text */
            attribution: string | null;
            /** @description where maps come from, with `{z}`, `{x}` and `{y}` */
            url: string;
        };
        TypeFigures: {
            days: {
                /** Format: date */
                day: string;
                maximum: number | null;
                minimum: number | null;
                partial: boolean;
                samples: number;
                value: number | null;
            }[];
            identifier: string;
            /** @enum {unknown} */
            method: "sum" | "mean" | "level" | "values" | "nights" | "none";
            type: string;
            unit: string | null;
        };
        Types: {
            person: string;
            stale: boolean;
            types: {
                days: number | null;
                /** Format: date-time */
                first: string | null;
                identifier: string;
                /** Format: date-time */
                last: string | null;
                /** @enum {unknown} */
                method: "sum" | "mean" | "level" | "values" | "nights" | "none";
                samples: number | null;
                type: string;
                unit: string | null;
            }[];
        };
        TypeToday: {
            /** @description the mean of the last 7 of them divided by mean_28, less 1 */
            change: number | null;
            /**
             * Format: date
             * @description the last day with figures; of sleep the last night, by the date of its morning
             */
            day: string | null;
            day_partial: boolean | null;
            /** @description the figure of that day; of sleep the minutes asleep */
            day_value: number | null;
            /** @description how many these are */
            days_28: number;
            identifier: string;
            /** @description the last stored sample; its value is null if its unit cannot be converted, and of sleep */
            last: {
                /** Format: date-time */
                end: string | null;
                /** Format: date-time */
                start: string;
                value: number | null;
            };
            /** @description the mean of the whole days among the 28 before today; null if these are fewer than 7 */
            mean_28: number | null;
            /** @enum {unknown} */
            method: "sum" | "mean" | "level" | "values" | "nights" | "none";
            type: string;
            unit: string | null;
            /** @description the 95th percentile */
            usual_high: number | null;
            /** @description the 5th percentile of the whole days among the 90 before today; null if these are fewer than 7 */
            usual_low: number | null;
        };
        Uploads: {
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
            uploads: {
                body_bytes: number | null;
                error: string | null;
                /** Format: date-time */
                exported: string | null;
                /** Format: date-time */
                finished: string | null;
                id: number | null;
                merged: number | null;
                new: number | null;
                origin: string | null;
                /** Format: date-time */
                range_end: string | null;
                /** Format: date-time */
                range_start: string | null;
                records: number | null;
                rejected: number | null;
                removed: number | null;
                route_points: number | null;
                sender: string | null;
                /** Format: date-time */
                started: string | null;
                state: string | null;
                sync_source: string | null;
                token_id: number | null;
                unchanged: number | null;
                updated: number | null;
            }[];
        };
        Workout: {
            /** @description JSON as it was sent */
            activities: unknown;
            activity: string | null;
            activity_type: number | null;
            distance: number | null;
            distance_unit: string | null;
            duration_s: number | null;
            /** Format: date-time */
            end: string | null;
            energy_kcal: number | null;
            /** @description JSON as it was sent */
            events: unknown;
            heart_rate: {
                maximum: number | null;
                minimum: number | null;
                samples: number | null;
                /** Format: date-time */
                start: string | null;
                value: number | null;
            }[];
            /** @description What the zones are parts of, from half of it on. It is the greatest of the year's daily maxima without one day in a hundred, or the 99th percentile of this workout's heart rates if that is more. */
            highest_heart_rate: number | null;
            /** @description JSON as it was sent */
            metadata: unknown;
            /** @description JSON as it was sent */
            other: unknown;
            source: string | null;
            splits: {
                distance_m: number | null;
                /** Format: date-time */
                end: string | null;
                number: number | null;
                /** @description without the pauses of the workout's events, so it may be less than from start to end */
                seconds: number | null;
                /** Format: date-time */
                start: string | null;
            }[];
            /**
             * @description workout if the splits add up to the distance and the time of the workout; route if they are of the route alone, since its length differs by more than a quarter or no distance is stated; null without splits
             * @enum {unknown}
             */
            splits_of: "workout" | "route" | null;
            /** Format: date-time */
            start: string | null;
            /** @description JSON as it was sent */
            statistics: unknown;
            uuid: string | null;
            /** @description the time zone that the workout names, else where the person was */
            zone: string | null;
            zones: {
                from: number | null;
                seconds: number | null;
                to: number | null;
                zone: number | null;
            }[];
        };
        WorkoutDays: {
            days: {
                activity: string | null;
                day: string | null;
                distance_km: number | null;
                duration_s: number | null;
                energy_kcal: number | null;
                workouts: number | null;
            }[];
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
        };
        WorkoutRow: {
            activity: string | null;
            distance_km: number | null;
            duration_s: number | null;
            /** Format: date-time */
            end: string | null;
            energy_kcal: number | null;
            has_route: boolean | null;
            source: string | null;
            /** Format: date-time */
            start: string | null;
            uuid: string | null;
            /** @description the time zone that the workout names, else where the person was */
            zone: string | null;
        };
        Workouts: {
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
            workouts: components["schemas"]["WorkoutRow"][];
        };
        Zones: {
            next_cursor: string | null;
            person: string;
            stale: boolean;
            total?: number | null;
            truncated: boolean;
            zones: {
                /** Format: date-time */
                end: string | null;
                /** Format: date-time */
                start: string | null;
                why: string | null;
                zone: string | null;
            }[];
        };
    };
    responses: {
        /** @description a parameter or a body is wrong */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description the server failed */
        Failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description the token may not do this */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description the path does not have this form */
        NotAcceptable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description nothing is there */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description the answer with this tag is current */
        NotModified: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description a page that says what is wrong */
        PlainFault: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description how to sign in */
        PlainSignIn: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description how long to wait, after wrong tokens or while too many pages are under way */
        PlainWait: {
            headers: {
                /** @description seconds */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "text/html": string;
            };
        };
        /** @description the request may come from a page of another site; a form gets a page that says so */
        RefusedForm: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
                "text/html": string;
            };
        };
        /** @description too many wrong tokens from this address, or the token has sent what it may send in a day */
        TooManyRequests: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description the token is missing or wrong */
        Unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description too much at once, or too long: ask again later */
        Unavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /**
         * @description which figure is the value; without it, the one that the type has
         * @example max
         */
        agg: "sum" | "mean" | "min" | "max" | "last";
        /**
         * @description the size of a bucket; `auto` picks the smallest that makes at most `max_points`
         * @example week
         */
        bucket: "auto" | "hour" | "day" | "week" | "month" | "year";
        /** @description the `next_cursor` of the answer before */
        cursor: string;
        /**
         * @description the date of a morning
         * @example 2026-01-06
         */
        date: string;
        /**
         * @description the last days up to today, in place of `from` and `to`; `all` for all days with data. Without all three a chart shows 30 days, with `bucket=hour` two, with `week` half a year, with `month` a year, with `year` ten
         * @example 30
         */
        days: number | "all";
        /**
         * @description the first local date or instant
         * @example 2026-01-01
         */
        from: string;
        /**
         * @description pixels down
         * @example 240
         */
        height: number;
        /**
         * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
         * @example 100
         */
        limit: number;
        /**
         * @description points at most
         * @example 500
         */
        max_points: number;
        /**
         * @description whose rows; for a token of all people
         * @example anna
         */
        person: string;
        /** @description the length of the time that a page without a script shows */
        range: "day" | "week" | "month" | "half" | "year" | "all";
        /**
         * @description only what this source adds: a key of /api/v1/sources, or a name, which stands for all sources of that name
         * @example Apple Watch
         */
        source: string;
        /**
         * @description the colours; `auto` follows the system of the reader
         * @example dark
         */
        theme: "light" | "dark" | "auto";
        /**
         * @description the local date or instant behind the last one
         * @example 2026-02-01
         */
        to: string;
        /**
         * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
         * @example steps
         */
        type: string;
        /**
         * @description the time zone that dates are in and instants are shown in
         * @example Europe/Berlin
         */
        tz: string;
        /**
         * @description the unit of values
         * @example km
         */
        units: string;
        /**
         * @description the identity of a workout, as /api/v1/workouts lists it
         * @example 30000000-0000-4000-8000-000000000001
         */
        uuid: string;
        /**
         * @description pixels across
         * @example 480
         */
        width: number;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    showPage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            304: components["responses"]["NotModified"];
            503: components["responses"]["Unavailable"];
        };
    };
    receiveHealthData: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "exportDate": "2026-02-26T12:00:00.000Z",
                 *       "startDate": "2026-02-25T00:00:00.000Z",
                 *       "endDate": "2026-02-26T00:00:00.000Z",
                 *       "syncSource": "manual-upload",
                 *       "data": {
                 *         "HKQuantityTypeIdentifierHeartRate": [
                 *           {
                 *             "uuid": "A1B2C3D4-0000-4000-8000-000000000001",
                 *             "value": 72,
                 *             "unit": "count/min",
                 *             "startDate": "2026-02-26T08:30:00.000Z",
                 *             "endDate": "2026-02-26T08:30:00.000Z"
                 *           }
                 *         ]
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["HealthData"];
            };
        };
        responses: {
            /** @description everything is stored */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stored"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description the body came too slowly */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the body or one element is too long, or the body is longer than its token may send in a day */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the coding of the body is unknown */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
            /** @description the disk is full */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readAggregates: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type?: components["parameters"]["type"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "aggregates": [],
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 0
                     *     }
                     */
                    "application/json": components["schemas"]["Aggregates"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readBeats: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "beats": [
                     *         {
                     *           "beats": [
                     *             {
                     *               "bpm": 61,
                     *               "time": "9:00:01.25 AM"
                     *             }
                     *           ],
                     *           "end": "2025-12-01T08:01:00.000Z",
                     *           "source": "Old Watch",
                     *           "start": "2025-12-01T08:00:00.000Z"
                     *         }
                     *       ],
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Beats"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readCharacteristics: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "characteristics": [
                     *         {
                     *           "first_seen": "2026-11-26T19:35:36.863Z",
                     *           "key": "biologicalSex",
                     *           "last_seen": "2026-11-26T19:35:36.863Z",
                     *           "value": "female"
                     *         }
                     *       ],
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Characteristics"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readCorrelations: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type?: components["parameters"]["type"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "correlations": [
                     *         {
                     *           "end": "2026-01-05T08:00:00.000Z",
                     *           "members": [
                     *             {
                     *               "endDate": "2026-01-05T08:00:00.000Z",
                     *               "startDate": "2026-01-05T08:00:00.000Z",
                     *               "type": "HKQuantityTypeIdentifierBloodPressureSystolic",
                     *               "unit": "mmHg",
                     *               "value": 122
                     *             }
                     *           ],
                     *           "metadata": null,
                     *           "other": null,
                     *           "source": "Cuff",
                     *           "start": "2026-01-05T08:00:00.000Z",
                     *           "type": "HKCorrelationTypeIdentifierBloodPressure",
                     *           "uuid": "68730FA2-925E-8C48-B7DB-8FD7FEBB99C2"
                     *         }
                     *       ],
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Correlations"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readDays: {
        parameters: {
            query: {
                /**
                 * @description which figure is the value; without it, the one that the type has
                 * @example max
                 */
                agg?: components["parameters"]["agg"];
                /**
                 * @description the size of a bucket; `auto` picks the smallest that makes at most `max_points`
                 * @example week
                 */
                bucket?: components["parameters"]["bucket"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description points at most
                 * @example 500
                 */
                max_points?: components["parameters"]["max_points"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description only what this source adds: a key of /api/v1/sources, or a name, which stands for all sources of that name
                 * @example Apple Watch
                 */
                source?: components["parameters"]["source"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type: string;
                /**
                 * @description the unit of values
                 * @example km
                 */
                units?: components["parameters"]["units"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "steps",
                     *       "unit": "count",
                     *       "zone": "Europe/Berlin",
                     *       "days": [
                     *         {
                     *           "day": "2026-01-05",
                     *           "value": 7000,
                     *           "samples": 2,
                     *           "minimum": 3000,
                     *           "maximum": 4000,
                     *           "last": 3000,
                     *           "time_weighted": null,
                     *           "covered_min": 0,
                     *           "source": "Apple Watch",
                     *           "zone": "Europe/Berlin",
                     *           "partial": false
                     *         }
                     *       ],
                     *       "bucket": "day",
                     *       "sources": [
                     *         "Apple Watch"
                     *       ],
                     *       "first_whole": true,
                     *       "last_whole": true,
                     *       "truncated": false,
                     *       "stale": false
                     *     }
                     */
                    "application/json": components["schemas"]["Days"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readElectrocardiograms: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "electrocardiograms": [
                     *         {
                     *           "classification": "Sinus Rhythm",
                     *           "header": {
                     *             "Classification": "Sinus Rhythm",
                     *             "Name": "Me",
                     *             "Recorded Date": "2026-01-05 10:00:00 +0100",
                     *             "Sample Rate": "512 hertz",
                     *             "Unit": "µV"
                     *           },
                     *           "rate_hz": 512,
                     *           "samples": 3,
                     *           "start": "2026-01-05T09:00:00.000Z",
                     *           "unit": "µV",
                     *           "uuid": "6873AE94-2CD6-8E83-899D-A2DE60CB714E",
                     *           "voltages": [
                     *             -12.5
                     *           ]
                     *         }
                     *       ],
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Electrocardiograms"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    followEvents: {
        parameters: {
            query?: {
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
            };
            header?: {
                /** @description the `id` of the last event that was received; what has changed since comes first */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readExplain: {
        parameters: {
            query: {
                /**
                 * @description the local date of the day
                 * @example 2026-01-05
                 */
                from: string;
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "adds_up": true,
                     *       "day": "2026-01-05",
                     *       "end": "2026-01-06T00:00:00Z",
                     *       "left_out": [],
                     *       "naive": 12000,
                     *       "samples": 2,
                     *       "sources": [
                     *         {
                     *           "covered_min": 0,
                     *           "recorded": 7000,
                     *           "samples": 2,
                     *           "source": "Apple Watch",
                     *           "value": 7000
                     *         },
                     *         {
                     *           "covered_min": 0,
                     *           "recorded": 5000,
                     *           "samples": 0,
                     *           "source": "Anna’s iPhone",
                     *           "value": 0
                     *         }
                     *       ],
                     *       "stale": false,
                     *       "start": "2026-01-05T00:00:00Z",
                     *       "stretches": [],
                     *       "type": "steps",
                     *       "unit": "count",
                     *       "value": 7000,
                     *       "zone": null
                     *     }
                     */
                    "application/json": components["schemas"]["Explanation"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readMedications: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type?: components["parameters"]["type"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "medications": [
                     *         {
                     *           "archived": false,
                     *           "as_needed": 0,
                     *           "due": 4,
                     *           "form": "tablet",
                     *           "medication": "Aspirin 81mg",
                     *           "nickname": "Daily aspirin",
                     *           "other": null,
                     *           "percent": 75,
                     *           "scheduled": null,
                     *           "skipped": 1,
                     *           "taken": 3
                     *         }
                     *       ],
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Medications"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readMedicationsDays: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type?: components["parameters"]["type"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "days": [
                     *         {
                     *           "as_needed": 0,
                     *           "day": "2026-01-05",
                     *           "due": 1,
                     *           "medication": "Aspirin 81mg",
                     *           "skipped": 0,
                     *           "taken": 1
                     *         }
                     *       ],
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Adherence"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readMedicationsDoses: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type?: components["parameters"]["type"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "doses": [
                     *         {
                     *           "end": null,
                     *           "medication": "Aspirin 81mg",
                     *           "metadata": null,
                     *           "nickname": "Daily aspirin",
                     *           "other": null,
                     *           "quantity": 1,
                     *           "scheduled": "2026-01-05T08:00:00.000Z",
                     *           "source": null,
                     *           "start": "2026-01-05T08:05:00.000Z",
                     *           "status": "taken",
                     *           "unit": "count",
                     *           "uuid": "50000000-0000-4000-8000-000000000005"
                     *         }
                     *       ],
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Doses"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readNights: {
        parameters: {
            query?: {
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "nights": [
                     *         {
                     *           "approximate": false,
                     *           "asleep_main_min": 420,
                     *           "asleep_min": 420,
                     *           "awake_min": 15,
                     *           "awakenings": 1,
                     *           "bedtime": "2026-01-05T22:00:00",
                     *           "core_min": 270,
                     *           "deep_min": 90,
                     *           "in_bed_estimated": false,
                     *           "in_bed_min": 480,
                     *           "naps": 0,
                     *           "night": "2026-01-06",
                     *           "partial": false,
                     *           "rem_min": 60,
                     *           "unspecified_min": 0,
                     *           "wake_time": "2026-01-06T05:45:00",
                     *           "zone": null
                     *         }
                     *       ],
                     *       "stale": false,
                     *       "unit": "min",
                     *       "zone": null
                     *     }
                     */
                    "application/json": components["schemas"]["Nights"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readNightsDate: {
        parameters: {
            query?: {
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path: {
                /**
                 * @description the date of a morning
                 * @example 2026-01-06
                 */
                date: components["parameters"]["date"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "asleep_main_min": 420,
                     *       "asleep_min": 420,
                     *       "awake_min": 15,
                     *       "awakenings": 1,
                     *       "bedtime": "2026-01-05T22:00:00",
                     *       "core_min": 270,
                     *       "deep_min": 90,
                     *       "in_bed_estimated": false,
                     *       "in_bed_min": 480,
                     *       "naps": 0,
                     *       "night": "2026-01-06",
                     *       "partial": false,
                     *       "rem_min": 60,
                     *       "segments": [
                     *         {
                     *           "end": "2026-01-06T06:00:00.000Z",
                     *           "source": "Anna’s iPhone",
                     *           "stage": "inBed",
                     *           "start": "2026-01-05T22:00:00.000Z",
                     *           "value": 0
                     *         }
                     *       ],
                     *       "stale": false,
                     *       "unspecified_min": 0,
                     *       "wake_time": "2026-01-06T05:45:00",
                     *       "zone": null
                     *     }
                     */
                    "application/json": components["schemas"]["Night"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readOverview: {
        parameters: {
            query?: {
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type?: components["parameters"]["type"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
                /**
                 * @description the unit of values
                 * @example km
                 */
                units?: components["parameters"]["units"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "change": 145,
                     *       "doses": {
                     *         "due": 2,
                     *         "list": [
                     *           {
                     *             "end": null,
                     *             "medication": "Drops",
                     *             "metadata": null,
                     *             "nickname": null,
                     *             "other": null,
                     *             "quantity": 1,
                     *             "scheduled": "2026-11-26T00:01:00.000Z",
                     *             "source": null,
                     *             "start": "2026-11-26T00:01:00.000Z",
                     *             "status": "taken",
                     *             "unit": "count",
                     *             "uuid": "90000000-0000-4000-8000-000000000001"
                     *           }
                     *         ],
                     *         "taken": 1
                     *       },
                     *       "figures": [
                     *         {
                     *           "days": [
                     *             {
                     *               "day": "2026-11-25",
                     *               "maximum": 1000,
                     *               "minimum": 1000,
                     *               "partial": false,
                     *               "samples": 1,
                     *               "value": 1000
                     *             },
                     *             {
                     *               "day": "2026-11-26",
                     *               "maximum": 50,
                     *               "minimum": 50,
                     *               "partial": true,
                     *               "samples": 1,
                     *               "value": 50
                     *             }
                     *           ],
                     *           "identifier": "HKQuantityTypeIdentifierStepCount",
                     *           "method": "sum",
                     *           "type": "steps",
                     *           "unit": "count"
                     *         }
                     *       ],
                     *       "last_upload": {
                     *         "ended": "2026-11-26T21:31:13.343Z",
                     *         "origin": "http",
                     *         "records": 52,
                     *         "state": "done",
                     *         "sync_source": "automatic"
                     *       },
                     *       "night": {
                     *         "approximate": false,
                     *         "asleep_main_min": 30,
                     *         "asleep_min": 30,
                     *         "awake_min": 0,
                     *         "awakenings": 0,
                     *         "bedtime": "2026-11-26T00:00:00",
                     *         "core_min": 0,
                     *         "deep_min": 30,
                     *         "in_bed_estimated": true,
                     *         "in_bed_min": 30,
                     *         "naps": 0,
                     *         "night": "2026-11-26",
                     *         "partial": false,
                     *         "rem_min": 0,
                     *         "segments": [
                     *           {
                     *             "end": "2026-11-26T00:30:00.000Z",
                     *             "source": "Watch",
                     *             "stage": "asleepDeep",
                     *             "start": "2026-11-26T00:00:00.000Z",
                     *             "value": 4
                     *           }
                     *         ],
                     *         "stale": false,
                     *         "unspecified_min": 0,
                     *         "wake_time": "2026-11-26T00:30:00",
                     *         "zone": null
                     *       },
                     *       "person": "me",
                     *       "stale": false,
                     *       "today": "2026-11-26",
                     *       "types": [
                     *         {
                     *           "change": -0.4285714285714286,
                     *           "day": "2026-11-26",
                     *           "day_partial": true,
                     *           "day_value": 50,
                     *           "days_28": 28,
                     *           "identifier": "HKQuantityTypeIdentifierStepCount",
                     *           "last": {
                     *             "end": "2026-11-26T00:00:00.000Z",
                     *             "start": "2026-11-26T00:00:00.000Z",
                     *             "value": 50
                     *           },
                     *           "mean_28": 1750,
                     *           "method": "sum",
                     *           "type": "steps",
                     *           "unit": "count",
                     *           "usual_high": 2000,
                     *           "usual_low": 1000
                     *         }
                     *       ],
                     *       "uploading": false,
                     *       "workouts": [
                     *         {
                     *           "activity": "running",
                     *           "distance_km": null,
                     *           "duration_s": 60,
                     *           "end": "2026-11-25T06:01:00.000Z",
                     *           "energy_kcal": null,
                     *           "has_route": false,
                     *           "source": null,
                     *           "start": "2026-11-25T06:00:00.000Z",
                     *           "uuid": "70000000-0000-4000-8000-000000000006",
                     *           "zone": null
                     *         }
                     *       ],
                     *       "zone": null
                     *     }
                     */
                    "application/json": components["schemas"]["Overview"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readPeople: {
        parameters: {
            query?: {
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "people": [
                     *         {
                     *           "last_upload": "2026-11-26T19:35:37.166Z",
                     *           "person": "me",
                     *           "stale": false,
                     *           "uploads": 2
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["People"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readRecords: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type?: components["parameters"]["type"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "records": [
                     *         {
                     *           "record": {
                     *             "locale": "en_US"
                     *           },
                     *           "section": "HealthData",
                     *           "upload": 2
                     *         }
                     *       ],
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Records"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readRejects: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type?: components["parameters"]["type"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "rejects": [],
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 0
                     *     }
                     */
                    "application/json": components["schemas"]["Rejects"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readRings: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "rings": [
                     *         {
                     *           "active_energy": 420,
                     *           "active_energy_goal": 500,
                     *           "day": "2026-01-05",
                     *           "energy_unit": "kcal",
                     *           "exercise_goal_min": 30,
                     *           "exercise_min": 30,
                     *           "move_goal_min": 0,
                     *           "move_min": 0,
                     *           "other": null,
                     *           "stand_goal_hours": 12,
                     *           "stand_hours": 11
                     *         }
                     *       ],
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Rings"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readSamples: {
        parameters: {
            query: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description points at most
                 * @example 500
                 */
                max_points?: components["parameters"]["max_points"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description only what this source adds: a key of /api/v1/sources, or a name, which stands for all sources of that name
                 * @example Apple Watch
                 */
                source?: components["parameters"]["source"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type: string;
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
                /**
                 * @description the unit of values
                 * @example km
                 */
                units?: components["parameters"]["units"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "next_cursor": null,
                     *       "samples": [
                     *         {
                     *           "end": "2026-01-05T08:00:00.000Z",
                     *           "metadata": null,
                     *           "name": null,
                     *           "other": null,
                     *           "product_type": "Watch7,1",
                     *           "source": "Apple Watch",
                     *           "start": "2026-01-05T08:00:00.000Z",
                     *           "type": "steps",
                     *           "unit": "count",
                     *           "uuid": "10000000-0000-4000-8000-000000000088",
                     *           "value": 4000
                     *         }
                     *       ],
                     *       "total": 5,
                     *       "truncated": false,
                     *       "type": "steps",
                     *       "zone": null
                     *     }
                     */
                    "application/json": components["schemas"]["Samples"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readSources: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "sources": [
                     *         {
                     *           "class": "watch",
                     *           "first": "2026-01-05T07:00:00.000Z",
                     *           "key": "Apple Watch",
                     *           "last": "2026-02-05T08:00:00.000Z",
                     *           "name": "Apple Watch",
                     *           "place": null
                     *         }
                     *       ],
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Sources"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readStatus: {
        parameters: {
            query?: {
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "change": 100,
                     *       "database_bytes": 589824,
                     *       "figures_change": 100,
                     *       "followers": [
                     *         {
                     *           "behind": 0,
                     *           "last_success": "2026-11-26T19:36:02.815Z",
                     *           "name": "influx",
                     *           "state": "current"
                     *         }
                     *       ],
                     *       "person": "me",
                     *       "rejects": 0,
                     *       "running": 0,
                     *       "schema": 5,
                     *       "senders": [
                     *         {
                     *           "label": null,
                     *           "last_upload": "2026-11-26T19:35:37.166Z",
                     *           "origin": "import",
                     *           "token_id": null,
                     *           "uploads": 2
                     *         }
                     *       ],
                     *       "stale": false,
                     *       "types": 32,
                     *       "uploads": 2,
                     *       "version": "0.1.0",
                     *       "web": "full",
                     *       "workouts": 2
                     *     }
                     */
                    "application/json": components["schemas"]["Status"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readTypes: {
        parameters: {
            query?: {
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "person": "me",
                     *       "stale": false,
                     *       "types": [
                     *         {
                     *           "days": 1,
                     *           "first": "2026-01-05T08:00:00.000Z",
                     *           "identifier": "HKCategoryTypeIdentifierAppleStandHour",
                     *           "last": "2026-01-05T08:00:00.000Z",
                     *           "method": "sum",
                     *           "samples": 1,
                     *           "type": "stand_hours",
                     *           "unit": "h"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Types"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readUploads: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type?: components["parameters"]["type"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "uploads": [
                     *         {
                     *           "body_bytes": 1713,
                     *           "error": null,
                     *           "exported": null,
                     *           "finished": "2026-11-26T19:35:37.166Z",
                     *           "id": 2,
                     *           "merged": 0,
                     *           "new": 6,
                     *           "origin": "import",
                     *           "range_end": null,
                     *           "range_start": null,
                     *           "records": 6,
                     *           "rejected": 0,
                     *           "removed": 0,
                     *           "route_points": 0,
                     *           "sender": "/tmp/.tmpO5EWCs/export",
                     *           "started": "2026-11-26T19:35:37.122Z",
                     *           "state": "done",
                     *           "sync_source": null,
                     *           "token_id": null,
                     *           "unchanged": 0,
                     *           "updated": 0
                     *         }
                     *       ],
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Uploads"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readWorkouts: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type?: components["parameters"]["type"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "workouts": [
                     *         {
                     *           "activity": "running",
                     *           "distance_km": 5,
                     *           "duration_s": 1800,
                     *           "end": "2026-01-05T08:15:00.000Z",
                     *           "energy_kcal": 320.5,
                     *           "has_route": true,
                     *           "source": "Apple Watch",
                     *           "start": "2026-01-05T07:00:00.000Z",
                     *           "uuid": "30000000-0000-4000-8000-000000000001",
                     *           "zone": null
                     *         }
                     *       ],
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Workouts"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readWorkoutsUuid: {
        parameters: {
            query?: {
                /**
                 * @description points at most
                 * @example 500
                 */
                max_points?: components["parameters"]["max_points"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
                /**
                 * @description the unit of values
                 * @example km
                 */
                units?: components["parameters"]["units"];
            };
            header?: never;
            path: {
                /**
                 * @description the identity of a workout, as /api/v1/workouts lists it
                 * @example 30000000-0000-4000-8000-000000000001
                 */
                uuid: components["parameters"]["uuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "activities": null,
                     *       "activity": "running",
                     *       "activity_type": 37,
                     *       "distance": 5,
                     *       "distance_unit": "km",
                     *       "duration_s": 1800,
                     *       "end": "2026-01-05T08:15:00.000Z",
                     *       "energy_kcal": 320.5,
                     *       "events": null,
                     *       "heart_rate": [
                     *         {
                     *           "maximum": 110,
                     *           "minimum": 110,
                     *           "samples": 1,
                     *           "start": "2026-01-05T07:00:00.000Z",
                     *           "value": 110
                     *         }
                     *       ],
                     *       "highest_heart_rate": 165,
                     *       "metadata": null,
                     *       "other": null,
                     *       "source": "Apple Watch",
                     *       "splits": [
                     *         {
                     *           "distance_m": 1000,
                     *           "end": "2026-01-05T07:00:00.090Z",
                     *           "number": 1,
                     *           "seconds": 0.09,
                     *           "start": "2026-01-05T07:00:00.000Z"
                     *         }
                     *       ],
                     *       "splits_of": "route",
                     *       "start": "2026-01-05T07:00:00.000Z",
                     *       "statistics": null,
                     *       "uuid": "30000000-0000-4000-8000-000000000001",
                     *       "zone": null,
                     *       "zones": [
                     *         {
                     *           "from": 82.5,
                     *           "seconds": 0,
                     *           "to": 99,
                     *           "zone": 1
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Workout"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readWorkoutsUuidRoute: {
        parameters: {
            query?: {
                /**
                 * @description points at most
                 * @example 500
                 */
                max_points?: components["parameters"]["max_points"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
            };
            header?: never;
            path: {
                /**
                 * @description the identity of a workout, as /api/v1/workouts lists it
                 * @example 30000000-0000-4000-8000-000000000001
                 */
                uuid: components["parameters"]["uuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "geometry": {
                     *         "coordinates": [
                     *           [
                     *             [
                     *               8.5,
                     *               47.1,
                     *               450.5
                     *             ],
                     *             [
                     *               8.5,
                     *               47.2,
                     *               450.5
                     *             ]
                     *           ]
                     *         ],
                     *         "type": "MultiLineString"
                     *       },
                     *       "properties": {
                     *         "times": [
                     *           [
                     *             "2026-01-05T07:00:00.000Z",
                     *             "2026-01-05T07:00:01.000Z"
                     *           ]
                     *         ],
                     *         "workout": "30000000-0000-4000-8000-000000000001"
                     *       },
                     *       "type": "Feature"
                     *     }
                     */
                    "application/geo+json": components["schemas"]["Line"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readWorkoutsUuidRouteGpx: {
        parameters: {
            query?: {
                /**
                 * @description points at most
                 * @example 500
                 */
                max_points?: components["parameters"]["max_points"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
            };
            header?: never;
            path: {
                /**
                 * @description the identity of a workout, as /api/v1/workouts lists it
                 * @example 30000000-0000-4000-8000-000000000001
                 */
                uuid: components["parameters"]["uuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/gpx+xml": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readWorkoutsDays: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description names of types such as steps or heart_rate, or HealthKit's identifiers; where the summary says so, another word that filters
                 * @example steps
                 */
                type?: components["parameters"]["type"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "days": [
                     *         {
                     *           "activity": "running",
                     *           "day": "2026-01-05",
                     *           "distance_km": 5,
                     *           "duration_s": 1800,
                     *           "energy_kcal": 320.5,
                     *           "workouts": 1
                     *         }
                     *       ],
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["WorkoutDays"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readZones: {
        parameters: {
            query?: {
                /** @description the `next_cursor` of the answer before */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description rows of JSON at most; 1,000 without it. Other forms have all rows, and refuse it
                 * @example 100
                 */
                limit?: components["parameters"]["limit"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "next_cursor": null,
                     *       "person": "me",
                     *       "stale": false,
                     *       "truncated": false,
                     *       "zones": [],
                     *       "total": 0
                     *     }
                     */
                    "application/json": components["schemas"]["Zones"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    readAsset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            503: components["responses"]["Unavailable"];
        };
    };
    drawChart: {
        parameters: {
            query: {
                /**
                 * @description the size of a bucket; `auto` picks the smallest that the width has room for
                 * @example day
                 */
                bucket?: "auto" | "hour" | "day" | "week" | "month" | "year";
                /**
                 * @description the last days up to today, in place of `from` and `to`; `all` for all days with data. Without all three a chart shows 30 days, with `bucket=hour` two, with `week` half a year, with `month` a year, with `year` ten
                 * @example 30
                 */
                days?: components["parameters"]["days"];
                /**
                 * @description the first local date or instant
                 * @example 2026-01-01
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description pixels down
                 * @example 240
                 */
                height?: components["parameters"]["height"];
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /**
                 * @description the colours; `auto` follows the system of the reader
                 * @example dark
                 */
                theme?: components["parameters"]["theme"];
                /**
                 * @description the local date or instant behind the last one
                 * @example 2026-02-01
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description the name of one type such as steps, heart_rate or sleep, or HealthKit's identifier. Sums are bars, other figures a line in the band of their extremes, and sleep is nights from bedtime to waking with their stages
                 * @example steps
                 */
                type: string;
                /**
                 * @description the time zone that dates are in and instants are shown in
                 * @example Europe/Berlin
                 */
                tz?: components["parameters"]["tz"];
                /**
                 * @description the unit of values
                 * @example km
                 */
                units?: components["parameters"]["units"];
                /**
                 * @description pixels across
                 * @example 480
                 */
                width?: components["parameters"]["width"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 320" width="720" height="320" role="img"><title>Steps</title><desc>1–31 Jan 2026, sum by day in count. 31 whole days with data. Their sum is 248,120.</desc></svg> */
                    "image/svg+xml": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    showDocs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            503: components["responses"]["Unavailable"];
        };
    };
    checkHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            503: components["responses"]["Unavailable"];
        };
    };
    readLicences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                    "text/plain": string;
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            503: components["responses"]["Unavailable"];
        };
    };
    readLibraryLicences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            503: components["responses"]["Unavailable"];
        };
    };
    readManifest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/manifest+json": string;
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            503: components["responses"]["Unavailable"];
        };
    };
    scrape: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/openmetrics-text": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    describeAsJson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    describe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/yaml": Record<string, never>;
                };
            };
        };
    };
    showPlainPage: {
        parameters: {
            query?: {
                /** @description a local date in the time that is shown; today if it is left out */
                date?: string;
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /** @description the length of the time that a page without a script shows */
                range?: components["parameters"]["range"];
                /** @description the name of a type such as steps; without it, today */
                type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["PlainFault"];
            401: components["responses"]["PlainSignIn"];
            403: components["responses"]["PlainFault"];
            404: components["responses"]["PlainFault"];
            429: components["responses"]["PlainWait"];
            500: components["responses"]["PlainFault"];
            503: components["responses"]["PlainWait"];
        };
    };
    showPlainStyle: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/css": string;
                };
            };
            304: components["responses"]["NotModified"];
        };
    };
    showPlainData: {
        parameters: {
            query?: {
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["PlainFault"];
            401: components["responses"]["PlainSignIn"];
            403: components["responses"]["PlainFault"];
            404: components["responses"]["PlainFault"];
            429: components["responses"]["PlainWait"];
            500: components["responses"]["PlainFault"];
            503: components["responses"]["PlainWait"];
        };
    };
    showPlainSleep: {
        parameters: {
            query?: {
                /** @description a local date in the time that is shown; today if it is left out */
                date?: string;
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /** @description the length of the time that a page without a script shows */
                range?: components["parameters"]["range"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["PlainFault"];
            401: components["responses"]["PlainSignIn"];
            403: components["responses"]["PlainFault"];
            404: components["responses"]["PlainFault"];
            429: components["responses"]["PlainWait"];
            500: components["responses"]["PlainFault"];
            503: components["responses"]["PlainWait"];
        };
    };
    showPlainWorkouts: {
        parameters: {
            query?: {
                /** @description a local date in the time that is shown; today if it is left out */
                date?: string;
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
                /** @description the length of the time that a page without a script shows */
                range?: components["parameters"]["range"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["PlainFault"];
            401: components["responses"]["PlainSignIn"];
            403: components["responses"]["PlainFault"];
            404: components["responses"]["PlainFault"];
            429: components["responses"]["PlainWait"];
            500: components["responses"]["PlainFault"];
            503: components["responses"]["PlainWait"];
        };
    };
    showPlainWorkout: {
        parameters: {
            query?: {
                /**
                 * @description whose rows; for a token of all people
                 * @example anna
                 */
                person?: components["parameters"]["person"];
            };
            header?: never;
            path: {
                /**
                 * @description the identity of a workout, as /api/v1/workouts lists it
                 * @example 30000000-0000-4000-8000-000000000001
                 */
                uuid: components["parameters"]["uuid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["PlainFault"];
            401: components["responses"]["PlainSignIn"];
            403: components["responses"]["PlainFault"];
            404: components["responses"]["PlainFault"];
            429: components["responses"]["PlainWait"];
            500: components["responses"]["PlainFault"];
            503: components["responses"]["PlainWait"];
        };
    };
    showSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "all_people": false,
                     *       "app": {
                     *         "header": null,
                     *         "path": "/api/health-data",
                     *         "url": null
                     *       },
                     *       "expires": "2026-12-26T19:35:37Z",
                     *       "label": "phone",
                     *       "people": [
                     *         "me"
                     *       ],
                     *       "person": "me",
                     *       "scope": "read",
                     *       "tiles": null
                     *     }
                     */
                    "application/json": components["schemas"]["Session"];
                };
            };
            401: components["responses"]["Unauthorized"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    beginSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "abcdefghijklmnop"
                 *     }
                 */
                "application/json": components["schemas"]["SignIn"];
                "application/x-www-form-urlencoded": components["schemas"]["SignIn"];
            };
        };
        responses: {
            /** @description the browser is signed in */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description the browser is signed in by a form */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["RefusedForm"];
            /** @description the body came too slowly */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the body is of another type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
            /** @description the disk is full */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description nobody is signed in now */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            403: components["responses"]["Forbidden"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
            /** @description the disk is full */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    endSessionByForm: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description nobody is signed in now */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            403: components["responses"]["RefusedForm"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
            /** @description the disk is full */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readWorker: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description as the summary says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/javascript": string;
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            503: components["responses"]["Unavailable"];
        };
    };
}
