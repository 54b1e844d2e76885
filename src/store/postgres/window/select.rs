//! The statement of a look, with its values.

use rusqlite::types::ValueRef;
use tokio_postgres::types::{ToSql, Type};

use super::plan::{Op, Plan};
use crate::store::postgres::copy::to_timestamp;
use crate::store::postgres::tables::Form;
use crate::store::postgres::values::{Identity, Time};
use crate::store::workbench::tables::{ARRIVAL, Table};

/// A value of a statement, with its type.
pub(super) type Given = (Box<dyn ToSql + Sync>, Type);

/// A statement, and where the columns of the table are in its rows.
pub(super) struct Select {
    pub(super) sql: String,
    pub(super) values: Vec<Given>,
    /// For each column its place in a row, and the form there; the last one is the arrival.
    pub(super) places: Vec<Option<(usize, Form)>>,
}

/// Texts whose columns have the order of their letters.
const DATES: [&str; 2] = ["day", "night"];

fn form_of(table: &Table, place: usize) -> Form {
    table.columns.get(place).map_or(Form::Integer, Form::of)
}

fn name_of(table: &Table, place: usize) -> String {
    table.columns.get(place).map_or_else(|| ARRIVAL.to_owned(), |column| Form::of(column).name(column.name))
}

/// A column as it is compared and ordered: texts by their bytes, as SQLite does.
fn ordered(table: &Table, place: usize) -> String {
    let name = name_of(table, place);
    if form_of(table, place) == Form::Text && !DATES.contains(&name.as_str()) {
        return format!("t.{name} COLLATE \"C\"");
    }
    format!("t.{name}")
}

impl Select {
    /// The statement of a plan; `None` if no row fits.
    pub(super) fn of(table: &Table, plan: &Plan, values: &[ValueRef<'_>]) -> Option<Self> {
        let mut select = Self { sql: String::new(), values: Vec::new(), places: vec![None; table.width()] };
        let mut conditions = Vec::new();
        for ((place, op), value) in plan.conditions.iter().zip(values) {
            conditions.extend(select.condition(table, (*place, *op), *value)?);
        }
        let mut names = Vec::new();
        let is_read = |place: usize| plan.columns >> place.min(63) & 1 == 1;
        for place in (0..table.width()).filter(|place| *place == table.columns.len() || is_read(*place)) {
            select.places[place] = Some((names.len(), form_of(table, place)));
            names.push(format!("t.{}", name_of(table, place)));
        }
        if names.is_empty() {
            names.push("true".to_owned());
        }
        select.sql = format!("SELECT {} FROM {} t", names.join(", "), table.name);
        if !conditions.is_empty() {
            select.sql += &format!(" WHERE {}", conditions.join(" AND "));
        }
        let order = if plan.order.is_empty() { natural_order(table, plan) } else { plan.order.clone() };
        if !order.is_empty() {
            let by: Vec<String> = order.iter().map(|(place, is_down)| order_by(table, *place, *is_down)).collect();
            select.sql += &format!(" ORDER BY {}", by.join(", "));
        }
        Some(select)
    }

    /// A condition, if PostgreSQL can check it. Returns `None` if nothing fits it.
    fn condition(&mut self, table: &Table, (place, op): (usize, Op), value: ValueRef<'_>) -> Option<Option<String>> {
        if value == ValueRef::Null {
            return if op == Op::Is { Some(Some(format!("t.{} IS NULL", name_of(table, place)))) } else { None };
        }
        let Some((given, is_exact)) = given(form_of(table, place), value) else {
            return Some(None);
        };
        let is_equal = matches!(op, Op::Equal | Op::Is);
        if is_equal && !is_exact {
            // A value that no column of this form has.
            return None;
        }
        let sign = match op {
            Op::Equal | Op::Is => "=",
            Op::After if is_exact => ">",
            Op::After | Op::From => ">=",
            Op::Before if is_exact => "<",
            Op::Before | Op::UpTo => "<=",
        };
        self.values.push(given);
        let column = if is_equal { format!("t.{}", name_of(table, place)) } else { ordered(table, place) };
        Some(Some(format!("{column} {sign} ${}", self.values.len())))
    }
}

/// The order that rows of a person have in SQLite without being asked for: that of the key, which statements rely on.
fn natural_order(table: &Table, plan: &Plan) -> Vec<(usize, bool)> {
    let person = table.place("person_id");
    let is_of_person = plan.conditions.iter().any(|(place, op)| Some(*place) == person && *op == Op::Equal);
    if !is_of_person || plan.columns == 0 {
        return Vec::new();
    }
    let has_one_value = |place: usize| plan.conditions.contains(&(place, Op::Equal));
    let arrival = table.has_arrival.then_some(table.columns.len());
    let key = match arrival {
        Some(arrival) => vec![arrival],
        None => (0..table.keys).collect(),
    };
    key.into_iter().filter(|place| !has_one_value(*place)).map(|place| (place, false)).collect()
}

/// Columns of a key are never NULL; others may be, and come first in SQLite.
fn order_by(table: &Table, place: usize, is_down: bool) -> String {
    let is_of_key = place < table.keys || place == table.columns.len() || table.columns[place].name == "person_id";
    let is_always_there = ["start_ms", "started_ms", "first_ms", "time_ms", "origin"];
    let has_value = is_of_key || is_always_there.contains(&table.columns[place].name);
    let end = match (is_down, has_value) {
        (false, true) => "",
        (true, true) => " DESC",
        (false, false) => " NULLS FIRST",
        (true, false) => " DESC NULLS LAST",
    };
    format!("{}{end}", ordered(table, place))
}

/// A value for a column of a form, and whether it is exactly that. `None` for a value of another type.
fn given(form: Form, value: ValueRef<'_>) -> Option<(Given, bool)> {
    Some(match (form, value) {
        (Form::Integer, ValueRef::Integer(number)) => ((Box::new(number), Type::INT8), true),
        (Form::Time, ValueRef::Integer(at_ms)) => {
            let is_exact = ![i64::MIN, i64::MAX].contains(&to_timestamp(at_ms));
            // Times beyond the range are stored as infinities.
            ((Box::new(Time(at_ms)), Type::TIMESTAMPTZ), is_exact)
        }
        (Form::Real, ValueRef::Real(number)) => ((Box::new(number), Type::FLOAT8), true),
        (Form::Text, ValueRef::Text(text)) => {
            let text = String::from_utf8_lossy(text);
            let stored = text.replace('\0', "\u{2400}");
            ((Box::new(stored), Type::TEXT), true)
        }
        (Form::Uuid, ValueRef::Blob(bytes)) => {
            let mut uuid = [0; 16];
            let length = bytes.len().min(16);
            uuid[..length].copy_from_slice(&bytes[..length]);
            ((Box::new(Identity(uuid)), Type::UUID), bytes.len() == 16)
        }
        (Form::Bytes, ValueRef::Blob(bytes)) => ((Box::new(bytes.to_vec()), Type::BYTEA), true),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::workbench::tables::TABLES;

    fn sql(table: &str, plan: &Plan, values: &[ValueRef<'_>]) -> Option<String> {
        let table = TABLES.iter().find(|known| known.name == table).unwrap();
        Select::of(table, plan, values).map(|select| select.sql)
    }

    #[test]
    fn statements_of_plans() {
        let plan = |conditions: &[(usize, Op)], order: &[(usize, bool)], columns| Plan {
            conditions: conditions.to_vec(),
            order: order.to_vec(),
            columns,
            ..Plan::default()
        };
        let own = plan(&[(0, Op::Equal), (1, Op::Equal), (2, Op::From)], &[(2, false), (3, false)], 0b1_0100);
        let values = [ValueRef::Integer(1), ValueRef::Integer(7), ValueRef::Integer(5)];
        assert_eq!(
            sql("samples", &own, &values).unwrap(),
            "SELECT t.start_at, t.end_at FROM samples t WHERE t.person_id = $1 AND t.type_id = $2 AND t.start_at >= $3 \
             ORDER BY t.start_at, t.uuid"
        );
        assert_eq!(sql("samples", &own, &[ValueRef::Null; 3]), None, "nothing is equal to NULL");
        let cursor = plan(&[(3, Op::After)], &[(5, true)], 0);
        assert_eq!(
            sql("samples", &cursor, &[ValueRef::Blob(&[])]).unwrap(),
            "SELECT true FROM samples t WHERE t.uuid >= $1 ORDER BY t.value DESC NULLS LAST"
        );
        let texts = plan(&[(1, Op::Equal), (2, Op::Before)], &[(1, false)], 1);
        assert_eq!(
            sql("other_records", &texts, &[ValueRef::Text(b"a"), ValueRef::Blob(b"b")]).unwrap(),
            "SELECT t.person_id, t.arrival FROM other_records t WHERE t.section = $1 AND t.hash < $2 \
             ORDER BY t.section COLLATE \"C\""
        );
        let whole = plan(&[(0, Op::Equal), (1, Op::Equal)], &[], 0b100);
        assert_eq!(
            sql("samples", &whole, &values).unwrap(),
            "SELECT t.start_at FROM samples t WHERE t.person_id = $1 AND t.type_id = $2 ORDER BY t.start_at, t.uuid"
        );
        let wrong = plan(&[(2, Op::From)], &[], 1);
        assert_eq!(sql("samples", &wrong, &[ValueRef::Real(0.5)]).unwrap(), "SELECT t.person_id FROM samples t");
    }
}
