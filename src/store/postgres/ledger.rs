//! The ledger, and the persons whose rows uploads bring.

use super::link::Link;
use super::values::Time;
use crate::model::counts::Counts;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::TOKEN_USE_RESOLUTION;
use crate::model::quota::day_of;
use crate::store::clock::now_ms;
use crate::store::write::ledger::{Origin, PERSON_ME, UploadEnd, UploadKey, UploadState, signed};
use crate::store::write::shared::content_id;

const OWNER: &str = "SELECT person_id FROM tokens WHERE id = $1 AND revoked_at IS NULL";

const NOTE_USE: &str = "UPDATE tokens SET last_used_at = $2
    WHERE id = $1 AND (last_used_at IS NULL OR last_used_at > $2 OR last_used_at < $3)";

const ENTER: &str = "INSERT INTO uploads (person_id, state, origin, sender, token_id, started_at)
    VALUES ($1, 'running', $2, $3, $4, $5) RETURNING id";

const FINISH: &str =
    "UPDATE uploads SET state = $3, finished_at = $4, body_bytes = $5, export_at = $6, start_at = $7, end_at = $8,
    sync_source = $9, error = $10 WHERE person_id = $1 AND id = $2";

/// Adds what an upload had. What it had on an earlier day no longer counts.
const COUNT_USE: &str = "UPDATE tokens SET used_day = $2,
      used_bytes = CASE WHEN used_day = $2 THEN used_bytes ELSE 0 END + $3,
      used_rejects = CASE WHEN used_day = $2 THEN used_rejects ELSE 0 END + $4 WHERE id = $1";

const LEAVE: &str = "DELETE FROM uploads WHERE person_id = $1 AND id = $2";

/// Records that arrived before their input turned out to be another one.
const LEAVE_OTHERS: &str = "DELETE FROM other_records WHERE person_id = $1 AND upload_id = $2";

/// Returns the id of a person. Adds a new person.
pub(super) fn person_id(link: &Link, name: &str) -> Result<i64> {
    let select = "SELECT id FROM persons WHERE name = $1";
    // A person that was renamed keeps the id of the former name.
    let mut source = name.to_owned();
    loop {
        if let Some(row) = link.optional(select, &[&name])? {
            return Ok(row.get(0));
        }
        let insert = "INSERT INTO persons (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        link.change(insert, &[&content_id(&source), &name])?;
        source.push('\n');
    }
}

/// Enters an ingest into the ledger. Fails with [`ErrorKind::Revoked`] if its token was revoked meanwhile.
pub(super) fn start_upload(link: &Link, origin: &Origin, started_ms: i64) -> Result<UploadKey> {
    link.run("BEGIN")?;
    let person: i64 = match (origin.token, &origin.person) {
        (Some(token), _) => match link.optional(OWNER, &[&token])? {
            Some(row) => row.get(0),
            None => {
                link.run("ROLLBACK")?;
                return Err(Error::new(ErrorKind::Revoked, "the token was revoked before the upload began"));
            }
        },
        (None, Some(name)) => person_id(link, name)?,
        (None, None) => PERSON_ME,
    };
    let started = Time(started_ms);
    let (kind, sender) = (origin.kind.text(), origin.sender.as_str());
    let id: i64 = link.one(ENTER, &[&person, &kind, &sender, &origin.token, &started])?.get(0);
    if let Some(token) = origin.token {
        let resolution_ms = i64::try_from(TOKEN_USE_RESOLUTION.as_millis()).unwrap_or(i64::MAX);
        let earliest = Time(started_ms.saturating_sub(resolution_ms));
        link.change(NOTE_USE, &[&token, &started, &earliest])?;
    }
    // Nobody is answered before a later commit, which also flushes this one.
    link.run("SET LOCAL synchronous_commit = off; COMMIT")?;
    Ok(UploadKey { id, person })
}

/// The statement that enters counts. They are numbers, so it needs no parameters and shares a message with the commit.
pub(super) fn progress(upload: UploadKey, counts: &Counts) -> String {
    let Counts { measurements, medications, workouts, other, route_points, new, updated, unchanged, merged, .. } =
        counts;
    let rejected = counts.rejected;
    let UploadKey { id, person } = upload;
    format!(
        "UPDATE uploads SET state = 'running', measurements = {measurements}, medications = {medications}, workouts = {workouts},
         other = {other}, route_points = {route_points}, new = {new}, updated = {updated}, unchanged = {unchanged}, merged = {merged},
         rejected = {rejected} WHERE person_id = {person} AND id = {id};"
    )
}

/// Enters the end of an ingest, and counts what it had as use of its token, in the open transaction.
pub(super) fn finish_upload(
    link: &Link,
    (upload, token): (UploadKey, Option<i64>),
    end: &UploadEnd,
    counts: &Counts,
) -> Result<()> {
    let UploadKey { id, person } = upload;
    if let Some(token) = token {
        let day = day_of(end.finished_ms.unwrap_or_else(now_ms));
        link.change(COUNT_USE, &[&token, &day, &signed(end.body_bytes), &signed(counts.rejected)])?;
    }
    let state = match end.state {
        UploadState::Done => "done",
        UploadState::Interrupted => "interrupted",
        UploadState::Foreign { .. } if *counts == Counts::default() => {
            link.change(LEAVE_OTHERS, &[&person, &id])?;
            return link.change(LEAVE, &[&person, &id]).map(|_| ());
        }
        UploadState::Foreign { .. } | UploadState::Aborted => "aborted",
    };
    let [finished, export, start, last] =
        [end.finished_ms, end.envelope.export_ms, end.envelope.start_ms, end.envelope.end_ms]
            .map(|at_ms| at_ms.map(Time));
    let body_bytes = signed(end.body_bytes);
    let text = |text: &Option<String>| text.as_ref().map(|text| text.replace('\0', "\u{2400}"));
    let (sync_source, error) = (text(&end.envelope.sync_source), text(&end.error));
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 10] =
        [&person, &id, &state, &finished, &body_bytes, &export, &start, &last, &sync_source, &error];
    link.change(FINISH, &parameters).map(|_| ())
}
