//! The workouts, routes and identities that a batch with workouts or locations may meet.
//!
//! A workout is met by its identity, or by its time. An identity leads to another one, that to a row, and the row to what other
//! exporters have of it. So rows are loaded in rounds, until a round leads nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::covered::Covered;
use super::failure::store_failure;
use super::load::Loading;
use super::remote::{Remote, Span};
use super::tables::{ROUTE_FILES, ROUTE_POINTS, WORKOUT_ALIASES, WORKOUT_IDENTITIES, WORKOUT_ROUTES, WORKOUTS};
use super::wants::Wants;
use crate::model::batch::Batch;
use crate::model::error::Result;
use crate::model::identity::{derive_from_healthkit, is_derived};
use crate::model::limits::WORKBENCH_ROUNDS_MAX;
use crate::model::record::Uuid;
use crate::model::route::RouteEvent;
use crate::model::time::DAY_MS;

/// How far from a workout or a location others may begin that are compared with it: a day, and the quarter of an hour by which files
/// may differ.
const REACH_MS: i64 = DAY_MS + DAY_MS / 24;

/// The workouts of a batch.
#[derive(Debug, Default)]
struct Brought {
    /// Identities of workouts, as they come.
    identities: BTreeSet<Uuid>,
    /// Those of locations.
    routes: BTreeSet<Uuid>,
    /// Times of workouts and locations.
    times: Vec<(i64, i64)>,
    /// Whether there are files of routes.
    has_files: bool,
}

/// How many locations a batch has.
pub(super) fn count_locations(batch: &Batch) -> usize {
    batch.rows.route_points.len()
}

/// Loads what a batch may meet.
pub(super) fn load(loading: &mut Loading<'_, impl Remote>, batch: &Batch, under_way: Option<Uuid>) -> Result<()> {
    let rows = &batch.rows;
    if rows.workouts.is_empty() && rows.route_points.is_empty() && batch.route_marks.is_empty() {
        return Ok(());
    }
    let mut brought = Brought::of(batch);
    brought.routes.extend(under_way);
    let times = loading.covered.add_workouts(brought.times.iter().map(|time| around(*time, REACH_MS)).collect());
    let are_known = brought.routes.iter().all(|route| loading.covered.has_identity(route));
    if times.is_empty() && are_known && rows.workouts.is_empty() && batch.route_marks.is_empty() {
        let are_whole = brought.routes.iter().all(|route| loading.covered.has_route(route));
        return if are_whole { Ok(()) } else { load_routes(loading, batch, &brought) };
    }
    let mut wants = Wants::default();
    wants.last(&WORKOUTS);
    wants.last(&WORKOUT_ALIASES);
    wants.any(&WORKOUTS, "uuid", (b"hs".to_vec().into(), [&b"hs"[..], &[0xff; 14]].concat().into()));
    wants.any(&WORKOUT_ALIASES, "derived", (Vec::new().into(), vec![0xff; 16].into()));
    wants.any(&ROUTE_FILES, "start_s", (i64::MIN.into(), i64::MAX.into()));
    wants.spans(&WORKOUTS, (None, "start_ms"), times.iter().map(|(from, to)| span(*from, *to)).collect());
    let seconds = times.iter().map(|(from, to)| span(from / 1000 - 1, to / 1000 + 1)).collect();
    wants.spans(&ROUTE_FILES, (None, "start_s"), seconds);
    loading.load(&wants)?;
    let mut found = brought.identities.union(&brought.routes).copied().collect::<Vec<_>>();
    for _ in 0..WORKBENCH_ROUNDS_MAX {
        found.extend(of_rows(loading.connection, REFERRED)?);
        let new: BTreeSet<Uuid> = found.drain(..).filter(|identity| loading.covered.add_identity(*identity)).collect();
        if new.is_empty() {
            break;
        }
        load_round(loading, &new)?;
    }
    load_routes(loading, batch, &brought)
}

/// All identities that rows which are here refer to.
const REFERRED: &str =
    "SELECT uuid FROM workouts UNION SELECT derived FROM workout_aliases UNION SELECT uuid FROM workout_aliases
    UNION SELECT workout FROM workout_identities UNION SELECT workout FROM route_files";

fn load_round(loading: &mut Loading<'_, impl Remote>, identities: &BTreeSet<Uuid>) -> Result<()> {
    let values = || identities.iter().map(|identity| identity.to_vec());
    let mut wants = Wants::default();
    wants.keys(&WORKOUTS, "uuid", values());
    wants.keys(&WORKOUT_ALIASES, "uuid", values());
    wants.keys(&WORKOUT_ALIASES, "derived", values());
    wants.keys(&WORKOUT_IDENTITIES, "identity", values());
    wants.keys(&WORKOUT_ROUTES, "workout", values());
    wants.keys(&ROUTE_FILES, "workout", values());
    loading.load(&wants)
}

/// Loads locations. Without imports, only those at the times of the batch can be met.
fn load_routes(loading: &mut Loading<'_, impl Remote>, batch: &Batch, brought: &Brought) -> Result<()> {
    let connection = loading.connection;
    let sql = "SELECT EXISTS (SELECT 1 FROM workout_aliases) OR EXISTS (SELECT 1 FROM route_files)
        OR EXISTS (SELECT 1 FROM workouts WHERE uuid >= x'6873' AND uuid < x'6874')";
    let has_imports: bool = connection.query_row(sql, [], |row| row.get(0)).map_err(store_failure)?;
    let is_import = brought.has_files || brought.identities.iter().chain(&brought.routes).any(is_derived);
    if !has_imports && !is_import {
        note_new_routes(loading, &brought.routes)?;
        let mut wants = Wants::default();
        wants.spans(&ROUTE_POINTS, (Some("workout"), "time_ms"), times_of_routes(batch, loading.covered));
        for identity in &brought.identities {
            wants.first(&ROUTE_POINTS, "workout", identity.to_vec().into());
        }
        return loading.load(&wants);
    }
    let mut wants = Wants::default();
    let whole: Vec<Uuid> = met(connection, brought)?;
    let whole = whole.into_iter().filter(|workout| loading.covered.add_route(*workout));
    wants.keys(&ROUTE_POINTS, "workout", whole.map(|workout| workout.to_vec()).collect::<Vec<_>>());
    loading.load(&wants)
}

/// Notes which routes have no location: these are here as a whole.
fn note_new_routes(loading: &mut Loading<'_, impl Remote>, routes: &BTreeSet<Uuid>) -> Result<()> {
    let unknown: Vec<Uuid> = routes.iter().copied().filter(|route| loading.covered.ask_route(*route)).collect();
    let mut wants = Wants::default();
    for route in &unknown {
        wants.first(&ROUTE_POINTS, "workout", route.to_vec().into());
    }
    loading.load(&wants)?;
    for route in unknown {
        let sql = "SELECT workout FROM route_points WHERE workout = ?1 LIMIT 1";
        if select(loading.connection, sql, [route.to_vec().into()])?.is_empty() {
            loading.covered.add_route(route);
        }
    }
    Ok(())
}

/// The time of each route of a batch that is not here as a whole.
fn times_of_routes(batch: &Batch, covered: &Covered) -> Vec<Span> {
    let mut times: BTreeMap<Uuid, (i64, i64)> = BTreeMap::new();
    for point in &batch.rows.route_points {
        let time = times.entry(point.workout).or_insert((point.time_ms, point.time_ms));
        *time = (time.0.min(point.time_ms), time.1.max(point.time_ms));
    }
    let of_route = |(workout, (from, to)): (Uuid, (i64, i64))| Span {
        of: Some(workout.to_vec().into()),
        from: from.into(),
        to: to.into(),
    };
    times.into_iter().filter(|(workout, _)| !covered.has_route(workout)).map(of_route).collect()
}

/// The workouts whose locations may be compared with those of a batch: its own, those with the same times, and all near it if there
/// are routes without a workout. Each with what other exporters have of it.
fn met(connection: &Connection, brought: &Brought) -> Result<Vec<Uuid>> {
    let mut met: BTreeSet<Uuid> = brought.identities.union(&brought.routes).copied().collect();
    for identity in brought.identities.iter().chain(&brought.routes) {
        let sql = "SELECT workout FROM workout_identities WHERE identity = ?1";
        met.extend(select(connection, sql, [identity.to_vec().into()])?);
    }
    // Routes without a workout.
    let lone = "SELECT workout FROM route_files f WHERE NOT EXISTS (SELECT 1 FROM workouts w WHERE w.uuid = f.workout)
        AND NOT EXISTS (SELECT 1 FROM workout_aliases a WHERE a.derived = f.workout)";
    let lone = of_rows(connection, lone)?;
    let has_lone = brought.has_files || !lone.is_empty();
    met.extend(lone);
    met.extend(of_rows(connection, "SELECT workout FROM route_files")?);
    for (from, to) in &brought.times {
        let reach = if has_lone { REACH_MS } else { 1000 };
        let sql = "SELECT uuid FROM workouts WHERE start_ms BETWEEN ?1 AND ?2";
        let (from, to) = around((*from, *to), reach);
        met.extend(select(connection, sql, [from.into(), to.into()])?);
    }
    // A workout that a route belongs to may have others with its times.
    for _ in 0..2 {
        for workout in met.clone() {
            let sql = "SELECT uuid FROM workout_aliases WHERE derived = ?1 UNION SELECT derived FROM workout_aliases WHERE uuid = ?1
                UNION SELECT o.uuid FROM workouts w JOIN workouts o ON o.start_ms / 1000 = w.start_ms / 1000 WHERE w.uuid = ?1";
            met.extend(select(connection, sql, [workout.to_vec().into()])?);
        }
    }
    Ok(met.into_iter().collect())
}

impl Brought {
    fn of(batch: &Batch) -> Self {
        let rows = &batch.rows;
        let mut brought = Self::default();
        for workout in &rows.workouts {
            brought.identities.extend([workout.uuid, derive_from_healthkit(&workout.uuid)]);
            if let Some(healthkit) = workout.healthkit {
                brought.identities.extend([healthkit, derive_from_healthkit(&healthkit)]);
            }
            brought.times.push((workout.start_ms, workout.end_ms.unwrap_or(workout.start_ms).max(workout.start_ms)));
        }
        let mut last: Option<(Uuid, (i64, i64))> = None;
        for point in &rows.route_points {
            last = match last {
                Some((workout, (from, to))) if workout == point.workout => {
                    Some((workout, (from.min(point.time_ms), to.max(point.time_ms))))
                }
                other => {
                    brought.times.extend(other.map(|(_, time)| time));
                    brought.routes.insert(point.workout);
                    Some((point.workout, (point.time_ms, point.time_ms)))
                }
            };
        }
        brought.times.extend(last.map(|(_, time)| time));
        for mark in &batch.route_marks {
            brought.routes.insert(mark.workout);
            brought.has_files |= matches!(mark.event, RouteEvent::Begins(Some(_)) | RouteEvent::Refers(_));
        }
        brought
    }
}

/// A time with what is near it.
fn around((from, to): (i64, i64), reach_ms: i64) -> (i64, i64) {
    (from.saturating_sub(reach_ms), to.saturating_add(reach_ms))
}

fn span(from: i64, to: i64) -> Span {
    Span { of: None, from: from.into(), to: to.into() }
}

fn of_rows(connection: &Connection, sql: &str) -> Result<Vec<Uuid>> {
    select(connection, sql, [])
}

fn select<const N: usize>(connection: &Connection, sql: &str, values: [Value; N]) -> Result<Vec<Uuid>> {
    let read = || -> rusqlite::Result<Vec<Uuid>> {
        let mut select = connection.prepare_cached(sql)?;
        select.query_map(params_from_iter(values), |row| row.get(0))?.collect()
    };
    read().map_err(store_failure)
}
