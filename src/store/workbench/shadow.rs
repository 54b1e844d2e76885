//! For tests: what is done to a database is also done on a workbench, whose rows a plain database keeps. After each upload both must
//! be equal, and they must have counted the same.

use std::collections::{BTreeSet, HashMap};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::content;
use super::failure::store_failure;
use super::plain::Plain;
use super::tables::{
    CHANGES, DERIVED_STATE, IMPORT_NUMBERS, SHARED_METADATA, SOURCES, TABLES, TYPES, Table, UNITS, UPLOADS, ZONES,
};
use super::work::Workbench;
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::Result;
use crate::store::derive::witnesses_with;
use crate::store::tables::Content;
use crate::store::write::EndedImport;
use crate::store::write::ledger::UploadKey;

/// A workbench and its database.
#[derive(Debug)]
pub(in crate::store) struct Shadow {
    workbench: Workbench,
    remote: Plain,
    /// Whether something happened that is not done here: a rollback, a merge of persons.
    is_lost: bool,
    person: Option<i64>,
    /// The version of the database in its last transaction.
    version: Option<i64>,
    /// Uploads under way.
    uploads: usize,
    counts: Counts,
}

impl Shadow {
    pub(in crate::store) fn new() -> Result<Self> {
        let remote = Plain::new().map_err(store_failure)?;
        let (is_lost, person, version, uploads, counts) = Default::default();
        Ok(Self { workbench: Workbench::open()?, remote, is_lost, person, version, uploads, counts })
    }

    /// Begins a transaction. If another connection has changed the database, its rows are copied.
    pub(in crate::store) fn begin(&mut self, direct: &Connection) -> Result<()> {
        let read = |row: &rusqlite::Row<'_>| row.get(0);
        let version = direct.pragma_query_value(None, "data_version", read).map_err(store_failure)?;
        if self.version != Some(version) || self.is_lost && self.uploads == 0 {
            let (uploads, is_lost) = (self.uploads, self.uploads > 0);
            *self = Self { uploads, is_lost, version: Some(version), ..Self::new()? };
            self.copy(direct).map_err(store_failure)?;
        }
        Ok(())
    }

    /// Notes that the transaction is undone.
    pub(in crate::store) fn undo(&mut self) {
        self.is_lost = true;
    }

    pub(in crate::store) fn begin_upload(&mut self, is_alike: bool) {
        self.uploads += 1;
        self.is_lost |= !is_alike;
    }

    /// Ends an upload that leaves the ledger with its other records.
    pub(in crate::store) fn forget_upload(&mut self, upload: i64) -> Result<()> {
        self.end_upload(upload);
        self.workbench.flush(&mut self.remote)?;
        self.person = None;
        let sql = "DELETE FROM other_records WHERE upload_id = ?1";
        self.remote.connection.execute(sql, [upload]).map(|_| ()).map_err(store_failure)
    }

    pub(in crate::store) fn end_upload(&mut self, upload: i64) {
        self.uploads = self.uploads.saturating_sub(1);
        self.workbench.end(upload);
    }

    /// Begins a transaction for a person, if the present one is not for that person.
    fn begin_for(&mut self, person: i64) -> Result<()> {
        if self.person != Some(person) {
            self.workbench.flush(&mut self.remote)?;
            self.workbench.begin()?;
            self.person = Some(person);
        }
        Ok(())
    }

    pub(in crate::store) fn write(
        &mut self,
        (upload, now_ms): (UploadKey, i64),
        mut ordinal: u64,
        batch: &Batch,
    ) -> Result<()> {
        self.begin_for(upload.person)?;
        self.counts = self.workbench.write(&mut self.remote, (upload, now_ms), &mut ordinal, batch)?;
        Ok(())
    }

    /// Asserts that a batch had the same counts.
    pub(in crate::store) fn assert_counts(&self, direct: Option<&Counts>, batch: &Batch) {
        if let Some(direct) = direct.filter(|_| !self.is_lost) {
            assert_eq!(self.counts, *direct, "the workbench counted otherwise: {} rows", batch.rows.len());
        }
    }

    pub(in crate::store) fn settle(&mut self, upload: UploadKey, now_ms: i64) -> Result<()> {
        self.begin_for(upload.person)?;
        self.workbench.settle(&mut self.remote, (upload, now_ms)).map(|_| ())
    }

    pub(in crate::store) fn mark_missing(&mut self, import: EndedImport, direct: &Connection) -> Result<()> {
        self.copy_table(direct, &UPLOADS, &HashMap::new()).map_err(store_failure)?;
        self.begin_for(import.upload.person)?;
        self.workbench.mark_missing(&mut self.remote, import).map(|_| ())
    }

    /// Ends a transaction. If no upload is under way, both databases must be equal.
    pub(in crate::store) fn commit(&mut self, direct: &Connection) -> Result<()> {
        self.person = None;
        self.workbench.flush(&mut self.remote)?;
        if self.uploads > 0 || self.is_lost {
            return Ok(());
        }
        let differences = self.differences(direct, false).map_err(store_failure)?;
        assert!(differences.is_empty(), "the workbench differs from the database: {differences:#?}");
        Ok(())
    }

    /// Computes figures, and asserts that they are those of a database that has just computed its own.
    pub(in crate::store) fn assert_derived(&mut self, direct: &Connection, person: i64, home: &str) -> Result<()> {
        let run = (Some(home.to_owned()), 1);
        self.workbench.derive(&mut self.remote, (person, i64::MAX), run, &|| false)?;
        let differences = self.differences(direct, true).map_err(store_failure)?;
        assert!(differences.is_empty(), "the workbench derives other figures than the database: {differences:#?}");
        Ok(())
    }

    /// What differs, at most a few rows of each table.
    fn differences(&self, direct: &Connection, has_derived: bool) -> rusqlite::Result<Vec<String>> {
        let mut differences = Vec::new();
        for table in TABLES.iter().filter(|table| is_compared(table, has_derived)) {
            let (one, other) = (rows(direct, table)?, rows(&self.remote.connection, table)?);
            let only = |one: &BTreeSet<String>, other: &BTreeSet<String>, place: &str| {
                let rows = one.difference(other).take(4).map(|row| format!("{} only {place}: {row}", table.name));
                rows.collect::<Vec<_>>()
            };
            differences.extend(only(&one, &other, "in the database"));
            differences.extend(only(&other, &one, "by the workbench"));
        }
        Ok(differences)
    }

    /// Copies all rows of a database.
    fn copy(&mut self, direct: &Connection) -> rusqlite::Result<()> {
        let mut ids = HashMap::new();
        for table in [&TYPES, &UNITS, &SOURCES, &SHARED_METADATA, &ZONES] {
            let mut select = direct.prepare(&format!("SELECT id, {} FROM {}", table.columns[1].name, table.name))?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let (id, text): (i64, String) = (row.get(0)?, row.get(1)?);
                let new = content::id_of_text(&text);
                ids.insert((table.name, id), new);
                let sql = format!("INSERT OR IGNORE INTO {} VALUES (?1, ?2)", table.name);
                self.remote.connection.prepare_cached(&sql)?.execute((new, text))?;
            }
        }
        let mut select = direct.prepare("SELECT id, person_id, key FROM source_groups")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let key: String = row.get(2)?;
            ids.insert(("source_groups", row.get(0)?), content::id_of_group(row.get(1)?, &key));
        }
        for table in TABLES.iter().filter(|table| table.is_of_persons() && ***table != IMPORT_NUMBERS) {
            self.copy_table(direct, table, &ids)?;
        }
        // Numbers are counted for each person; greater ones than needed do no harm.
        let last: i64 = direct.query_row("SELECT last FROM import_numbers", [], |row| row.get(0))?;
        let mut people = direct.prepare("SELECT id FROM persons")?;
        let mut people = people.query([])?;
        while let Some(person) = people.next()? {
            let sql = "INSERT INTO import_numbers VALUES (?1, ?2)";
            self.remote.connection.execute(sql, (person.get::<_, i64>(0)?, last))?;
        }
        Ok(())
    }

    fn copy_table(
        &mut self,
        direct: &Connection,
        table: &Table,
        ids: &HashMap<(&'static str, i64), i64>,
    ) -> rusqlite::Result<()> {
        let long = if table.has_long_texts() { LONG } else { "" };
        let mut values: Vec<String> = table.columns.iter().map(|column| long_or_own(table, column.name)).collect();
        values.extend(table.has_arrival.then(|| "m.rowid".to_owned()));
        let numbers: Vec<String> = (1..=values.len()).map(|number| format!("?{number}")).collect();
        let insert = format!("INSERT OR REPLACE INTO {} VALUES ({})", table.name, numbers.join(", "));
        let mut select = direct.prepare(&format!("SELECT {} FROM {} m {long}", values.join(", "), table.name))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let mut cells = Vec::with_capacity(values.len());
            for (place, _) in values.iter().enumerate() {
                let name = table.columns.get(place).map_or("", |column| column.name);
                let dictionary = match (name, table.name) {
                    ("type_id", _) => TYPES.name,
                    ("unit_id", _) => UNITS.name,
                    ("source_id", _) => SOURCES.name,
                    ("metadata_id", _) => SHARED_METADATA.name,
                    ("zone_id", _) => ZONES.name,
                    ("group_id", _) | ("id", "source_groups") => "source_groups",
                    _ => "",
                };
                let cell: Value = row.get(place)?;
                cells.push(match cell {
                    Value::Text(sources) if (name, table.name) == ("sources", "source_groups") => {
                        let id_of = |dictionary, id| ids.get(&(dictionary, id)).copied().unwrap_or(id);
                        witnesses_with(&sources, |source| id_of(SOURCES.name, source), |kind| id_of(TYPES.name, kind))
                            .into()
                    }
                    Value::Integer(id) => Value::Integer(ids.get(&(dictionary, id)).copied().unwrap_or(id)),
                    other => other,
                });
            }
            self.remote.connection.prepare_cached(&insert)?.execute(params_from_iter(cells))?;
        }
        Ok(())
    }
}

const LONG: &str = "LEFT JOIN long_texts l ON l.id = CAST(m.other AS INTEGER)";

/// A column with the text that SQLite keeps beside its row if it is long.
fn long_or_own(table: &Table, column: &str) -> String {
    match (column, table.name) {
        ("metadata", "samples") => "coalesce(m.metadata, l.metadata)".to_owned(),
        ("other", "samples" | "route_points") => "iif(l.id IS NULL, m.other, l.other)".to_owned(),
        (name, _) => format!("m.{name}"),
    }
}

/// Not compared: what the other database numbers or enters, and what is derived.
fn is_compared(table: &Table, has_derived: bool) -> bool {
    let others = [&CHANGES, &UPLOADS, &IMPORT_NUMBERS, &DERIVED_STATE];
    table.is_of_persons() && !others.contains(&table) && (has_derived || table.table.content() != Content::Figure)
}

fn rows(connection: &Connection, table: &Table) -> rusqlite::Result<BTreeSet<String>> {
    let values = table.columns.iter().map(|column| match (column.name, table.name) {
        ("type_id", _) => "(SELECT name FROM types WHERE id = m.type_id)".to_owned(),
        ("unit_id", _) => "(SELECT name FROM units WHERE id = m.unit_id)".to_owned(),
        ("source_id", _) => "(SELECT json FROM sources WHERE id = m.source_id)".to_owned(),
        ("zone_id", _) => "(SELECT name FROM zones WHERE id = m.zone_id)".to_owned(),
        ("group_id", _) => "(SELECT key FROM source_groups WHERE id = m.group_id)".to_owned(),
        // A group has the name of any of its sources.
        ("metadata_id", _) | ("id" | "name" | "sources", "source_groups") => "NULL".to_owned(),
        ("metadata", "samples") => {
            "coalesce((SELECT json FROM shared_metadata WHERE id = m.metadata_id), m.metadata, l.metadata)".to_owned()
        }
        ("details", _) => {
            "concat(m.details -> '$.values', m.details -> '$.insulin', (SELECT group_concat(json_set(e.value, '$.group',
              (SELECT key FROM source_groups WHERE id = e.value ->> '$.group')) ORDER BY e.key)
              FROM json_each(m.details, '$.groups') e))"
                .to_owned()
        }
        // Numbers are counted for each person there.
        ("import_number", _) => "m.import_number IS NULL".to_owned(),
        (name, _) => long_or_own(table, name),
    });
    let values: Vec<String> = values.map(|value| format!("quote({value})")).collect();
    let long = if table.has_long_texts() { LONG } else { "" };
    let sql = format!("SELECT concat_ws(' | ', {}) FROM {} m {long}", values.join(", "), table.name);
    connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::{Path, PathBuf};

    use healthsink_testdata::{AutoExport, Export, Payload, Twin};

    use super::*;
    use crate::import::{Format, Output, read_file};
    use crate::model::batch::{Decoded, Sink};
    use crate::store::derive::{Chunk, Wishes, apply, derive_supplied};
    use crate::store::supplied::Supplied;
    use crate::store::{Database, Origin, OriginKind, Store, UploadEnd, UploadState};

    /// A database that takes documents directly, and its shadow.
    struct Pair {
        store: Store,
        shadow: Shadow,
        upload: Option<UploadKey>,
        ordinal: u64,
        counts: Counts,
        _folder: tempfile::TempDir,
    }

    impl Sink for Pair {
        fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
            batch.sort();
            if batch.begins_document {
                self.settle();
            }
            let (upload, before) = (self.upload.unwrap(), self.ordinal);
            let counts = self.store.write(upload, 7, &mut self.ordinal, batch)?;
            self.shadow.write((upload, 7), before, batch)?;
            self.shadow.assert_counts(Some(&counts), batch);
            self.counts += counts;
            batch.clear();
            Ok(())
        }
    }

    impl Pair {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&Database::new(folder.path().join("health.db"))).unwrap();
            let shadow = Shadow::new().unwrap();
            Self { store, shadow, upload: None, ordinal: 0, counts: Counts::default(), _folder: folder }
        }

        fn settle(&mut self) {
            let upload = self.upload.unwrap();
            while self.store.has_waiting(upload.id) {
                let direct = self.store.settle(upload, 7).unwrap();
                self.shadow.settle(upload, 7).unwrap();
                self.counts += direct.unwrap_or_default();
            }
        }

        /// Takes a document as one upload. Returns what was new, updated, unchanged and merged.
        fn take(&mut self, format: Format, bytes: &[u8]) -> [u64; 4] {
            let kind = if format == Format::Payload { OriginKind::Http } else { OriginKind::Import };
            let origin = Origin { kind, sender: "test".to_owned(), person: None, token: None };
            self.store.begin().unwrap();
            self.shadow.begin(&self.store.connection).unwrap();
            let upload = self.store.start_upload(&origin, 7).unwrap();
            self.shadow.begin_upload(true);
            (self.upload, self.ordinal, self.counts) = (Some(upload), 0, Counts::default());
            let mut batch = Box::<Batch>::default();
            let mut again = || Ok(Cursor::new(bytes));
            let mut output = Output::new(&mut batch, self, None);
            let Decoded { outcome, body_bytes } =
                read_file(format, "name", Cursor::new(bytes), Some(&mut again), &mut output);
            output.finish();
            self.submit(&mut batch).unwrap();
            self.settle();
            let envelope = outcome.unwrap_or_default();
            let import = EndedImport { upload, is_whole: envelope.is_whole, export_ms: envelope.export_ms, now_ms: 7 };
            if self.store.is_import(upload.id) {
                self.shadow.mark_missing(import, &self.store.connection).unwrap();
                for kind in self.store.begin_missing(import).unwrap() {
                    self.store.mark_missing(import, kind).unwrap();
                }
            }
            let (state, finished_ms, error) = (UploadState::Done, Some(8), None);
            let end = UploadEnd { state, finished_ms, body_bytes, envelope, error };
            self.store.record_progress(upload.id, &self.counts).unwrap();
            self.store.finish_upload(upload.id, &end).unwrap();
            self.shadow.end_upload(upload.id);
            self.store.commit().unwrap();
            self.shadow.commit(&self.store.connection).unwrap();
            let Counts { new, updated, unchanged, merged, .. } = self.counts;
            [new, updated, unchanged, merged]
        }
    }

    /// Computes figures on both sides.
    fn derive(pair: &mut Pair) {
        let connection = Supplied::whole(&pair.store.connection);
        let wishes = Wishes { home: Some("Europe/Berlin".to_owned()) };
        let mut store = |chunk: Chunk| Ok(apply(connection, &chunk)?);
        derive_supplied(connection, &wishes, 1, &mut store, &|| false).unwrap();
        pair.shadow.assert_derived(&pair.store.connection, 1, "Europe/Berlin").unwrap();
    }

    fn testdata(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
    }

    fn payload(seed: u64, corrected: bool) -> Vec<u8> {
        Payload { seed, target_bytes: 400_000, corrected, ..Payload::default() }.to_vec().0
    }

    fn export(seed: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        Export { seed, target_bytes: 400_000, ..Export::default() }.write_to(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn payloads_and_their_corrections() {
        let mut pair = Pair::new();
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(testdata("")).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| {
            path.extension().is_some_and(|end| end == "json") && !path.to_string_lossy().contains("expected")
        });
        files.sort();
        for path in files.iter().chain(&files) {
            pair.take(Format::Payload, &std::fs::read(path).unwrap());
        }
        let first = pair.take(Format::Payload, &payload(1, false));
        assert!(first[0] > 500, "{first:?}");
        let again = pair.take(Format::Payload, &payload(1, false));
        assert_eq!([again[0], again[1]], [0, 0]);
        let corrected = pair.take(Format::Payload, &payload(1, true));
        derive(&mut pair);
        assert!(corrected[1] > 0, "{corrected:?}");
        pair.take(Format::Payload, &payload(2, false));
        derive(&mut pair);
    }

    #[test]
    fn the_app_and_exports_in_both_orders() {
        let twin = |seed, rounded| Twin { seed, samples: 1500, rounded };
        for order in [[0, 1, 0, 1], [1, 0, 1, 2]] {
            let mut pair = Pair::new();
            let mut merged = 0;
            for document in order {
                let (mut bytes, twin) = (Vec::new(), twin(3, document == 2));
                let counts = if document == 0 {
                    twin.write_payload(&mut bytes).unwrap();
                    pair.take(Format::Payload, &bytes)
                } else {
                    twin.write_export(&mut bytes).unwrap();
                    pair.take(Format::AppleXml, &bytes)
                };
                merged += counts[3];
            }
            derive(&mut pair);
            assert!(merged > 1000, "{merged}");
        }
    }

    #[test]
    fn every_kind_of_import_twice() {
        let history = |name| std::fs::read(testdata("history").join(name)).unwrap();
        let documents = [
            (Format::AppleXml, history("export.xml")),
            (Format::Gpx, history("route.gpx")),
            (Format::Ecg, history("ecg.csv")),
            (Format::Fhir, history("observation.json")),
            (Format::AutoExport, history("auto_export.json")),
        ];
        let mut pair = Pair::new();
        for (format, bytes) in documents.iter().chain(documents.iter().rev()) {
            pair.take(*format, bytes);
            derive(&mut pair);
        }
    }

    #[test]
    fn generated_exports_and_figures() {
        let mut pair = Pair::new();
        let figures = AutoExport { seed: 2, target_bytes: 200_000, ..AutoExport::default() }.to_vec().0;
        let documents = [
            (Format::AppleXml, export(5)),
            (Format::AutoExport, figures.clone()),
            (Format::AppleXml, export(5)),
            (Format::Payload, payload(5, false)),
            (Format::AutoExport, figures),
            (Format::AppleXml, export(6)),
        ];
        for (format, bytes) in &documents {
            pair.take(*format, bytes);
        }
    }

    /// A batch of them searches one time, and rows that are there are not brought once more.
    #[test]
    fn correlations_of_one_time_are_brought_once() {
        let correlations = |name: &str, count: usize| {
            let times = "startDate=\"2024-01-01 10:00:00 +0100\" endDate=\"2024-01-01 10:00:00 +0100\"";
            let source = format!("sourceName=\"{name}\" creationDate=\"2024-01-02 10:00:00 +0100\"");
            let all = (0..count).map(|number| {
                format!(
                    "<Correlation type=\"HKCorrelationTypeIdentifierFood\" {source} {times}><Record \
                     type=\"HKQuantityTypeIdentifierDietaryIron\" {source} unit=\"mg\" value=\"{number}\" {times}/></Correlation>\n"
                )
            });
            format!("<HealthData locale=\"en_US\">\n{}</HealthData>\n", all.collect::<String>()).into_bytes()
        };
        let mut pair = Pair::new();
        let loaded = |pair: &mut Pair, name: &str| {
            let before = pair.shadow.remote.loaded;
            let counts = pair.take(Format::AppleXml, &correlations(name, 1500));
            (counts, pair.shadow.remote.loaded - before)
        };
        let (counts, first) = loaded(&mut pair, "A");
        assert_eq!(counts[0], 1500);
        assert!(first < 200, "{first}");
        for name in ["A", "B"] {
            let (counts, again) = loaded(&mut pair, name);
            assert_eq!(counts[0], 0, "{name}");
            // The correlations, their samples' origins, texts.
            assert!((1500..2000).contains(&again), "{name}: {again}");
        }
    }
}
