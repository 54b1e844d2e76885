//! Databases of earlier versions of the schema: the newest tables, less what each later version brought.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/store/schema/{name}.sql"))
}

/// The newest version that can be undone.
pub(crate) fn newest() -> u32 {
    let newest = (2..).take_while(|version| file(&format!("step{version}_undo")).exists()).last();
    newest.expect("the schema has earlier versions")
}

/// Makes the tables of a version in an empty database.
pub(crate) fn make(connection: &Connection, version: u32) {
    let undoing = (version + 1..=newest()).rev().map(|version| format!("step{version}_undo"));
    for name in ["tables".to_owned(), "names".to_owned()].into_iter().chain(undoing) {
        connection.execute_batch(&fs::read_to_string(file(&name)).unwrap()).unwrap();
    }
}
