//! A window as SQLite sees it: a virtual table, and its cursor.
//!
//! A virtual table needs `unsafe`. Ordinary tables need none, but then the rows of a person must be copied before each page. Measured,
//! for the 288 samples of a day among 100,001 samples: 50 ms by windows in a debug build, 1.9 s to copy the samples into a table.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_int};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use rusqlite::types::ValueRef;
use rusqlite::vtab::{
    Context, CreateVTab, Filters, IndexInfo, Module, VTab, VTabConnection, VTabCursor, VTabKind, sqlite3_vtab,
    sqlite3_vtab_cursor,
};
use rusqlite::{Connection, Error, Result};

use super::look::Look;
use super::plan::Plan;
use super::rows::Rows;
use crate::model::lock::lock;
use crate::store::workbench::tables::{HOUSEHOLD, IMPORT_NUMBERS, Kind, SOURCES, TABLES, Table};

/// The name of the module.
pub(super) const MODULE: &str = "postgres";

/// The tables that are windows. Numbers of imports have another form there, and no statement reads them.
pub(super) fn windows() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().chain(HOUSEHOLD).copied().filter(|table| *table != &IMPORT_NUMBERS)
}

/// Columns that SQLite makes of a source's JSON, in the order of the schema.
const OF_SOURCES: &str = ", name TEXT, bundle_identifier TEXT, version TEXT, operating_system_version TEXT, product_type TEXT,
    device_name TEXT, device_manufacturer TEXT, device_model TEXT, device_hardware_version TEXT, device_software_version TEXT";

/// Makes windows known to a connection.
pub(super) fn register(connection: &Connection, look: &Arc<Mutex<Look>>) -> Result<()> {
    const WINDOWS: Module<'_, Window> = Module::read_only_module();
    connection.create_module(MODULE, &WINDOWS, Some(Arc::clone(look)))
}

/// Plans of a table. SQLite knows them by their numbers; a statement has few, and they are compared.
type Plans = Arc<Mutex<Vec<Arc<Plan>>>>;

/// A window.
#[repr(C)]
struct Window {
    base: sqlite3_vtab,
    table: &'static Table,
    look: Arc<Mutex<Look>>,
    plans: Plans,
}

/// A search in it.
#[repr(C)]
struct Search<'w> {
    base: sqlite3_vtab_cursor,
    table: &'static Table,
    look: Arc<Mutex<Look>>,
    plans: Plans,
    rows: Rows,
    window: PhantomData<&'w Window>,
}

#[expect(unsafe_code, reason = "rusqlite makes virtual tables of types that begin with SQLite's")]
// SAFETY: rusqlite makes a `Box` of this type, gives SQLite its address as that of a `sqlite3_vtab`, and casts it back. Both are
// valid if that is the first field: `repr(C)` fixes the order of fields, and the assertion below fails to compile otherwise.
// All other fields are safe types that nothing but safe methods reads, and SQLite uses a connection from one thread at a time.
unsafe impl<'w> VTab<'w> for Window {
    type Aux = Arc<Mutex<Look>>;
    type Cursor = Search<'w>;

    fn connect(
        _: &mut VTabConnection,
        aux: Option<&Self::Aux>,
        _: &[u8],
        _: &[u8],
        name: &[u8],
        _: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Self)> {
        let table = windows().find(|table| table.name.as_bytes() == name);
        let (Some(table), Some(look)) = (table, aux) else {
            return Err(Error::ModuleError("no such window".to_owned()));
        };
        let declaration = CString::new(declaration(table)).map_err(|error| Error::ModuleError(error.to_string()))?;
        let base = sqlite3_vtab::default();
        Ok((Cow::Owned(declaration), Self { base, table, look: Arc::clone(look), plans: Plans::default() }))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        let (mut plan, cost) = Plan::of(self.table, info)?;
        if self.table == &SOURCES {
            // Further columns are made of these.
            plan.columns |= 0b11;
        }
        info.set_order_by_consumed(!plan.order.is_empty() && plan.order.len() == info.num_of_order_by());
        #[expect(clippy::cast_possible_truncation, reason = "a million at most")]
        info.set_estimated_rows(cost.rows as i64);
        info.set_estimated_cost(cost.cost);
        let mut plans = lock(&self.plans);
        let number = plans.iter().position(|known| **known == plan).unwrap_or_else(|| {
            plans.push(Arc::new(plan));
            plans.len() - 1
        });
        info.set_idx_num(c_int::try_from(number).unwrap_or(c_int::MAX));
        Ok(true)
    }

    fn open(&'w mut self) -> Result<Search<'w>> {
        let base = sqlite3_vtab_cursor::default();
        let (look, plans) = (Arc::clone(&self.look), Arc::clone(&self.plans));
        Ok(Search { base, table: self.table, look, plans, rows: Rows::default(), window: PhantomData })
    }
}

// The addresses of a window and of a search are those of SQLite's parts.
const _: () = assert!(std::mem::offset_of!(Window, base) == 0 && std::mem::offset_of!(Search<'static>, base) == 0);

impl CreateVTab<'_> for Window {
    const KIND: VTabKind = VTabKind::Default;
}

/// The columns of a window. Rows without an arrival have no number: SQLite knows them by their keys.
fn declaration(table: &Table) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let kind = match column.kind {
                Kind::Integer => "INTEGER",
                Kind::Real => "REAL",
                Kind::Text => "TEXT",
                Kind::Blob => "BLOB",
            };
            format!("{} {kind}", column.name)
        })
        .collect();
    let further = if table == &SOURCES { OF_SOURCES } else { "" };
    let columns = columns.join(", ");
    if table.has_arrival {
        return format!("CREATE TABLE x({columns}{further})");
    }
    let keys: Vec<&str> = table.columns[..table.keys].iter().map(|column| column.name).collect();
    format!("CREATE TABLE x({columns}{further}, PRIMARY KEY ({})) WITHOUT ROWID", keys.join(", "))
}

#[expect(unsafe_code, reason = "rusqlite makes virtual tables of types that begin with SQLite's")]
// SAFETY: as for `Window`, with a `sqlite3_vtab_cursor`. A search borrows nothing of its window: it shares the look and the plans by
// `Arc`, so SQLite may close both in any order.
unsafe impl VTabCursor for Search<'_> {
    fn filter(&mut self, number: c_int, _: Option<&str>, values: &Filters<'_>) -> Result<()> {
        let mut look = lock(&self.look);
        self.rows.close(&mut look);
        let plan = usize::try_from(number).ok().and_then(|number| lock(&self.plans).get(number).cloned());
        let plan = plan.ok_or_else(|| Error::ModuleError("no such plan".to_owned()))?;
        let values: Vec<ValueRef<'_>> = values.iter().collect();
        self.rows = Rows::find(&mut look, self.table, &plan, &values)?;
        Ok(())
    }

    fn next(&mut self) -> Result<()> {
        self.rows.next(&mut lock(&self.look), self.table)
    }

    fn eof(&self) -> bool {
        self.rows.is_empty()
    }

    fn column(&self, context: &mut Context, column: c_int) -> Result<()> {
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        self.rows.with_column(column, |value| context.set_result(value))
    }

    fn rowid(&self) -> Result<i64> {
        self.rows.arrival(self.table)
    }
}

impl Drop for Search<'_> {
    fn drop(&mut self) {
        self.rows.close(&mut lock(&self.look));
    }
}
