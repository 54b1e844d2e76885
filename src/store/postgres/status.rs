//! The content of the database, for `healthsink status`.

use futures_util::TryStreamExt;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::address::Address;
use super::link::Link;
use super::tokens::allowance;
use super::values::Time;
use crate::model::error::{Error, Result};
use crate::model::limits::{PHONES_LISTED_MAX, UPLOADS_LISTED_MAX};
use crate::model::time::to_iso_seconds;
use crate::store::clock::now_ms;
use crate::store::lookup::unknown_person;
use crate::store::read::people::PhoneRow;
use crate::store::read::silent::SilentRow;
use crate::store::read::status::{FormerNames, Status, TableRows, TypeRows, UploadRow};
use crate::store::tables::TableName;
use crate::store::write::{Source, rare_kinds};

const TYPES: &str = "SELECT p.name, t.name, c.rows, c.first_at, c.last_at
    FROM (SELECT person_id, type_id, count(*) AS rows, min(start_at) AS first_at, max(start_at) AS last_at FROM samples
      GROUP BY person_id, type_id) c
    JOIN persons p ON p.id = c.person_id JOIN types t ON t.id = c.type_id ORDER BY p.name, c.last_at DESC, t.name";

const PHONES: &str =
    "SELECT p.name, u.origin, t.id, t.label, t.revoked_at IS NOT NULL, u.uploads, u.last_at, t.expires_at,
      t.bytes_per_day, t.rejects_per_day, t.used_day, t.used_bytes, t.used_rejects
    FROM (SELECT person_id, origin, token_id, count(*) AS uploads, max(finished_at) AS last_at FROM uploads
        WHERE state = 'done' AND origin IN ('http', 'import') GROUP BY person_id, origin, token_id
      UNION ALL SELECT person_id, 'http', id, 0, NULL FROM tokens k WHERE revoked_at IS NULL AND scope <> 'read'
        AND NOT EXISTS (SELECT FROM uploads d WHERE d.state = 'done' AND d.token_id = k.id)) u
    JOIN persons p ON p.id = u.person_id LEFT JOIN tokens t ON t.id = u.token_id
    WHERE $2::text IS NULL OR p.name = $2 ORDER BY p.name, u.last_at DESC NULLS LAST, t.id LIMIT $1";

/// Each token is a search in the index of a person's uploads, from the last one on.
const SILENT: &str = "SELECT p.name, t.id, t.label, t.created_at, u.last_at FROM tokens t JOIN persons p ON p.id = t.person_id
    LEFT JOIN LATERAL (SELECT finished_at AS last_at FROM uploads d WHERE d.person_id = t.person_id AND d.origin = 'http'
      AND d.state = 'done' AND d.token_id = t.id ORDER BY finished_at DESC LIMIT 1) u ON true
    WHERE t.revoked_at IS NULL AND coalesce(t.expires_at > $1, true) AND t.scope <> 'read'
      AND coalesce(u.last_at, t.created_at) < $2 AND ($3::text IS NULL OR p.name = $3)
    ORDER BY coalesce(u.last_at, t.created_at), t.id";

const UPLOADS: &str = "SELECT id, state, origin, sender, started_at, sync_source, body_bytes,
      measurements + medications + workouts + other, route_points, new, updated, unchanged, merged, rejected, error, removed,
      (SELECT name FROM persons WHERE id = person_id)
    FROM uploads WHERE ($2::text IS NULL OR person_id = (SELECT id FROM persons WHERE name = $2))
      AND (id = (SELECT max(id) FROM uploads) OR NOT (origin = 'import' AND state = 'aborted'
        AND measurements + medications + workouts + other + route_points + rejected = 0))
    ORDER BY id DESC LIMIT $1";

impl Address {
    /// Reads what the database holds. Calls `each_type` for the types of each person, the type with the latest sample first.
    /// `person` restricts phones and uploads to one person's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::model::error::ErrorKind::Busy) or [`ErrorKind::Store`](crate::model::error::ErrorKind::Store) if it
    /// cannot be read; [`ErrorKind::Usage`](crate::model::error::ErrorKind::Usage) if there is no such person.
    pub fn status(&self, person: Option<&str>, mut each_type: impl FnMut(TypeRows)) -> Result<Status> {
        let link = Link::open(self)?;
        // One state of the database for all figures, which may take long to count.
        link.be_patient()?;
        link.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        if let Some(name) = person
            && link.rows("SELECT id FROM persons WHERE name = $1", &[&name])?.is_empty()
        {
            return Err(Error::usage(unknown_person(name)));
        }
        let mut samples = 0;
        read_types(&link, |kind| {
            samples += kind.rows;
            each_type(kind);
        })?;
        let mut tables = vec![TableRows { table: TableName::Samples.text(), rows: samples }];
        for kind in rare_kinds() {
            let rows: i64 = link.one(&format!("SELECT count(*) FROM {}", kind.table()), &[])?.get(0);
            // Tables that only imports fill get no line without imports.
            if kind.source == Source::Any || rows > 0 {
                tables.push(TableRows { table: kind.table().text(), rows });
            }
        }
        let change: i64 = link.one("SELECT coalesce(max(number), 0) FROM changes", &[])?.get(0);
        let bytes: i64 = link.one("SELECT pg_database_size(current_database())", &[])?.get(0);
        let now_ms = now_ms();
        let phones = link.rows(PHONES, &[&i64::from(PHONES_LISTED_MAX), &person])?;
        let uploads = link.rows(UPLOADS, &[&i64::from(UPLOADS_LISTED_MAX), &person])?;
        Ok(Status {
            bytes: bytes.unsigned_abs(),
            free_bytes: None,
            change,
            phones: phones.iter().map(|row| phone(row, now_ms)).collect(),
            tables,
            uploads: uploads.iter().map(upload).collect(),
        })
    }
}

impl Address {
    /// Calls `each` for every valid token that sends and of which no upload has ended well since a time, the longest silent one
    /// first. A token that was made later is not silent yet. `person` restricts them to one person's.
    ///
    /// # Errors
    ///
    /// As for [`Address::status`].
    pub fn silent(&self, since_ms: i64, person: Option<&str>, mut each: impl FnMut(SilentRow)) -> Result<()> {
        let link = Link::open(self)?;
        link.be_patient()?;
        let now_ms = now_ms();
        let statement = link.prepared(SILENT)?;
        let values: [&(dyn ToSql + Sync); 3] = [&Time(now_ms), &Time(since_ms), &person];
        let rows = link.wait(link.client().query_raw(&statement, values))?;
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = link.wait(rows.try_next())? {
            let [created, last] = [3, 4].map(|place| row.get::<_, Option<Time>>(place).map(|Time(at_ms)| at_ms));
            each(SilentRow::new((row.get(0), row.get(1), row.get(2)), created.unwrap_or_default(), last, now_ms));
        }
        Ok(())
    }
}

fn read_types(link: &Link, mut each: impl FnMut(TypeRows)) -> Result<()> {
    let statement = link.prepared(TYPES)?;
    let none: [&(dyn tokio_postgres::types::ToSql + Sync); 0] = [];
    let rows = link.wait(link.client().query_raw(&statement, none))?;
    let mut rows = std::pin::pin!(rows);
    while let Some(row) = link.wait(rows.try_next())? {
        let [first, last] = [3, 4].map(|place| to_iso_seconds(row.get::<_, Time>(place).0));
        each(TypeRows { person: row.get(0), kind: row.get(1), rows: row.get(2), first, last });
    }
    Ok(())
}

fn phone(row: &Row, now_ms: i64) -> PhoneRow {
    let [last, expires] = [6, 7].map(|place| row.get::<_, Option<Time>>(place).map(|Time(at_ms)| at_ms));
    let phone = PhoneRow {
        person: row.get(0),
        origin: row.get(1),
        token: row.get(2),
        label: row.get(3),
        is_revoked: row.get(4),
        uploads: row.get(5),
        last_upload: last.map(to_iso_seconds),
        expires: expires.map(to_iso_seconds),
        is_expired: expires.is_some_and(|at_ms| at_ms <= now_ms),
        last_upload_seconds_ago: last.map(|at_ms| now_ms.saturating_sub(at_ms) / 1000),
        bytes_per_day: None,
        rejects_per_day: None,
        bytes_today: 0,
        rejects_today: 0,
    };
    phone.with_allowance(allowance(row, 8), now_ms)
}

fn upload(row: &Row) -> UploadRow {
    let (sync_source, body_bytes, route_points): (Option<String>, i64, i64) = (row.get(5), row.get(6), row.get(8));
    UploadRow {
        id: row.get(0),
        state: row.get(1),
        origin: row.get(2),
        sender: row.get(3),
        started: to_iso_seconds(row.get::<_, Time>(4).0),
        records: row.get(7),
        new: row.get(9),
        updated: row.get(10),
        unchanged: row.get(11),
        merged: row.get(12),
        rejected: row.get(13),
        error: row.get(14),
        removed: row.get(15),
        person: row.get(16),
        former: FormerNames::of(sync_source.clone(), body_bytes, route_points),
        sync_source,
        body_bytes,
        route_points,
    }
}
