//! Values that the app corrects, noted before they are replaced: an older export has them. The text is made by SQLite's functions,
//! so it is the same in both stores.

use rusqlite::{Connection, OptionalExtension, params};

use super::fault::fault;
use super::link::Link;
use super::values::{Identity, Time};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{CORRECTIONS_PER_PAGE, SAMPLE_STATES_MAX};
use crate::model::record::Uuid;

/// Stored samples that rows of a round give another end, value or unit, and what is noted of them. In the order of their keys: two
/// transactions that correct the same samples would else wait for each other.
const REPLACED: &str = "SELECT s.person_id, s.type_id, s.start_at, s.uuid, s.end_at, s.value, u.name, m.other
    FROM stage_samples g
    JOIN samples s ON s.person_id = g.person_id AND s.type_id = g.type_id AND s.start_at = g.start_at AND s.uuid = g.uuid
    LEFT JOIN units u ON u.id = s.unit_id
    LEFT JOIN merged_samples m
      ON m.person_id = s.person_id AND m.type_id = s.type_id AND m.start_at = s.start_at AND m.uuid = s.uuid
    WHERE g.round = $1 AND (s.type_id, s.start_at, s.uuid) > ($2, $3, $4)
      AND (s.end_at, s.value, s.unit_id) IS DISTINCT FROM (g.end_at, g.value, g.unit_id)
    ORDER BY s.type_id, s.start_at, s.uuid LIMIT $5";

const NOTE: &str = "INSERT INTO merged_samples (person_id, type_id, start_at, uuid, other)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::uuid[], $5::text[])
    ON CONFLICT (person_id, type_id, start_at, uuid) DO UPDATE SET other = excluded.other";

/// The statement of `write/merge/earlier.rs`, on one text.
const APPEND: &str = "WITH n (new) AS (
      SELECT json_object('earlier values', json_array(json_object('end_ms', ?2, 'value', ?3, 'unit', ?4))))
    SELECT CASE WHEN ?1 IS NULL THEN new ELSE json_set(?1, '$.\"earlier values\"',
        json_insert(iif(json_array_length(?1, '$.\"earlier values\"') >= ?5,
          json_remove(?1 -> '$.\"earlier values\"', '$[0]'), coalesce(?1 -> '$.\"earlier values\"', json('[]'))),
          '$[#]', new -> '$.\"earlier values\"[0]')) END
    FROM n WHERE ?1 IS NULL
      OR NOT EXISTS (SELECT 1 FROM json_each(?1, '$.\"earlier values\"') e WHERE e.value = new -> '$.\"earlier values\"[0]')";

/// Notes the values that rows of a round replace.
pub(super) fn note_earlier(link: &Link, round: i32) -> Result<()> {
    let json = Connection::open_in_memory().map_err(|error| failed(&error))?;
    // No type has this number.
    let mut last = (i64::MIN, Time(0), Identity(Uuid::default()));
    loop {
        let rows = link.rows(REPLACED, &[&round, &last.0, &last.1, &last.2, &CORRECTIONS_PER_PAGE])?;
        let Some(end) = rows.last() else { return Ok(()) };
        last = (end.get(1), end.get(2), end.get(3));
        let (mut persons, mut types, mut starts, mut uuids, mut others) =
            (Vec::<i64>::new(), Vec::<i64>::new(), Vec::<Time>::new(), Vec::<Identity>::new(), Vec::<String>::new());
        for row in &rows {
            let noted: Option<&str> = row.get(7);
            let end_ms = row.get::<_, Option<Time>>(4).map(|end| end.0);
            let Some(other) = append(&json, noted, end_ms, row.get(5), row.get(6))? else { continue };
            persons.push(row.get(0));
            types.push(row.get(1));
            starts.push(row.get(2));
            uuids.push(row.get(3));
            others.push(other);
        }
        link.wait_for(link.client().execute(NOTE, &[&persons, &types, &starts, &uuids, &others]))?
            .map_err(|error| fault(&error))?;
    }
}

/// What is noted of a sample with one more value; `None` if it is noted.
fn append(
    json: &Connection,
    noted: Option<&str>,
    end_ms: Option<i64>,
    value: Option<f64>,
    unit: Option<&str>,
) -> Result<Option<String>> {
    let most = i64::try_from(SAMPLE_STATES_MAX).unwrap_or(i64::MAX);
    let mut select = json.prepare_cached(APPEND).map_err(|error| failed(&error))?;
    let other = select.query_row(params![noted, end_ms, value, unit, most], |row| row.get(0)).optional();
    other.map_err(|error| failed(&error))
}

fn failed(error: &rusqlite::Error) -> Error {
    Error::new(ErrorKind::Store, format!("an earlier value cannot be noted: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_values_are_noted_once_and_the_last_ones_stay() {
        let json = Connection::open_in_memory().unwrap();
        let note = |noted: Option<&str>, value: f64| append(&json, noted, Some(5), Some(value), Some("km")).unwrap();
        let first = note(None, 1.0).unwrap();
        assert_eq!(first, r#"{"earlier values":[{"end_ms":5,"value":1.0,"unit":"km"}]}"#);
        assert_eq!(note(Some(&first), 1.0), None);
        let mut all = first;
        for value in 2_u32..100 {
            all = note(Some(&all), f64::from(value)).unwrap();
        }
        assert_eq!(all.matches("end_ms").count(), SAMPLE_STATES_MAX);
        assert!(all.contains("99.0") && !all.contains("\"value\":1.0"), "{all}");
        let kept = note(Some(r#"{"metadata":{"a":1}}"#), 2.5).unwrap();
        assert_eq!(kept, r#"{"metadata":{"a":1},"earlier values":[{"end_ms":5,"value":2.5,"unit":"km"}]}"#);
    }
}
