//! Derived tables after any operations are those that are made from nothing.

use rusqlite::{Connection, params};

use super::apply::apply;
use super::chunk::Chunk;
use super::run::{Wishes, derive_supplied};
use crate::model::limits::SOURCE_GROUPS_KEPT_MAX;
use crate::model::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::store::supplied::Supplied;
use crate::store::tables::{Content, TableName};
use crate::store::{Database, Store};

const KINDS: [&str; 4] = [
    "HKQuantityTypeIdentifierStepCount",
    "HKQuantityTypeIdentifierHeartRate",
    "HKCategoryTypeIdentifierSleepAnalysis",
    "HKQuantityTypeIdentifierOfTomorrow",
];

/// Name, bundle and product. Some are of one group, under other names and with other classes.
const SOURCES: [[&str; 3]; 9] = [
    ["Anna’s Watch", "com.apple.health.A", "Watch7,1"],
    ["Wrist", "com.apple.health.A", "Watch7,2"],
    ["Phone", "com.apple.health.B", ""],
    ["Phone", "com.apple.health.B", "iPhone17,1"],
    ["App", "com.example.app", ""],
    ["An App", "com.example.app", ""],
    ["Health", "", ""],
    ["Anna’s Apple Watch", "", "Watch7,1"],
    ["Ring", "", ""],
];

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % end
    }

    fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(i64::try_from(length).unwrap())).unwrap()
    }
}

/// A stored sample.
#[derive(Clone, Copy, Debug)]
struct Known {
    kind: i64,
    start_ms: i64,
    number: i64,
}

/// A database under operations.
struct World {
    folder: tempfile::TempDir,
    store: Store,
    numbers: Numbers,
    known: Vec<Known>,
    number: i64,
}

impl World {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::new(folder.path().join("health.db"))).unwrap();
        let connection = &store.connection;
        for (id, kind) in (1..).zip(KINDS) {
            connection.execute("INSERT INTO types (id, name) VALUES (?1, ?2)", params![id, kind]).unwrap();
            connection.execute("INSERT INTO sample_origins VALUES (1, ?1, 0, 0)", [id]).unwrap();
        }
        for [name, bundle, product] in SOURCES {
            let bundle = if bundle.is_empty() { String::new() } else { format!(r#","bundleIdentifier":"{bundle}""#) };
            let json =
                format!(r#"{{"sourceRevision":{{"source":{{"name":"{name}"{bundle}}},"productType":"{product}"}}}}"#);
            connection.execute("INSERT INTO sources (json) VALUES (?1)", [json]).unwrap();
        }
        Self { folder, store, numbers: Numbers(seed), known: Vec::new(), number: 0 }
    }

    /// Notes what an operation has changed, as the writer does.
    fn note(&self, kind: i64, (from_ms, to_ms): (i64, i64), is_removed: bool) {
        let sql = "INSERT INTO changes (person_id, kind, type_id, from_ms, to_ms, removed) VALUES (1, 'samples', ?1, ?2, ?3, ?4)";
        self.store.connection.execute(sql, params![kind, from_ms, to_ms, is_removed]).unwrap();
    }

    fn add(&mut self) {
        let kind = 1 + self.numbers.below(4);
        // Few instants, so that samples of several sources and types share them. Sources come in turn, and go.
        let start_ms = self.numbers.below(12) * DAY_MS / 2 + self.numbers.below(3) * HOUR_MS;
        let end_ms = start_ms + self.numbers.below(4) * 20 * MINUTE_MS;
        let value = if kind == 3 { self.numbers.below(6) as f64 } else { 1.0 + self.numbers.below(90) as f64 };
        self.number += 1;
        let known = Known { kind, start_ms, number: self.number };
        let source = self.source();
        let metadata = self.metadata();
        let sql = "INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value, source_id, metadata)
            VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let given = params![kind, start_ms, uuid(known), end_ms, value, source, metadata];
        self.store.connection.execute(sql, given).unwrap();
        self.note(kind, (start_ms, end_ms), false);
        self.known.push(known);
    }

    fn source(&mut self) -> Option<i64> {
        let source = self.numbers.below(10);
        (source > 0).then_some(source)
    }

    fn metadata(&mut self) -> Option<&'static str> {
        let texts = [None, None, Some(r#"{"HKWasUserEntered":"1"}"#), Some(r#"{"HKTimeZone":"Asia/Tokyo"}"#)];
        texts[self.numbers.place(texts.len())]
    }

    /// Corrects a sample in one of its values.
    fn correct(&mut self) {
        if self.known.is_empty() {
            return;
        }
        let known = self.known[self.numbers.place(self.known.len())];
        let (source, metadata, value) = (self.source(), self.metadata(), 1 + self.numbers.below(5));
        let sql = match self.numbers.below(3) {
            0 => "UPDATE samples SET source_id = ?1 WHERE uuid = ?4 AND (?2 IS NULL OR ?3 IS NOT NULL OR 1)",
            1 => "UPDATE samples SET metadata = ?2 WHERE uuid = ?4 AND (?1 IS NULL OR ?3 IS NOT NULL OR 1)",
            _ => "UPDATE samples SET value = ?3 WHERE uuid = ?4 AND (?1 IS NULL OR ?2 IS NOT NULL OR 1)",
        };
        self.store.connection.execute(sql, params![source, metadata, value as f64, uuid(known)]).unwrap();
        self.note(known.kind, (known.start_ms, known.start_ms + DAY_MS), true);
    }

    fn remove(&mut self) {
        if self.known.is_empty() {
            return;
        }
        let place = self.numbers.place(self.known.len());
        let known = self.known.swap_remove(place);
        self.store.connection.execute("DELETE FROM samples WHERE uuid = ?1", [uuid(known)]).unwrap();
        self.note(known.kind, (known.start_ms, known.start_ms + DAY_MS), true);
    }

    /// Removes all samples of a source, of all types, as the app's rows replace those of an export.
    fn remove_source(&mut self) {
        let source = self.source();
        let connection = &self.store.connection;
        let is_of_source = |known: &Known| {
            let sql = "SELECT 1 FROM samples WHERE uuid = ?1 AND source_id IS ?2";
            connection.prepare(sql).unwrap().exists(params![uuid(*known), source]).unwrap()
        };
        let (gone, left) = self.known.iter().copied().partition(is_of_source);
        for known in gone {
            let Known { kind, start_ms, .. } = known;
            connection.execute("DELETE FROM samples WHERE uuid = ?1", [uuid(known)]).unwrap();
            self.note(kind, (start_ms, start_ms + DAY_MS), true);
        }
        self.known = left;
    }

    /// Forgets samples of a type, as `forget` does.
    fn forget(&mut self) {
        let kind = 1 + self.numbers.below(4);
        self.store.connection.execute("DELETE FROM samples WHERE type_id = ?1", [kind]).unwrap();
        self.known.retain(|known| known.kind != kind);
        clear(&self.store.connection);
        self.rules("rows", None);
    }

    fn rules(&self, change: &str, kind: Option<i64>) {
        let sql = "INSERT INTO changes (person_id, kind, type_id, removed) VALUES (1, ?1, ?2, 1)";
        self.store.connection.execute(sql, params![change, kind]).unwrap();
    }

    /// The owner ranks sources, or ignores one.
    fn rank(&mut self) {
        let key = ["com.apple.health.A", "com.example.app", "Health", "Ring"][self.numbers.place(4)];
        let (kind, place) = (self.numbers.below(2), self.numbers.below(3));
        let name = if kind == 0 { "" } else { KINDS[0] };
        let sql = "INSERT OR REPLACE INTO source_orders VALUES (1, ?1, ?2, ?3)";
        let place = (place > 0).then_some(place);
        self.store.connection.execute(sql, params![name, key, place]).unwrap();
        self.rules("rules", (kind > 0).then_some(kind));
    }

    fn operate(&mut self) {
        match self.numbers.below(40) {
            0..20 => self.add(),
            20..28 => self.correct(),
            28..36 => self.remove(),
            36 => self.remove_source(),
            37 => self.forget(),
            _ => self.rank(),
        }
    }

    /// The derived tables as they are, and as they are from nothing.
    fn both(&self, number: i64) -> [Vec<String>; 2] {
        run(&self.store.connection, number);
        let found = derived(&self.store.connection);
        let copy = self.folder.path().join(format!("{number}.db"));
        self.store.connection.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        let copied = Store::open(&Database::new(&copy)).unwrap();
        clear(&copied.connection);
        run(&copied.connection, number);
        let expected = derived(&copied.connection);
        drop(copied);
        std::fs::remove_file(copy).unwrap();
        [found, expected]
    }
}

fn uuid(known: Known) -> [u8; 16] {
    u128::try_from(known.number).unwrap().to_be_bytes()
}

fn clear(connection: &Connection) {
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    for table in TableName::with(Content::Figure) {
        connection.execute_batch(&format!("DELETE FROM {table}")).unwrap();
    }
    connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
}

fn run(connection: &Connection, number: i64) {
    let supplied = Supplied::whole(connection);
    let mut store = |chunk: Chunk| Ok(apply(supplied, &chunk)?);
    derive_supplied(supplied, &Wishes::default(), number, &mut store, &|| false).unwrap();
}

/// All derived rows, by the names that their ids stand for.
fn derived(connection: &Connection) -> Vec<String> {
    const TABLES: [&str; 7] = [
        "SELECT g.key, g.name, g.class, g.first_ms, g.last_ms FROM source_groups g ORDER BY g.key",
        "SELECT d.type_id, d.day, d.start_ms, d.end_ms, z.name, u.name, d.value, d.time_weighted, d.minimum, d.maximum, d.last,
           d.last_ms, d.count, d.covered_ms, d.naive, g.key,
           (SELECT group_concat(concat_ws(' ', k.key, p.value ->> '$.value', p.value ->> '$.count', p.value ->> '$.covered_ms'))
              FROM json_each(d.details, '$.groups') p LEFT JOIN source_groups k ON k.id = p.value ->> '$.group'),
           d.details -> '$.values' FROM days d LEFT JOIN zones z ON z.id = d.zone_id LEFT JOIN units u ON u.id = d.unit_id
           LEFT JOIN source_groups g ON g.id = d.group_id ORDER BY 1, 2",
        "SELECT * FROM hours ORDER BY 1, 2, 3",
        "SELECT n.night, n.asleep_ms, n.asleep_main_ms, n.awake_ms, n.core_ms, n.in_bed_ms, n.bedtime, n.naps, z.name FROM nights n
           LEFT JOIN zones z ON z.id = n.zone_id ORDER BY 1",
        "SELECT s.night, s.from_ms, s.stage, s.to_ms, g.key FROM night_segments s LEFT JOIN source_groups g ON g.id = s.group_id
           ORDER BY 1, 2, 3",
        "SELECT type_id, start_ms, hex(uuid), hex(shadowed_by) FROM shadowed_samples ORDER BY 1, 2, 3",
        "SELECT c.from_ms, z.name FROM zone_changes c JOIN zones z ON z.id = c.zone_id ORDER BY 1",
    ];
    let rows = |sql: &&str| {
        let mut select = connection.prepare(sql).unwrap();
        let columns = select.column_count();
        let text = |row: &rusqlite::Row<'_>| {
            Ok((0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap())).collect::<Vec<_>>().join("|"))
        };
        select.query_map([], text).unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    TABLES.iter().flat_map(rows).collect()
}

#[test]
fn whatever_happens_derived_tables_are_those_from_nothing() {
    let seeds = std::env::var("HEALTHSINK_DERIVED_SEEDS").ok().map_or(2, |seeds| seeds.parse().unwrap());
    for seed in 1..=seeds {
        let mut world = World::new(seed);
        for number in 1..=40 {
            let operations = 1 + world.numbers.below(4);
            (0..operations).for_each(|_| world.operate());
            let [found, expected] = world.both(number);
            let only = |one: &[String], other: &[String]| -> Vec<String> {
                one.iter().filter(|row| !other.contains(row)).cloned().collect()
            };
            assert_eq!(only(&found, &expected), only(&expected, &found), "seed {seed}, run {number}");
            assert_eq!(found.len(), expected.len(), "seed {seed}, run {number}");
        }
    }
}

#[test]
fn sources_beyond_the_bound_are_one_group() {
    let world = World::new(1);
    let connection = &world.store.connection;
    let sources = SOURCE_GROUPS_KEPT_MAX as i64 + 50;
    connection.execute_batch("DELETE FROM sources; BEGIN").unwrap();
    for source in 1..=sources {
        let json = format!(r#"{{"sourceRevision":{{"source":{{"bundleIdentifier":"com.example.{source}"}}}}}}"#);
        connection.execute("INSERT INTO sources (id, json) VALUES (?1, ?2)", params![source, json]).unwrap();
        let known = Known { kind: 1, start_ms: source * MINUTE_MS, number: source };
        let sql = "INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value, source_id) VALUES (1, 1, ?1, ?2, ?3, 1, ?4)";
        let given = params![known.start_ms, uuid(known), known.start_ms + MINUTE_MS, source];
        connection.execute(sql, given).unwrap();
    }
    world.note(1, (0, DAY_MS), false);
    connection.execute_batch("COMMIT").unwrap();
    let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    for number in 1..3 {
        run(connection, number);
        assert_eq!(one("SELECT count(*) FROM source_groups"), SOURCE_GROUPS_KEPT_MAX as i64);
        assert_eq!(one("SELECT count(*) FROM source_groups WHERE name = 'further sources' AND class = 'other'"), 1);
        // All of them count, with or without a separate group.
        assert_eq!(one("SELECT CAST(sum(value) AS INTEGER) FROM days"), sources);
        world.note(1, (0, DAY_MS), true);
    }
    // A further source goes, and then one with its own group: those that share one still do.
    for (source, number) in [(sources, 3), (1, 4)] {
        connection.execute("DELETE FROM samples WHERE source_id = ?1", [source]).unwrap();
        world.note(1, (source * MINUTE_MS, source * MINUTE_MS), true);
        world.note(1, (0, 4 * DAY_MS), false);
        run(connection, number);
        assert_eq!(one("SELECT count(*) FROM source_groups WHERE name = 'further sources' AND class = 'other'"), 1);
    }
    assert_eq!(one("SELECT CAST(sum(value) AS INTEGER) FROM days"), sources - 2);
    assert_eq!(one("SELECT count(*) FROM source_groups"), SOURCE_GROUPS_KEPT_MAX as i64 - 1);
}
