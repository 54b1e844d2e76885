//! `healthsink migrate`, and what commands say of databases that it has not made.

use std::thread;

use super::cluster::{Store, empty_store, store};
use crate::program::{Program, command, run};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn several_commands_make_the_tables_once() {
    let Some(store) = empty_store() else { return };
    let refused = store.run(&["token", "list"]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("healthsink migrate --store"), "{said}");
    let made: Vec<String> = thread::scope(|scope| {
        let commands: Vec<_> = (0..3).map(|_| scope.spawn(|| store.run(&["migrate"]))).collect();
        commands.into_iter().map(|command| text(&command.join().unwrap().stdout)).collect()
    });
    assert_eq!(made.iter().filter(|said| said.contains("has the tables of version 3 now")).count(), 1, "{made:?}");
    assert_eq!(made.iter().filter(|said| said.contains("has version 3 already")).count(), 2, "{made:?}");
    assert_eq!(store.sql("SELECT id, name FROM persons"), "1|me");
}

/// Indexes, columns and constraints of all tables, and sequences.
fn structure(store: &Store) -> String {
    store.sql(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
         UNION ALL SELECT concat_ws(' ', table_name, column_name, data_type, collation_name, is_nullable, column_default)
           FROM information_schema.columns WHERE table_schema = 'public'
         UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
           WHERE connamespace = 'public'::regnamespace
         UNION ALL SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1",
    )
}

#[test]
fn an_older_schema_becomes_a_new_one() {
    let Some(store) = store() else { return };
    let new = structure(&store);
    store.sql("DROP TABLE followers; DROP INDEX uploads_id, changes_number, source_groups_id");
    for (table, column) in [
        ("activity_summaries", "day"),
        ("days", "day"),
        ("nights", "night"),
        ("night_segments", "night"),
        ("workout_days", "day"),
        ("dose_days", "day"),
    ] {
        store.sql(&format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE \"default\""));
    }
    // With rows that refer to texts.
    store.sql(
        "DROP TABLE person_sources, person_metadata; DROP SEQUENCE erasures; ALTER TABLE source_groups DROP COLUMN sources;
         ALTER TABLE tokens DROP COLUMN bytes_per_day, DROP COLUMN rejects_per_day, DROP COLUMN used_day, DROP COLUMN used_bytes,
           DROP COLUMN used_rejects;
         INSERT INTO sources (id, json) VALUES (7, '{}'), (8, '{}'); INSERT INTO shared_metadata (id, json) VALUES (9, '{}');
         INSERT INTO samples (person_id, type_id, start_at, uuid, source_id, metadata_id)
           SELECT 1, 1, now(), gen_random_uuid(), 7, 9 FROM generate_series(1, 3);
         INSERT INTO beat_lists (person_id, start_at, hash, source_id, beats, arrival) VALUES (1, now(), '', 8, '', 1);
         UPDATE healthsink_version SET version = 1",
    );
    assert_ne!(structure(&store), new);
    let said = text(&store.run(&["serve", "--listen", "127.0.0.1:0"]).stderr);
    assert!(said.contains("version 1") && said.contains("healthsink migrate"), "{said}");
    let migrated = text(&store.run(&["migrate"]).stdout);
    assert!(migrated.contains("from version 1 to 3"), "{migrated}");
    assert_eq!(structure(&store), new);
    assert_eq!(store.sql("SELECT source_id FROM person_sources ORDER BY 1"), "7\n8");
    assert_eq!(store.sql("SELECT metadata_id FROM person_metadata"), "9");
}

#[test]
fn a_receiver_refuses_another_version_and_says_what_to_do() {
    let Some(store) = store() else { return };
    store.sql("UPDATE healthsink_version SET version = 7");
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let said = text(&store.run(&serve).stderr);
    assert!(said.contains("version 7") && said.contains("use the later program"), "{said}");
    store.sql("UPDATE healthsink_version SET version = 0");
    let said = text(&store.run(&serve).stderr);
    assert!(said.contains("version 0") && said.contains("no version of healthsink has made"), "{said}");
    let refused = store.run(&["migrate"]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("use another database"), "{refused:?}");
    assert_eq!(store.sql("SELECT version FROM healthsink_version"), "0");
}

#[test]
fn tokens_are_in_the_database_and_a_password_is_nowhere() {
    let Some(store) = store() else { return };
    let made = store.run(&["token", "new", "--person", "anna", "--label", "phone"]);
    let token = text(&made.stdout).trim().to_owned();
    assert!(token.starts_with("hs_"), "{made:?}");
    assert_eq!(
        store.sql("SELECT p.name, t.label, t.scope FROM tokens t JOIN persons p ON p.id = t.person_id"),
        "anna|phone|send"
    );
    let listed = text(&store.run(&["token", "list", "--json"]).stdout);
    assert!(listed.contains(r#""person":"anna","label":"phone""#), "{listed}");
    assert!(!text(&store.run(&["token", "revoke", "99"]).stderr).is_empty());
    let revoked = text(&store.run(&["token", "revoke", "1"]).stdout);
    assert!(revoked.contains("token 1 is revoked"), "{revoked}");
    let with_password = store.address().replace("health@", "health:secret@");
    let refused = run(&["token", "list", "--store", &with_password]);
    let said = text(&refused.stderr) + &text(&refused.stdout);
    assert!(!refused.status.success() && !said.contains("secret"), "{said}");
    let help = crate::program::run_with_input(
        command().env("HEALTHSINK_STORE", &with_password).args(["serve", "--help"]),
        b"",
    );
    assert!(!text(&help.stdout).contains("secret"));
}

#[test]
fn a_revoked_token_is_refused_by_a_running_receiver() {
    let Some(store) = store() else { return };
    let token = text(&store.run(&["token", "new"]).stdout).trim().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let mut serve = command();
    serve.current_dir(folder.path()).args(["serve", "--listen", "127.0.0.1:0", "--store", &store.address()]);
    let program = Program::start(&mut serve);
    let post = || {
        let authorization = format!("Bearer {token}");
        let mut client = healthsink_testkit::http::Client::connect(program.address);
        client.post(&[("Authorization", &authorization)], br#"{"data":{}}"#).status
    };
    assert_eq!(post(), 200);
    assert!(text(&store.run(&["token", "revoke", "1"]).stdout).contains("is revoked"));
    assert_eq!(post(), 401);
    assert_eq!(store.sql("SELECT last_used_at IS NOT NULL FROM tokens"), "t");
    // The database is the only state.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
