//! The schema and its versions. A new database is made at the newest one; an older database is brought there step by step, all in
//! one transaction. A test compares both. Views belong to no version: see `views`. What
//! was dropped of the figures is made again: see `figures`.

mod figures;
mod views;

use rusqlite::{Connection, TransactionBehavior};

use super::database::Database;
use super::failure::open_error;
use super::header::APPLICATION_ID;
use super::version::{VERSION, known_version};
use crate::model::error::Result;

pub(super) use views::all as views;

/// SQL that is run from the first to the last.
type Sql = &'static [&'static str];

/// The SQL of all versions; `user_version` has a database's.
struct Versions {
    /// Each brings a database from one version to the next, beginning with version 1.
    steps: &'static [Sql],
    /// Makes the newest version at once.
    newest: Sql,
}

/// When `names.sql` changes, a step and its undoing change the rows of databases.
const VERSIONS: Versions = Versions {
    steps: &[
        &[include_str!("step2.sql"), include_str!("step2_workouts.sql"), include_str!("step2_figures.sql")],
        &[include_str!("step3.sql")],
        &[include_str!("step4.sql")],
        &[include_str!("step5.sql")],
        &[include_str!("step6.sql")],
        &[include_str!("step7.sql")],
        &[include_str!("step8.sql")],
    ],
    newest: &[include_str!("tables.sql"), include_str!("names.sql")],
};

/// Each makes a version of empty tables from the next one, beginning with version 1. So today's tables are written down once.
const UNDOING: [Sql; VERSION as usize - 1] = [
    &[include_str!("step2_undo.sql")],
    &[include_str!("step3_undo.sql")],
    &[include_str!("step4_undo.sql")],
    &[include_str!("step5_undo.sql")],
    &[include_str!("step6_undo.sql")],
    &[include_str!("step7_undo.sql")],
    &[include_str!("step8_undo.sql")],
];

const _: () = assert!(VERSIONS.steps.len() == UNDOING.len(), "each version has its step");

/// Makes the schema of a new database, or takes the missing steps, then makes the views. Calls `before_first_step` with the new version if the
/// database is already in use: no program writes meanwhile, since the steps' transaction is open.
pub(super) fn migrate(
    connection: &mut Connection,
    database: &Database,
    before_first_step: impl FnOnce(u32) -> Result<()>,
) -> Result<()> {
    if VERSIONS.bring(connection, database, before_first_step)? {
        return Ok(());
    }
    figures::bring(connection).and_then(|()| views::bring(connection)).map_err(|error| open_error(database, &error))
}

/// Makes the newest tables and the views in an empty database that nobody else uses.
#[cfg(feature = "postgres")]
pub(super) fn fill(connection: &Connection) -> rusqlite::Result<()> {
    fill_without_views(connection)?;
    views::make_outdated(connection)
}

/// Makes the newest tables in an empty database that nobody else uses.
#[cfg(feature = "postgres")]
pub(super) fn fill_without_views(connection: &Connection) -> rusqlite::Result<()> {
    run(connection, VERSIONS.newest)
}

/// Makes the tables of a version in memory, to compare a database with them.
pub(super) fn in_memory(version: u32) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    if version > 0 {
        run(&connection, VERSIONS.newest)?;
        UNDOING.iter().skip(version as usize - 1).rev().try_for_each(|sql| run(&connection, sql))?;
    }
    Ok(connection)
}

/// Makes the newest tables as an old database gets them.
#[cfg(test)]
pub(super) fn migrated_in_memory() -> Connection {
    let connection = in_memory(1).unwrap();
    VERSIONS.steps.iter().for_each(|step| run(&connection, step).unwrap());
    connection
}

impl Versions {
    /// Returns whether a database was brought to the newest version, with its views.
    fn bring(
        &self,
        connection: &mut Connection,
        database: &Database,
        before_first_step: impl FnOnce(u32) -> Result<()>,
    ) -> Result<bool> {
        let fail = |error| open_error(database, &error);
        let wanted = u32::try_from(self.steps.len() + 1).unwrap_or(u32::MAX);
        if known_version(connection, database, wanted)? == wanted {
            return Ok(false);
        }
        // Another process may be doing the same, so the version is read again once only this one may write.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let present = known_version(&transaction, database, wanted)?;
        if present == 0 {
            run(&transaction, self.newest).map_err(fail)?;
        } else if present < wanted {
            before_first_step(wanted)?;
            views::drop_all(&transaction).map_err(fail)?;
            let mut steps = self.steps.iter().skip(present as usize - 1);
            steps.try_for_each(|step| run(&transaction, step)).map_err(fail)?;
        }
        views::make_outdated(&transaction).map_err(fail)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(fail)?;
        transaction.pragma_update(None, "user_version", wanted).map_err(fail)?;
        transaction.commit().map_err(fail)?;
        Ok(true)
    }
}

fn run(connection: &Connection, sql: Sql) -> rusqlite::Result<()> {
    // Without this a RENAME reads every view and trigger again, and fails if one names a table that is being replaced.
    connection.pragma_update(None, "legacy_alter_table", true)?;
    sql.iter().try_for_each(|sql| connection.execute_batch(sql))?;
    connection.pragma_update(None, "legacy_alter_table", false)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::healthkit;
    use crate::store::version;

    fn unexpected(version: u32) -> Result<()> {
        panic!("a new database is backed up before version {version}");
    }

    #[test]
    fn a_new_database_gets_every_table_and_view_works() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &Database::new("test"), unexpected).unwrap();
        migrate(&mut connection, &Database::new("test"), unexpected).unwrap();
        let mut views = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'view'").unwrap();
        let views: Vec<String> = views.query_map([], |row| row.get(0)).unwrap().map(|name| name.unwrap()).collect();
        assert_eq!(views.len(), super::views().count());
        // Each is stored as it is written here, so it is made only once.
        for view in super::views() {
            let is_same = "SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = ?1 AND sql = ?2";
            assert!(connection.prepare(is_same).unwrap().exists([view.name, view.sql]).unwrap(), "{}", view.name);
        }
        for view in views {
            let rows: i64 =
                connection.query_row(&format!("SELECT count(*) FROM {view}"), [], |row| row.get(0)).unwrap();
            assert_eq!(rows, 0, "{view}");
        }
    }

    #[test]
    fn names_are_those_of_healthkit() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &Database::new("test"), unexpected).unwrap();
        let mut values = connection.prepare("SELECT type, value, name FROM category_values ORDER BY 1, 2").unwrap();
        let values = values.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let values: Vec<(String, u8, String)> = values.map(|value| value.unwrap()).collect();
        assert_eq!(values, healthkit::category_value_names().collect::<Vec<_>>());
        let mut activities = connection.prepare("SELECT value, name FROM workout_activity_types ORDER BY 1").unwrap();
        let activities = activities.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let activities: Vec<(u16, String)> = activities.map(|activity| activity.unwrap()).collect();
        assert_eq!(activities, healthkit::activity_names().collect::<Vec<_>>());
    }

    #[test]
    fn foreign_and_later_databases_are_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE notes (text)").unwrap();
        let error = migrate(&mut connection, &Database::new("notes.db"), unexpected).unwrap_err();
        assert!(error.to_string().contains("another program"), "{error}");

        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &Database::new("test"), unexpected).unwrap();
        connection.pragma_update(None, "user_version", VERSION + 1).unwrap();
        let error = migrate(&mut connection, &Database::new("health.db"), unexpected).unwrap_err();
        assert!(error.to_string().contains("later version"), "{error}");
    }

    /// A step of a later version, and one that fails.
    const LATER: Versions = Versions {
        steps: &[
            VERSIONS.steps[0],
            VERSIONS.steps[1],
            VERSIONS.steps[2],
            VERSIONS.steps[3],
            VERSIONS.steps[4],
            VERSIONS.steps[5],
            VERSIONS.steps[6],
            &["ALTER TABLE workouts ADD COLUMN mood TEXT"],
        ],
        ..VERSIONS
    };
    const FAILING: Versions = Versions {
        steps: &[
            VERSIONS.steps[0],
            VERSIONS.steps[1],
            VERSIONS.steps[2],
            VERSIONS.steps[3],
            VERSIONS.steps[4],
            VERSIONS.steps[5],
            VERSIONS.steps[6],
            &["CREATE TABLE moods (text)", "CREATE TABLE samples (text)"],
        ],
        ..VERSIONS
    };

    /// A database of version 1, with an old view and one of its owner.
    fn first() -> Connection {
        let connection = in_memory(1).unwrap();
        connection
            .execute_batch(
                "CREATE VIEW route_details AS SELECT ordinal FROM route_points; CREATE VIEW mine AS SELECT * FROM samples",
            )
            .unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        connection
    }

    #[test]
    fn a_database_in_use_is_backed_up_before_it_is_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health.db");
        let backup = folder.path().join(format!("health.db.before-v{}.db", VERSION + 1));
        let open = |path: &Path| {
            let connection = Connection::open(path).unwrap();
            connection.pragma_update(None, "journal_mode", "WAL").unwrap();
            connection
        };
        let version_of = |connection: &Connection| -> u32 {
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
        };
        let mut connection = open(&path);
        let database = Database::new(&path);
        migrate(&mut connection, &database, unexpected).unwrap();
        assert!(!backup.exists(), "a new database needs no backup");
        connection.execute_batch("INSERT INTO persons (name) VALUES ('anna')").unwrap();

        // A failed step is undone, and can be tried again.
        let error = FAILING
            .bring(&mut connection, &database, |version| database.back_up_before_migration(version))
            .unwrap_err();
        assert!(error.to_string().contains("samples"), "{error}");
        assert_eq!(version_of(&connection), VERSION);
        assert!(connection.prepare("SELECT * FROM moods").is_err());

        LATER.bring(&mut connection, &database, |version| database.back_up_before_migration(version)).unwrap();
        assert_eq!(version_of(&connection), VERSION + 1);
        connection.prepare("SELECT mood FROM workouts").unwrap();
        let before = open(&backup);
        assert_eq!(version::check(&before, &Database::new(&backup)).unwrap(), VERSION);
        let names: i64 =
            before.query_row("SELECT count(*) FROM persons WHERE name = 'anna'", [], |row| row.get(0)).unwrap();
        assert_eq!(names, 1);
        assert!(before.prepare("SELECT mood FROM workouts").is_err());
    }

    #[test]
    fn without_a_backup_nothing_is_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health.db");
        let mut connection = Connection::open(&path).unwrap();
        let database = Database::new(&path);
        migrate(&mut connection, &database, unexpected).unwrap();
        // Something that cannot be replaced has the backup's name.
        std::fs::create_dir(folder.path().join(format!("health.db.before-v{}.db", VERSION + 1))).unwrap();
        let error =
            LATER.bring(&mut connection, &database, |version| database.back_up_before_migration(version)).unwrap_err();
        assert!(error.to_string().contains("cannot be backed up before"), "{error}");
        assert_eq!(version::check(&connection, &database).unwrap(), VERSION);
    }

    /// Tokens of earlier versions stay as they are. They do not expire, and send only.
    #[test]
    fn tokens_of_earlier_versions_stay_as_they_are() {
        for version in [2, 4] {
            let mut connection = in_memory(version).unwrap();
            let tokens = "INSERT INTO tokens (person_id, label, digest, created_ms, last_used_ms, revoked_ms) VALUES
              (1, 'phone', zeroblob(32), 1, 2, NULL), (1, NULL, randomblob(32), 3, NULL, 4)";
            connection.execute_batch(tokens).unwrap();
            connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
            connection.pragma_update(None, "user_version", version).unwrap();
            let values = |connection: &Connection| {
                let sql = "SELECT concat_ws('|', id, person_id, label, hex(digest), created_ms, last_used_ms, revoked_ms) FROM tokens";
                let mut select = connection.prepare(sql).unwrap();
                let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
                rows.map(Result::unwrap).collect::<Vec<_>>()
            };
            let before = values(&connection);
            migrate(&mut connection, &Database::new("test"), |_| Ok(())).unwrap();
            assert_eq!((values(&connection), before.len()), (before, 2));
            let more =
                "SELECT count(*) FROM tokens WHERE expires_ms IS NOT NULL OR scope <> 'send' OR all_people <> FALSE";
            assert_eq!(connection.query_row(more, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        }
    }

    /// A database as version 1 has written it. It has a sample of the app with details of an export, a derived one, one with short
    /// texts, two with long ones, and a workout that is kept under another identity.
    const VERSION_1: &str = "
        INSERT INTO persons (name) VALUES ('anna');
        INSERT INTO types (name) VALUES ('HKQuantityTypeIdentifierHeartRate');
        INSERT INTO units (name) VALUES ('count/min');
        INSERT INTO sources (json) VALUES ('{\"sourceRevision\":{\"source\":{\"name\":\"Watch\"}}}');
        INSERT INTO shared_metadata (json) VALUES ('{\"a\":1}');
        INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value, unit_id, source_id, metadata_id, metadata, other, creation_ms) VALUES
          (1, 1, 1000, x'10000000000040008000000000000001', 1500, 60.5, 1, 1, 1, NULL, NULL, 5000),
          (1, 1, 1000, x'68735250be9a8259856e7250c526bc83', 1000, 61, 1, 1, NULL, '{\"b\":2}', '{\"c\":3}', 6000),
          (1, 1, 2000, x'10000000000040008000000000000002', 2000, 62, 1, 1, 1, NULL, '{\"d\":\"' || hex(zeroblob(3000)) || '\"}', NULL),
          (1, 1, 2000, x'10000000000040008000000000000003', 2000, 63, 1, 1, NULL, '{\"e\":\"' || hex(zeroblob(3000)) || '\"}', NULL, NULL),
          (2, 1, 2000, x'10000000000040008000000000000004', 2000, NULL, NULL, NULL, NULL, '{\"f\":5}', '{\"g\":\"' || hex(zeroblob(3000)) || '\"}', NULL);
        INSERT INTO merged_samples VALUES (1, 1, 1000, x'10000000000040008000000000000001', '{\"h\":6}', '{\"i\":7}');
        INSERT INTO sample_origins VALUES (1, 1, FALSE, 0), (1, 1, TRUE, 1), (2, 1, FALSE, 0);
        INSERT INTO workouts (person_id, uuid, start_ms, end_ms, activity_type) VALUES (1, x'10000000000040008000000000000005', 1, 2, 37);
        INSERT INTO workout_aliases VALUES (1, x'68735250be9a8259856e7250c526bc84', x'10000000000040008000000000000005', 1.5, 2.5, 3.5,
          'km', '{\"j\":8}', '[]', '[1]', '{\"k\":9}', 1, '{\"l\":10}');
        INSERT INTO route_points VALUES (1, x'68735250be9a8259856e7250c526bc84', 1, 47.5, 8.5, 0, 1, 2, 3, 4, 5, '{\"m\":11}'),
          (1, x'68735250be9a8259856e7250c526bc84', 2, 47.5, 8.5, 0, 1, 2, 3, 4, 5, '{\"n\":\"' || hex(zeroblob(3000)) || '\"}');
        INSERT INTO correlations (person_id, type, start_ms, uuid, end_ms, members) VALUES
          (1, 'Food', 1, x'68735250be9a8259856e7250c526bc85', 2, '[]');";

    /// Texts of samples and of locations, as version 1 has them.
    const TEXTS_1: [&str; 2] = [
        "SELECT concat_ws('|', hex(uuid), coalesce(m.json, metadata), other) FROM samples s LEFT JOIN shared_metadata m ON m.id = s.metadata_id",
        "SELECT other FROM route_points",
    ];

    /// The same texts, as version 2 has them.
    const TEXTS_2: [&str; 2] = [
        "SELECT concat_ws('|', replace(uuid, '-', ''), metadata, other) FROM sample_details",
        "SELECT iif(l.id IS NULL, p.other, l.other) FROM route_points p LEFT JOIN long_texts l ON l.id = CAST(p.other AS INTEGER)",
    ];

    /// Every other value that version 1 has, as both versions read it.
    const VALUES: [&str; 5] = [
        "SELECT concat_ws('|', person_id, type_id, start_ms, hex(uuid), end_ms, value, unit_id, source_id, metadata_id, creation_ms) FROM samples",
        "SELECT concat_ws('|', person_id, type_id, start_ms, hex(uuid), metadata, other) FROM merged_samples",
        "SELECT concat_ws('|', person_id, hex(derived), hex(uuid), duration_s, energy_kcal, distance, distance_unit, statistics, events,
           activities, metadata, source_id, other) FROM workout_aliases",
        "SELECT concat_ws('|', person_id, hex(workout), route, time_ms, latitude, longitude, altitude_m, speed_m_s, course_deg,
           horizontal_accuracy_m, vertical_accuracy_m) FROM route_points",
        "SELECT concat_ws('|', person_id, type, start_ms, hex(uuid), end_ms, members) FROM correlations",
    ];

    fn values(connection: &Connection, texts: [&'static str; 2]) -> Vec<String> {
        let mut values = Vec::new();
        for sql in VALUES.into_iter().chain(texts) {
            let mut select = connection.prepare(sql).unwrap();
            let mut rows: Vec<String> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            rows.sort();
            values.extend(rows);
        }
        values
    }

    #[test]
    fn version_2_keeps_every_value_and_moves_long_texts() {
        let mut connection = first();
        connection.execute_batch(VERSION_1).unwrap();
        let before = values(&connection, TEXTS_1);
        migrate(&mut connection, &Database::new("test"), |_| Ok(())).unwrap();
        assert_eq!(values(&connection, TEXTS_2), before);
        connection.prepare("SELECT * FROM mine").unwrap();
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM long_texts"), 4);
        assert_eq!(count("SELECT count(*) FROM samples WHERE CAST(other AS INTEGER) > 0"), 3);
        assert_eq!(count("SELECT max(octet_length(concat(metadata, other))) FROM samples"), 14);
        assert_eq!(count("SELECT count(*) FROM route_points WHERE CAST(other AS INTEGER) > 0"), 1);
        let mut check = connection.prepare("PRAGMA foreign_key_check").unwrap();
        assert!(!check.exists([]).unwrap());
        // A text is deleted with its row.
        connection.execute_batch("DELETE FROM samples WHERE person_id = 2").unwrap();
        connection.execute_batch("UPDATE samples SET other = NULL WHERE value = 62").unwrap();
        connection.execute_batch("DELETE FROM route_points").unwrap();
        assert_eq!(count("SELECT count(*) FROM long_texts"), 1);
    }

    #[test]
    fn version_2_keeps_figures_and_medications() {
        let mut connection = first();
        connection
            .execute_batch(
                "INSERT INTO aggregates VALUES (1, 'm', 7, '', 's', 8, 'u', 1, 2, 3, 4, '{}'), (1, 'm', 7, '#2', 's', NULL, NULL, 5, 6, 7, 8, NULL),
                   (1, 'm', 7, 'Core#13', '', NULL, NULL, 9, NULL, NULL, NULL, NULL), (1, 'm', 7, 'a#b', '', NULL, NULL, 10, NULL, NULL, NULL, NULL);
                 INSERT INTO medications VALUES (1, 'd', 'f', NULL, NULL, 1, '{}'), (1, 'd', '', 'n', 0, NULL, NULL);",
            )
            .unwrap();
        migrate(&mut connection, &Database::new("test"), |_| Ok(())).unwrap();
        let rows = |sql: &str| {
            let mut select = connection.prepare(sql).unwrap();
            let rows = select.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect::<Vec<String>>()
        };
        let figures = rows(
            "SELECT concat_ws('|', label, source, number, interval, end_ms, unit, value, minimum, average, maximum, other)
             FROM aggregates ORDER BY value",
        );
        let expected = [
            "|s|0|unknown|8|u|1.0|2.0|3.0|4.0|{}",
            "|s|2|unknown|5.0|6.0|7.0|8.0",
            "Core||13|unknown|9.0",
            "a#b||0|unknown|10.0",
        ];
        assert_eq!(figures, expected);
        let medications =
            "SELECT concat_ws('|', display_text, general_form, nickname, is_archived, has_schedule, other)
             FROM medications ORDER BY general_form";
        assert_eq!(rows(medications), ["d||n|0", "d|f|1|{}"]);
    }

    /// A database of version 2, with an owner's rows.
    fn second() -> Connection {
        let connection = in_memory(2).unwrap();
        connection
            .execute_batch(
                "INSERT INTO persons (name) VALUES ('anna');
                 INSERT INTO types (name) VALUES ('HKQuantityTypeIdentifierStepCount');
                 INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value) VALUES
                   (2, 1, 1000, x'10000000000040008000000000000001', 1500, 60.5);
                 INSERT INTO workouts (person_id, uuid, start_ms) VALUES (2, x'10000000000040008000000000000005', 1);",
            )
            .unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 2).unwrap();
        connection
    }

    #[test]
    fn version_3_keeps_every_row_and_notes_all_of_them_as_changed() {
        let mut connection = second();
        let rows = |connection: &Connection| {
            let sql = "SELECT concat_ws('|', s.person_id, s.start_ms, s.end_ms, s.value, w.start_ms) FROM samples s JOIN workouts w";
            connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap()
        };
        let before = rows(&connection);
        migrate(&mut connection, &Database::new("test"), |_| Ok(())).unwrap();
        assert_eq!(rows(&connection), before);
        let noted =
            "SELECT group_concat(concat_ws('|', number, person_id, kind, type_id, from_ms, removed), ' ') FROM changes";
        let noted: String = connection.query_row(noted, [], |row| row.get(0)).unwrap();
        assert_eq!(noted, "1|1|samples|0 2|2|samples|0");
        let derived: i64 = connection.query_row("SELECT count(*) FROM derived_state", [], |row| row.get(0)).unwrap();
        assert_eq!(derived, 0);
    }
}
