//! What a transaction has changed, as rows of `changes`.

use super::link::Link;
use super::values::Time;
use crate::model::error::Result;
use crate::model::limits::CHANGES_SENT;
use crate::store::write::changes::Changes;

const ENTER: &str = "INSERT INTO changes (person_id, kind, type_id, from_at, to_at, removed)
    SELECT $1, kind, type_id, from_at, to_at, removed
    FROM unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::bigint[])
      AS new (kind, type_id, from_at, to_at, removed)";

/// Columns of rows.
#[derive(Debug, Default)]
struct Changed {
    kinds: Vec<&'static str>,
    types: Vec<Option<i64>>,
    from: Vec<Option<Time>>,
    to: Vec<Option<Time>>,
    removed: Vec<i64>,
}

/// Enters what the changes of a person have, and forgets it.
pub(super) fn enter_changes(link: &Link, person: i64, changes: &mut Changes) -> Result<()> {
    let (mut rows, mut entered) = (Changed::default(), Ok(()));
    changes.take(|key, span_ms, is_removed| {
        rows.kinds.push(key.kind.text());
        rows.types.push(key.type_id);
        rows.from.push(span_ms.map(|(from_ms, _)| Time(from_ms)));
        rows.to.push(span_ms.map(|(_, to_ms)| Time(to_ms)));
        rows.removed.push(i64::from(is_removed));
        if rows.kinds.len() >= CHANGES_SENT && entered.is_ok() {
            entered = std::mem::take(&mut rows).enter(link, person);
        }
    });
    entered?;
    rows.enter(link, person)
}

impl Changed {
    fn enter(self, link: &Link, person: i64) -> Result<()> {
        let Self { kinds, types, from, to, removed } = self;
        if kinds.is_empty() {
            return Ok(());
        }
        link.change(ENTER, &[&person, &kinds, &types, &from, &to, &removed]).map(|_| ())
    }
}
