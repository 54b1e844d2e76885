//! The paths of the API: the one table of what each accepts and asks.

use hyper::Method;

use super::answer::answer;
use super::ask;
use super::events::{EVENTS_PATH, events};
use super::parameters::Parameter::{
    Agg, Bucket, Cursor, Days, From, Height, Limit, MaxPoints, Person, Source, Theme, To, Type, Tz, Units, Width,
};
use super::read::Shape::{GeoJson, Gpx, Object, Svg, Table};
use super::read::{Read, Tag};
use crate::serve::http::listeners::ListenerKind;
use crate::serve::route::RoutePath::{self, Fixed, Pattern};
use crate::serve::route::{Right, Route};

/// A fixed path stands before a pattern that it would also match.
static API: [Route; 30] = [
    Route {
        method: Method::GET,
        path: Fixed(EVENTS_PATH),
        listeners: LISTENERS,
        right: Right::Read,
        handler: events,
        description: "reports what changes, as server-sent events",
        read: None,
    },
    read(
        Fixed("/api/v1/overview"),
        "returns today at a look: figures, the last night, workouts, doses, and what is usual",
        &Read {
            parameters: &[Type, From, To, Tz, Units, Person],
            shape: Object,
            tag: Tag::RowsAndUploads,
            ask: ask::overview,
        },
    ),
    read(
        Fixed("/api/v1/types"),
        "lists the types that a person has samples of",
        &Read { parameters: &[Person], shape: Table, tag: Tag::Rows, ask: ask::types },
    ),
    read(
        Fixed("/api/v1/days"),
        "returns the figures of local hours, days, weeks, months or years",
        &Read {
            parameters: &[Type, From, To, Bucket, Agg, Source, Units, MaxPoints, Person],
            shape: Table,
            tag: Tag::Rows,
            ask: ask::days,
        },
    ),
    read(
        Fixed("/api/v1/nights"),
        "returns sleep by the date of the morning",
        &Read { parameters: &[From, To, Person], shape: Table, tag: Tag::Rows, ask: ask::nights },
    ),
    read(
        Pattern("/api/v1/nights/{date}"),
        "returns one night with its parts",
        &Read { parameters: &[Tz, Person], shape: Table, tag: Tag::Rows, ask: ask::night },
    ),
    read(
        Fixed("/api/v1/samples"),
        "returns the stored samples of a type, or of several as series",
        &Read {
            parameters: &[Type, From, To, Tz, Source, Units, MaxPoints, Limit, Cursor, Person],
            shape: Table,
            tag: Tag::Rows,
            ask: ask::samples,
        },
    ),
    read(
        Fixed("/api/v1/workouts"),
        "returns workouts; `type` is an activity",
        &Read {
            parameters: &[Type, From, To, Tz, Limit, Cursor, Person],
            shape: Table,
            tag: Tag::Rows,
            ask: ask::workouts,
        },
    ),
    read(
        Fixed("/api/v1/workouts/days"),
        "returns the workouts of local days by activity; `type` is an activity",
        &Read {
            parameters: &[Type, From, To, Limit, Cursor, Person],
            shape: Table,
            tag: Tag::Rows,
            ask: ask::workout_days,
        },
    ),
    read(
        Pattern("/api/v1/workouts/{uuid}"),
        "returns a workout with heart rates, the time in their zones, and splits",
        &Read { parameters: &[Tz, Units, MaxPoints, Person], shape: Object, tag: Tag::Rows, ask: ask::workout },
    ),
    read(
        Pattern("/api/v1/workouts/{uuid}/route"),
        "returns the route of a workout as GeoJSON",
        &Read { parameters: &[MaxPoints, Person], shape: GeoJson, tag: Tag::Rows, ask: ask::line },
    ),
    read(
        Pattern("/api/v1/workouts/{uuid}/route.gpx"),
        "returns the route of a workout as GPX 1.1",
        &Read { parameters: &[MaxPoints, Person], shape: Gpx, tag: Tag::Rows, ask: ask::track },
    ),
    read(
        Fixed("/api/v1/medications"),
        "returns medications and how many of their doses were taken; `type` is a medication",
        &Read {
            parameters: &[Type, From, To, Limit, Cursor, Person],
            shape: Table,
            tag: Tag::Rows,
            ask: ask::medications,
        },
    ),
    read(
        Fixed("/api/v1/medications/days"),
        "returns due and taken doses by local day; `type` is a medication",
        &Read {
            parameters: &[Type, From, To, Limit, Cursor, Person],
            shape: Table,
            tag: Tag::Rows,
            ask: ask::adherence,
        },
    ),
    read(
        Fixed("/api/v1/medications/doses"),
        "returns doses; `type` is a medication",
        &Read {
            parameters: &[Type, From, To, Tz, Limit, Cursor, Person],
            shape: Table,
            tag: Tag::Rows,
            ask: ask::doses,
        },
    ),
    read(
        Fixed("/api/v1/characteristics"),
        "returns characteristics such as the date of birth",
        &Read { parameters: &[Tz, Limit, Cursor, Person], shape: Table, tag: Tag::Rows, ask: ask::characteristics },
    ),
    read(
        Fixed("/api/v1/correlations"),
        "returns samples that belong together; `type` is HealthKit's identifier",
        &Read {
            parameters: &[Type, From, To, Tz, Limit, Cursor, Person],
            shape: Table,
            tag: Tag::Rows,
            ask: ask::correlations,
        },
    ),
    read(
        Fixed("/api/v1/electrocardiograms"),
        "returns electrocardiograms with their voltages",
        &Read {
            parameters: &[From, To, Tz, Limit, Cursor, Person],
            shape: Table,
            tag: Tag::Rows,
            ask: ask::electrocardiograms,
        },
    ),
    read(
        Fixed("/api/v1/beats"),
        "returns the beats that heart rate variabilities were computed from",
        &Read { parameters: &[From, To, Tz, Limit, Cursor, Person], shape: Table, tag: Tag::Rows, ask: ask::beats },
    ),
    read(
        Fixed("/api/v1/rings"),
        "returns the rings of each day, of Apple's export",
        &Read { parameters: &[From, To, Limit, Cursor, Person], shape: Table, tag: Tag::Rows, ask: ask::rings },
    ),
    read(
        Fixed("/api/v1/aggregates"),
        "returns figures that another app computed; `type` is a metric",
        &Read {
            parameters: &[Type, From, To, Tz, Limit, Cursor, Person],
            shape: Table,
            tag: Tag::Rows,
            ask: ask::aggregates,
        },
    ),
    read(
        Fixed("/api/v1/sources"),
        "lists sources, with the owner's order",
        &Read { parameters: &[Tz, Limit, Cursor, Person], shape: Table, tag: Tag::Rows, ask: ask::sources },
    ),
    read(
        Fixed("/api/v1/zones"),
        "lists the time zones that the person was in",
        &Read { parameters: &[Tz, Limit, Cursor, Person], shape: Table, tag: Tag::Rows, ask: ask::zones },
    ),
    read(
        Fixed("/api/v1/uploads"),
        "returns the ledger of uploads and imports, the last one first; `type` is a state",
        &Read {
            parameters: &[Type, From, To, Tz, Limit, Cursor, Person],
            shape: Table,
            tag: Tag::Never,
            ask: ask::uploads,
        },
    ),
    read(
        Fixed("/api/v1/rejects"),
        "returns elements that could not be stored; `type` is a section",
        &Read {
            parameters: &[Type, From, To, Limit, Cursor, Person],
            shape: Table,
            tag: Tag::Never,
            ask: ask::rejects,
        },
    ),
    read(
        Fixed("/api/v1/records"),
        "returns records that have no table; `type` is a section",
        &Read { parameters: &[Type, Limit, Cursor, Person], shape: Table, tag: Tag::Never, ask: ask::records },
    ),
    read(
        Fixed("/api/v1/explain"),
        "returns why the figure of a day is what it is; `from` is the day",
        &Read { parameters: &[Type, From, Person], shape: Object, tag: Tag::Rows, ask: ask::explain },
    ),
    read(
        Fixed("/api/v1/status"),
        "returns how current the data is, and what sends it",
        &Read { parameters: &[Tz, Person], shape: Object, tag: Tag::Never, ask: ask::status },
    ),
    read(
        Fixed("/api/v1/people"),
        "lists the persons whose data the token reads",
        &Read { parameters: &[Person], shape: Table, tag: Tag::Never, ask: ask::people },
    ),
    read(
        Fixed("/chart.svg"),
        "draws a type as a chart",
        &Read {
            parameters: &[Type, From, To, Days, Bucket, Tz, Units, Width, Height, Theme, Person],
            shape: Svg,
            tag: Tag::Rows,
            ask: ask::chart,
        },
    ),
];

const LISTENERS: &[ListenerKind] = &[ListenerKind::Everything, ListenerKind::Uploads];

const fn read(path: RoutePath, description: &'static str, read: &'static Read) -> Route {
    let (method, right, read) = (Method::GET, Right::Read, Some(read));
    Route { method, path, listeners: LISTENERS, right, handler: answer, description, read }
}

/// The routes of the API.
pub(in crate::serve) fn routes() -> impl Iterator<Item = &'static Route> {
    API.iter()
}
