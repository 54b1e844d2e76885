//! A run: brings the derived tables of all persons up to the last change.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use rusqlite::{Connection, params};

use super::chunk::{Chunk, Finish, Part};
use super::days;
use super::dirty::{ALL, Dirty, Span, join};
use super::first::First;
use super::groups::Groups;
use super::halt::{Halt, Step};
use super::lists::{derive_doses, derive_workouts};
use super::nights;
use super::people::{Behind, behind};
use super::sender::Sender;
use super::subject::{Kind, Person};
use super::survey::{Lengths, survey};
use super::units::Units;
use super::workout_spans;
use super::zones::{self, PersonZones};
use crate::model::error::{Error, ErrorKind};
use crate::model::limits::{BUSY_WAIT, DERIVED_CACHE_BYTES, DERIVED_WAIT, REPLACED_REACH_MS, STATEMENTS_CACHED_MAX};
use crate::statistics::facts::Condensed;
use crate::statistics::rules::RULES_VERSION;
use crate::statistics::{Method, Zones};
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::lookup::{find_type, name_of_type};
use crate::store::open::set_page_cache;
use crate::store::supplied::{Need, Supplied};

/// The type that nights are made of.
const SLEEP: &str = "HKCategoryTypeIdentifierSleepAnalysis";

/// What the owner wants of derived tables.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Wishes {
    /// The home zone of persons who have none.
    pub(in crate::store) home: Option<String>,
}

/// How a run ended.
#[derive(Debug)]
pub(in crate::store) enum Derived {
    /// The tables know all changes that were there at its start, but for persons whose failure has just been reported.
    Current,
    /// Those of some persons could not be computed. All others are current.
    Failed(Failure),
    /// It had to end early.
    Halted(Halt),
}

/// Persons whose figures could not be computed.
#[derive(Debug)]
pub(in crate::store) struct Failure {
    /// The first of them.
    pub(in crate::store) person: i64,
    pub(in crate::store) error: Error,
    /// How many they are.
    pub(in crate::store) people: usize,
}

/// Kept from one run to the next.
#[derive(Debug, Default)]
pub(in crate::store) struct Reader {
    /// To read the schema and to compile the statements takes a third of a small run.
    connection: Option<Connection>,
    /// When the figures of persons failed. Such a person is the last one, and rests before it is tried again.
    failed: BTreeMap<i64, Instant>,
}

impl Reader {
    fn take(&mut self, database: &Database) -> Step<Connection> {
        self.connection.take().map_or_else(|| open(database), Ok)
    }

    /// Keeps a connection without the pages that it has read.
    fn keep(&mut self, connection: Connection) {
        self.connection = connection.execute_batch("PRAGMA shrink_memory").is_ok().then_some(connection);
    }

    /// Returns whose turn it is, in this order.
    fn due(&mut self, people: Vec<Behind>) -> Vec<Behind> {
        self.failed.retain(|person, _| people.iter().any(|behind| behind.person == *person));
        let failed = |behind: &Behind| self.failed.get(&behind.person);
        let mut due: Vec<Behind> =
            people.into_iter().filter(|person| failed(person).is_none_or(|at| at.elapsed() >= DERIVED_WAIT)).collect();
        due.sort_by_key(|behind| failed(behind).is_some());
        due
    }
}

/// Brings the derived tables of all persons up to the last change, beside the writer. The caller has seen that the database still
/// has the files that the reader has open.
pub(in crate::store) fn derive(
    (database, reader): (&Database, &mut Reader),
    wishes: &Wishes,
    run: i64,
    store: &mut dyn FnMut(Chunk) -> Step<bool>,
    is_stopping: &dyn Fn() -> bool,
) -> Derived {
    match derive_apart((database, reader), wishes, run, store, is_stopping) {
        Ok(None) => Derived::Current,
        Ok(Some(failure)) => Derived::Failed(failure),
        Err(Halt::Read(error)) => Derived::Halted(Halt::Write(open_error(database, &error))),
        Err(halt) => Derived::Halted(halt),
    }
}

/// A failure of one person's figures keeps nobody else waiting.
fn derive_apart(
    (database, reader): (&Database, &mut Reader),
    wishes: &Wishes,
    run: i64,
    store: &mut dyn FnMut(Chunk) -> Step<bool>,
    is_stopping: &dyn Fn() -> bool,
) -> Step<Option<Failure>> {
    let connection = reader.take(database)?;
    let mut failure: Option<Failure> = None;
    for person in reader.due(behind(&connection, wishes.home.as_deref())?) {
        let mut sender = Sender::new((person.person, run), &mut *store, is_stopping);
        let derived = derive_person(Supplied::whole(&connection), &person, &mut sender);
        let error = match derived {
            Ok(()) => {
                reader.failed.remove(&person.person);
                continue;
            }
            Err(Halt::Read(error)) => open_error(database, &error),
            Err(Halt::Write(error)) if error.kind() == ErrorKind::Store => error,
            Err(halt) => return Err(halt),
        };
        reader.failed.insert(person.person, Instant::now());
        if !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
        let people = failure.as_ref().map_or(0, |failure| failure.people) + 1;
        failure = Some(match failure {
            Some(first) => Failure { people, ..first },
            None => Failure { person: person.person, error, people },
        });
    }
    reader.keep(connection);
    Ok(failure)
}

/// The same from a connection. The first failure ends it.
#[cfg(any(test, feature = "postgres"))]
pub(in crate::store) fn derive_supplied(
    connection: Supplied<'_>,
    wishes: &Wishes,
    run: i64,
    store: &mut dyn FnMut(Chunk) -> Step<bool>,
    is_stopping: &dyn Fn() -> bool,
) -> Step<()> {
    let people = behind(&connection, wishes.home.as_deref())?;
    people.iter().try_for_each(|person| {
        let mut sender = Sender::new((person.person, run), &mut *store, is_stopping);
        derive_person(connection, person, &mut sender)
    })
}

/// Whether the derived tables of all persons know the last change.
pub(in crate::store) fn is_current(database: &Database, wishes: &Wishes) -> bool {
    let people = open(database).and_then(|connection| Ok(behind(&connection, wishes.home.as_deref())?));
    people.is_ok_and(|people| people.is_empty())
}

fn open(database: &Database) -> Step<Connection> {
    let connection = database.open_beside_writer(BUSY_WAIT).map_err(Halt::Write)?;
    set_page_cache(&connection, DERIVED_CACHE_BYTES)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
    Ok(connection)
}

/// One state of the database for a part of a run. Each part has its own, so that no reader holds the WAL for long.
fn in_one_state<T>(connection: Supplied<'_>, read: impl FnOnce() -> Step<T>) -> Step<T> {
    if !connection.is_whole() {
        return read();
    }
    connection.execute_batch("BEGIN")?;
    let read = read();
    connection.execute_batch("COMMIT")?;
    read
}

/// What a run knows of a person before it computes days.
struct Known {
    dirty: Dirty,
    /// Types whose source groups are not known: figures of all of their time are made from nothing.
    first: BTreeSet<i64>,
    groups: Groups,
    lengths: Lengths,
    zones: PersonZones,
    workouts: Vec<Span>,
}

fn derive_person(connection: Supplied<'_>, behind: &Behind, sender: &mut Sender<'_>) -> Step<()> {
    let Behind { person, newest, known, surveyed, home } = behind;
    let dirty = match known {
        Some(known) => Dirty::read(&connection, *person, (*known, *newest))?,
        None => {
            let mut dirty = Dirty::everything(&connection, *person)?;
            if let Some(surveyed) = surveyed {
                let since = Dirty::read(&connection, *person, (*surveyed, *newest))?;
                (dirty.surveyed, dirty.removed) = (since.surveyed, since.removed);
            }
            dirty
        }
    };
    sender.send(Part::Begin { home: home.clone() })?;
    if !dirty.is_empty() || known.is_none() {
        let mut read = in_one_state(connection, || read_known(connection, behind, dirty, sender))?;
        compute(connection, *person, &mut read, sender)?;
        let Known { groups, lengths, zones, .. } = read;
        return sender.send(Part::Finish(Finish {
            // In one transaction with the state: their order must not be known before the figures that follow from it.
            groups: groups.changed_rows(),
            gone: groups.gone(),
            lengths: lengths.changed(),
            zones: zones.changed,
            ..finish(behind)
        }));
    }
    sender.send(Part::Finish(finish(behind)))
}

fn finish(behind: &Behind) -> Finish {
    Finish {
        change: behind.newest,
        rules: RULES_VERSION,
        tzdb: Zones::version(),
        home: behind.home.clone(),
        groups: Vec::new(),
        gone: Vec::new(),
        lengths: Vec::new(),
        zones: None,
    }
}

/// Reads what days depend on, and what else is to be computed again since that has changed.
fn read_known(connection: Supplied<'_>, behind: &Behind, mut dirty: Dirty, sender: &mut Sender<'_>) -> Step<Known> {
    let person = behind.person;
    let ids = connection.ids();
    let mut groups = Groups::load(&connection, person)?.with_ids(person, ids.map(|ids| ids.group));
    let mut lengths = Lengths::load(&connection, person)?;
    let is_new = behind.known.is_none();
    match behind.surveyed {
        Some(_) => groups.regroup(connection, person, &dirty.removed)?,
        None => groups.forget(),
    }
    // What brings rows brings them once, for the survey. Without a former survey every type is of this kind, so all are compared at the end.
    let is_first = |spans: &[Span]| is_new && behind.surveyed.is_none() && connection.is_whole() && *spans == [ALL];
    let first: BTreeSet<i64> =
        dirty.surveyed.iter().filter(|(_, spans)| is_first(spans)).map(|(kind, _)| *kind).collect();
    survey(connection, person, &dirty, |kind| first.contains(&kind), (&mut groups, &mut lengths), sender)?;
    if groups.has_new_order() && !is_new {
        dirty.add_all_types(&connection, person, ALL)?;
    }
    let sleep = find_type(&connection, SLEEP)?;
    let asleep = sleep.and_then(|sleep| dirty.types.get(&sleep)?.first().copied());
    let dirty_from_ms = asleep.iter().chain(dirty.workouts.first()).map(|span| span.0).min();
    let sleep = sleep.map(|sleep| (sleep, lengths.longest_ms(sleep)));
    let zones = zones::read(connection, person, sleep, behind.home.as_deref(), dirty_from_ms)?;
    if !dirty.workouts.is_empty() {
        add_condensed(&connection, person, &mut dirty)?;
    }
    // A zone changes the days of workouts, and nothing of their samples.
    if let Some((from_ms, _)) = zones.changed.as_ref().filter(|_| !is_new) {
        // The day in which the change falls began in the former zone.
        let since = (from_ms.saturating_sub(1).max(ALL.0), ALL.1);
        dirty.add_all_types(&connection, person, since)?;
        for spans in [&mut dirty.workouts, &mut dirty.doses] {
            spans.push(since);
            join(spans);
        }
    }
    let spans = dirty.types.iter().map(|(kind, spans)| (*kind, &spans[..]));
    let workouts = workout_spans::near(connection, person, spans, &lengths)?;
    Ok(Known { dirty, first, groups, lengths, zones, workouts })
}

fn compute(connection: Supplied<'_>, person: i64, known: &mut Known, sender: &mut Sender<'_>) -> Step<()> {
    let Known { dirty, first, groups, lengths, zones, workouts } = known;
    let person = Person { connection, id: person, timeline: &zones.timeline, workouts };
    if first.is_empty() {
        groups.close();
    }
    let mut first = First::new(first);
    for (kind, spans) in &mut dirty.types {
        let longest_ms = lengths.longest_ms(*kind);
        if dirty.removed.contains_key(kind) && longest_ms > REPLACED_REACH_MS {
            spans.iter_mut().for_each(|span| span.1 = span.1.saturating_add(longest_ms).min(ALL.1));
            join(spans);
        }
        let name = name_of_type(&connection, *kind)?.unwrap_or_default();
        let kind = Kind { id: *kind, name: &name, longest_ms };
        if has_other_unit(&person, &kind)? {
            *spans = vec![ALL];
        }
        first.run(&person, &kind, groups, sender, |groups, sender| {
            derive_type(&person, &kind, spans, (groups, &mut *lengths), sender)
        })?;
    }
    groups.close();
    for kind in first.of_other_ranks(groups) {
        let name = name_of_type(&connection, kind)?.unwrap_or_default();
        let kind = Kind { id: kind, name: &name, longest_ms: lengths.longest_ms(kind) };
        derive_type(&person, &kind, &[ALL], (&mut *groups, &mut *lengths), sender)?;
    }
    if !dirty.workouts.is_empty() {
        in_one_state(connection, || derive_workouts(&person, &dirty.workouts, sender))?;
    }
    if !dirty.doses.is_empty() {
        in_one_state(connection, || derive_doses(&person, &dirty.doses, sender))?;
    }
    Ok(())
}

/// Computes what is derived of a type, where its samples have changed.
fn derive_type(
    person: &Person<'_>,
    kind: &Kind<'_>,
    spans: &[Span],
    (groups, lengths): (&mut Groups, &mut Lengths),
    sender: &mut Sender<'_>,
) -> Step<()> {
    in_one_state(person.connection, || {
        sender.send_groups(groups.take_new_rows())?;
        groups.set_kind(kind.id);
        lengths.note(kind.id, days::derive(person, kind, spans, groups, sender)?);
        if kind.name == SLEEP { nights::derive(person, kind, spans, groups, sender) } else { Ok(()) }
    })
}

/// Whether stored days have another unit than those that are computed now. A type that this version does not know has the unit of
/// its first sample, and an earlier one may have come since.
fn has_other_unit(person: &Person<'_>, kind: &Kind<'_>) -> rusqlite::Result<bool> {
    if Method::of(kind.name) != Method::Unknown {
        return Ok(false);
    }
    let units = Units::of(person, kind)?;
    person.connection.need(|| Need { of: Some(("type_id", kind.id.into())), ..Need::all(person.id, "days") })?;
    let sql = "SELECT 1 FROM days WHERE person_id = ?1 AND type_id = ?2
        AND coalesce((SELECT name FROM units WHERE id = unit_id), '') <> ?3 LIMIT 1";
    person.connection.prepare_cached(sql)?.exists(params![person.id, kind.id, units.name()])
}

/// A workout decides which of its samples are condensed ones.
fn add_condensed(connection: &Connection, person: i64, dirty: &mut Dirty) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached(
        "SELECT DISTINCT t.id, t.name FROM sample_origins o JOIN types t ON t.id = o.type_id WHERE o.person_id = ?1",
    )?;
    let mut rows = select.query([person])?;
    while let Some(row) = rows.next()? {
        let (kind, name): (i64, String) = (row.get(0)?, row.get(1)?);
        if Condensed::of(&name).is_some() {
            let spans = dirty.types.entry(kind).or_default();
            spans.extend(&dirty.workouts);
            join(spans);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rusqlite::params;

    use super::*;
    use crate::model::time::{DAY_MS, HOUR_MS};
    use crate::store::Store;
    use crate::store::derive::apply::apply;
    use crate::store::derive::people::{Standing, standing};
    use crate::store::failure::store_error;

    const STEPS: &str = "HKQuantityTypeIdentifierStepCount";
    const ENERGY: &str = "HKQuantityTypeIdentifierActiveEnergyBurned";

    fn id(connection: &Connection, (table, column): (&str, &str), text: &str) -> i64 {
        connection.execute(&format!("INSERT OR IGNORE INTO {table} ({column}) VALUES (?1)"), [text]).unwrap();
        let sql = format!("SELECT id FROM {table} WHERE {column} = ?1");
        connection.query_row(&sql, [text], |row| row.get(0)).unwrap()
    }

    /// Adds a sample of an hour by an app, and notes it.
    fn add(connection: &Connection, kind: &str, app: &str, (day, hour): (i64, i64), value: f64) {
        let kind = id(connection, ("types", "name"), kind);
        let source = format!(r#"{{"sourceRevision":{{"source":{{"bundleIdentifier":"{app}"}}}}}}"#);
        let source = id(connection, ("sources", "json"), &source);
        let (start_ms, end_ms) = (day * DAY_MS + hour * HOUR_MS, day * DAY_MS + (hour + 1) * HOUR_MS);
        let uuid = (i128::from(source) << 64 | i128::from(start_ms)).to_be_bytes();
        let given = params![kind, start_ms, end_ms, uuid, value, source];
        for sql in [
            "INSERT INTO samples (person_id, type_id, start_ms, end_ms, uuid, value, source_id) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)",
            "INSERT OR IGNORE INTO sample_origins (person_id, type_id, is_derived, unit_id) SELECT 1, ?1, 0, 0 WHERE ?2 + ?3 + ?4 + ?5 + ?6",
            "INSERT INTO changes (person_id, kind, type_id, from_ms, to_ms, removed) SELECT 1, 'samples', ?1, ?2, ?3, ?4 + ?5 + ?6 < 0",
        ] {
            connection.execute(sql, given).unwrap();
        }
    }

    /// Another person's days may be what a damaged table, or a fault of the program, cannot hold.
    #[test]
    fn a_person_whose_figures_fail_keeps_nobody_waiting() {
        let (folder, store, _) = opened();
        let (database, writer) = (Database::new(folder.path().join("health.db")), &store.connection);
        writer.execute_batch("INSERT INTO persons (id, name) VALUES (2, 'two'), (3, 'three')").unwrap();
        add(writer, STEPS, "com.example.one", (5, 8), 1.0);
        writer
            .execute_batch(
                "CREATE TRIGGER faulty BEFORE INSERT ON days WHEN new.person_id < 3 BEGIN SELECT RAISE(ABORT, 'faulty'); END;
                 INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value, source_id)
                   SELECT p.id, s.type_id, s.start_ms, s.uuid, s.end_ms, s.value, s.source_id FROM samples s JOIN persons p ON p.id > 1;
                 INSERT INTO sample_origins SELECT p.id, type_id, is_derived, unit_id FROM sample_origins JOIN persons p ON p.id > 1;
                 INSERT INTO changes (person_id, kind, type_id, from_ms, to_ms, removed)
                   SELECT p.id, kind, type_id, from_ms, to_ms, removed FROM changes JOIN persons p ON p.id > 1",
            )
            .unwrap();
        let people = || -> String {
            let sql = "SELECT coalesce(group_concat(person_id), '') FROM (SELECT person_id FROM steps_per_day d
                JOIN (SELECT id AS person_id, name FROM persons) p ON p.name = d.person ORDER BY 1)";
            writer.query_row(sql, [], |row| row.get(0)).unwrap()
        };
        let stands = || [1, 2, 3].map(|person| standing(writer, person).unwrap() == Standing::Current);
        let mut reader = Reader::default();
        let mut run = |number: i64| {
            let mut store = |chunk: Chunk| {
                writer.execute_batch("BEGIN").unwrap();
                let applied = apply(Supplied::whole(writer), &chunk);
                writer.execute_batch(if applied.is_ok() { "COMMIT" } else { "ROLLBACK" }).unwrap();
                applied.map_err(|error| Halt::Write(store_error(&error)))
            };
            derive((&database, &mut reader), &Wishes::default(), number, &mut store, &|| false)
        };
        let Derived::Failed(Failure { person: 1, error, people: 2 }) = run(7) else { panic!("it must fail") };
        assert!(error.message().contains("faulty"), "{error}");
        assert_eq!((people().as_str(), stands()), ("3", [false, false, true]));
        // They rest, and other programs and later runs try again.
        assert!(matches!(run(8), Derived::Current));
        writer.execute_batch("DROP TRIGGER faulty").unwrap();
        reader = Reader::default();
        let mut store = |chunk: Chunk| Ok(apply(Supplied::whole(writer), &chunk)?);
        let derived = derive((&database, &mut reader), &Wishes::default(), 9, &mut store, &|| false);
        assert!(matches!(derived, Derived::Current), "{derived:?}");
        assert_eq!((people().as_str(), stands()), ("1,2,3", [true; 3]));
    }

    /// A new database, with a connection that writes and one that reads.
    fn opened() -> (tempfile::TempDir, Store, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        let store = Store::open(&database).unwrap();
        let reader = open(&database).unwrap();
        (folder, store, reader)
    }

    /// A run that ends. `meanwhile` is called with the number of each part before it is sent.
    fn run(reader: &Connection, writer: &Connection, meanwhile: impl Fn(u32)) {
        let parts = Cell::new(0);
        let mut store = |chunk: Chunk| Ok(apply(Supplied::whole(writer), &chunk)?);
        let count = || {
            parts.set(parts.get() + 1);
            meanwhile(parts.get());
            false
        };
        derive_supplied(Supplied::whole(reader), &Wishes::default(), 7, &mut store, &count).unwrap();
    }

    /// Which of two apps counts depends on when each began, and a run reads each type in another state of the database.
    #[test]
    fn rows_that_come_during_a_run_change_the_order_of_sources_for_all_types() {
        let (_folder, store, reader) = opened();
        let writer = &store.connection;
        let steps = || -> f64 {
            let sql = "SELECT value FROM steps_per_day WHERE day = '1970-01-21'";
            writer.query_row(sql, [], |row| row.get(0)).unwrap()
        };
        add(writer, STEPS, "com.example.two", (5, 8), 1.0);
        add(writer, STEPS, "com.example.one", (10, 8), 1.0);
        add(writer, STEPS, "com.example.one", (20, 8), 100.0);
        add(writer, STEPS, "com.example.two", (20, 8), 7.0);
        run(&reader, writer, |_| {});
        assert_eq!(steps(), 100.0, "the app that began last counts");
        add(writer, STEPS, "com.example.two", (20, 12), 1000.0);
        add(writer, ENERGY, "com.example.three", (2, 8), 1.0);
        run(&reader, writer, |part| {
            // The steps are read, the energy is not.
            if part == 2 {
                add(writer, ENERGY, "com.example.one", (2, 12), 1.0);
            }
        });
        run(&reader, writer, |_| {});
        let found = steps();
        writer.execute_batch("DELETE FROM derived_state; DELETE FROM days; DELETE FROM source_groups").unwrap();
        run(&reader, writer, |_| {});
        assert_eq!((found, steps()), (1007.0, 1007.0), "the other app began last");
    }

    /// An app begins with its first sample, whether the phone still has that or not.
    #[test]
    fn a_source_begins_with_a_missing_sample_also_from_nothing() {
        let (_folder, store, reader) = opened();
        let writer = &store.connection;
        for hour in 0..600 {
            add(writer, STEPS, "com.example.three", (-30, hour), 1.0);
        }
        for day in [3, 6, 10, 20] {
            add(writer, STEPS, "com.example.one", (day, 8), 100.0);
        }
        for day in [5, 20] {
            add(writer, STEPS, "com.example.two", (day, 8), 7.0);
        }
        let steps = || -> Option<f64> {
            writer.query_row("SELECT value FROM steps_per_day WHERE day = '1970-01-21'", [], |row| row.get(0)).unwrap()
        };
        run(&reader, writer, |_| {});
        writer
            .execute_batch(
                "INSERT INTO missing_samples (person_id, type_id, start_ms, uuid, missing_since_ms)
                   SELECT person_id, type_id, start_ms, uuid, 0 FROM samples WHERE value = 100 AND start_ms < 8 * 86400000;
                 INSERT INTO changes (person_id, kind, type_id, from_ms, to_ms, removed)
                   SELECT person_id, 'samples', type_id, start_ms, end_ms, 1 FROM samples WHERE value = 100 AND start_ms < 8 * 86400000",
            )
            .unwrap();
        run(&reader, writer, |_| {});
        assert_eq!(steps(), Some(7.0), "the app that began last counts");
        writer.execute_batch("DELETE FROM derived_state; DELETE FROM days; DELETE FROM source_groups").unwrap();
        run(&reader, writer, |_| {});
        assert_eq!(steps(), Some(7.0));
    }
}
