//! InfluxDB: points as line protocol. Version 2 takes organization and bucket, version 1 a database; version 3 takes both forms.
//!
//! The same measurement, tags and time are the same point, so a point that is sent twice is there once, as it was sent last.

mod answer;
mod line;

use std::fmt;
use std::io::Write;
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};

use super::files::secret;
use super::http::client::{Client, NoReply};
use super::http::encode::base64;
use super::http::url::BaseUrl;
use super::names::{measurement_text, tag_text};
use super::target::{ChangedRange, Delivered, Fault, Point, Stage, Step, Target};
use super::waiter::Waiter;
use crate::model::error::{Error, Result};
use crate::model::limits::{FOLLOW_BATCH_BYTES, FOLLOW_BATCH_LINES_MAX, FOLLOW_REFUSED_MAX, FOLLOW_SHORT_LINE_BYTES};
use crate::model::line_limit::LineLimit;
use crate::model::percent::push_query;
use crate::model::time::to_iso_seconds;
use answer::Meaning;

/// Where to write, and with which right.
#[derive(Clone, Debug)]
pub enum Access {
    /// Version 2.
    Bucket {
        /// The organization.
        org: String,
        /// The bucket.
        bucket: String,
        /// The file with the token.
        token_file: PathBuf,
    },
    /// Version 1.
    Database {
        /// The database.
        database: String,
        /// The user, and the file with the password.
        user: Option<(String, PathBuf)>,
    },
}

/// What is known of an InfluxDB.
#[derive(Clone, Debug)]
pub struct InfluxSettings {
    /// Its URL.
    pub url: BaseUrl,
    /// Where to write.
    pub access: Access,
    /// Certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether texts are left out.
    pub is_numbers_only: bool,
}

/// An InfluxDB.
pub struct Influx {
    title: String,
    client: Client,
    access: Access,
    /// What a request says of its sender.
    authorization: Option<HeaderValue>,
    /// The path of writes, with its query.
    write_path: String,
    is_numbers_only: bool,
    batch: Batch,
    /// Lines of a request at most: halved when the server calls one too large.
    lines_max: usize,
    delivered: Delivered,
    rejections: LineLimit,
    /// Points that were refused since the last one that was taken.
    refused: u64,
    /// Whether it was said that the server cannot delete.
    is_said: bool,
}

/// Lines that wait for their delivery.
#[derive(Debug, Default)]
struct Batch {
    text: Vec<u8>,
    /// Where each line ends.
    ends: Vec<u32>,
    /// Lines that are not delivered yet, the first ones last; all if it is empty and there are lines.
    rest: Vec<Range<usize>>,
    /// Lines that were left out.
    refused: u64,
}

impl fmt::Debug for Influx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Influx").field("title", &self.title).finish_non_exhaustive()
    }
}

impl Batch {
    fn text_of(&self, lines: &Range<usize>) -> &[u8] {
        let end = |place: usize| self.ends.get(place).map_or(0, |end| *end as usize);
        let from = lines.start.checked_sub(1).map_or(0, end);
        self.text.get(from..lines.end.checked_sub(1).map_or(0, end)).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.rest.clear();
        self.refused = 0;
    }

    /// Puts lines back as two halves, or one whole.
    fn split(&mut self, lines: Range<usize>) {
        let middle = lines.start + lines.len() / 2;
        self.rest.push(middle..lines.end);
        self.rest.push(lines.start..middle);
    }
}

impl Influx {
    /// Reads the secrets, and connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::model::error::ErrorKind::Usage) if a file cannot be read, or has no secret.
    pub fn new(settings: InfluxSettings, waiter: Rc<Waiter>) -> Result<Self> {
        let InfluxSettings { url, access, ca_file, is_numbers_only } = settings;
        if url.has_query() {
            return Err(Error::usage("--influx-url must have no query; organization and bucket have flags"));
        }
        let (mut write_path, place, authorization) = match &access {
            Access::Bucket { org, bucket, token_file } => {
                let token = secret("--influx-token-file", token_file)?;
                let mut path = "/api/v2/write?bucket=".to_owned();
                push_query(bucket, &mut path);
                path.push_str("&org=");
                push_query(org, &mut path);
                (path, format!("bucket {bucket} of {org}"), Some(format!("Token {token}")))
            }
            Access::Database { database, user } => {
                let mut path = "/write?db=".to_owned();
                push_query(database, &mut path);
                let login = |(user, file): &(String, PathBuf)| {
                    let password = secret("--influx-password-file", file)?;
                    Ok(format!("Basic {}", base64(format!("{user}:{password}").as_bytes())))
                };
                (path, format!("database {database}"), user.as_ref().map(login).transpose()?)
            }
        };
        write_path.push_str("&precision=ns");
        if authorization.is_some() && !url.is_private() {
            tracing::warn!("{url} is not encrypted: the token can be read on the way; use https");
        }
        let authorization = authorization.map(|text| {
            let mut value = HeaderValue::from_str(&text)
                .map_err(|_| Error::usage("a secret has letters that no header may have"))?;
            value.set_sensitive(true);
            Ok::<_, Error>(value)
        });
        Ok(Self {
            title: format!("InfluxDB at {url}, {place}"),
            client: Client::new(url, ca_file.as_deref(), waiter)?,
            access,
            authorization: authorization.transpose()?,
            write_path,
            is_numbers_only,
            batch: Batch::default(),
            lines_max: FOLLOW_BATCH_LINES_MAX,
            delivered: Delivered::default(),
            rejections: LineLimit::default(),
            refused: 0,
            is_said: false,
        })
    }

    fn headers(&self, more: [(HeaderName, HeaderValue); 1]) -> Vec<(HeaderName, HeaderValue)> {
        let own = self.authorization.iter().map(|value| (AUTHORIZATION, value.clone()));
        own.chain(more).collect()
    }

    /// Sends some of the lines. What becomes of them is entered in the batch.
    fn send(&mut self, lines: Range<usize>) -> Step {
        let body = compressed(self.batch.text_of(&lines));
        let headers = self.headers([(CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
        let path = std::mem::take(&mut self.write_path);
        let reply = self.client.post(&path, &headers, body);
        self.write_path = path;
        let reply = match reply {
            Ok(reply) => reply,
            Err(no_reply) => {
                self.batch.rest.push(lines);
                return Err(fault_of(no_reply));
            }
        };
        match answer::of_write(&reply, &self.title) {
            Meaning::Taken => {
                self.delivered.sent += lines.len() as u64;
                self.refused = 0;
            }
            Meaning::TakenBut { dropped } => {
                let dropped = dropped.clamp(1, lines.len() as u64);
                self.delivered.sent += lines.len() as u64 - dropped;
                if dropped < lines.len() as u64 {
                    self.refused = 0;
                }
                self.reject(dropped, "it refuses some points for their time or for the type of a field");
            }
            Meaning::Unreadable if lines.len() == 1 => return self.refuse(lines, "it cannot read a line"),
            Meaning::TooLarge if lines.len() == 1 => return self.refuse_large(lines),
            Meaning::Unreadable => self.batch.split(lines),
            Meaning::TooLarge => {
                self.lines_max = (lines.len() / 2).max(1);
                self.batch.split(lines);
            }
            Meaning::Fault(fault) => {
                self.batch.rest.push(lines);
                return Err(fault);
            }
        }
        Ok(())
    }

    /// Leaves a line out, unless too many in a row were refused.
    fn refuse(&mut self, line: Range<usize>, why: &str) -> Step {
        if self.refused + 1 >= FOLLOW_REFUSED_MAX {
            self.batch.rest.push(line);
            return Err(self.distrust());
        }
        self.refused += 1;
        self.batch.refused += 1;
        self.reject(1, why);
        Ok(())
    }

    /// A server that takes nothing is not what it should be. Nothing of the batch is left out: all of it comes again.
    fn distrust(&mut self) -> Fault {
        self.delivered.rejected = self.delivered.rejected.saturating_sub(self.batch.refused);
        Fault::Stop(Error::usage(format!(
            "{} takes none of {} lines; see whether the URL is that of an InfluxDB, and its log",
            self.title,
            self.refused.max(1)
        )))
    }

    /// The same for a line that is called too large. If it is short, the server or what is before it takes nothing at all.
    fn refuse_large(&mut self, line: Range<usize>) -> Step {
        if self.batch.text_of(&line).len() > FOLLOW_SHORT_LINE_BYTES {
            return self.refuse(line, "it calls a single line too large");
        }
        self.batch.rest.push(line);
        Err(Fault::Stop(Error::usage(format!(
            "{} calls a single short line too large (413); raise its limit, or that of the proxy before it",
            self.title
        ))))
    }

    /// Counts points that the server will never take. Their content is not logged.
    fn reject(&mut self, points: u64, why: &str) {
        self.delivered.rejected += points;
        if let Some(left_out) = self.rejections.count(std::time::Instant::now()) {
            tracing::warn!(points, left_out, "{}: {why}; they are left out, and the others go on", self.title);
        }
    }

    /// Deletes what there is of a range.
    fn delete(&mut self, range: &ChangedRange<'_>) -> Step {
        let (path, body, kind) = match &self.access {
            Access::Bucket { org, bucket, .. } => {
                let mut path = "/api/v2/delete?bucket=".to_owned();
                push_query(bucket, &mut path);
                path.push_str("&org=");
                push_query(org, &mut path);
                (path, delete_v2(range), "application/json")
            }
            Access::Database { database, .. } => {
                let mut path = "/query?db=".to_owned();
                push_query(database, &mut path);
                let mut body = "q=".to_owned();
                push_query(&delete_v1(range), &mut body);
                (path, body, "application/x-www-form-urlencoded")
            }
        };
        let headers = self.headers([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        let reply = self.client.post(&path, &headers, Bytes::from(body)).map_err(fault_of)?;
        match answer::of_delete(&reply, &self.title) {
            Meaning::Fault(fault) => return Err(fault),
            Meaning::Taken => return Ok(()),
            _ => self.delivered.undeleted += 1,
        }
        if !self.is_said {
            self.is_said = true;
            tracing::warn!(
                status = reply.status,
                "{} does not delete: rows that are removed here, and former values, stay there",
                self.title
            );
        }
        Ok(())
    }
}

impl Target for Influx {
    fn title(&self) -> &str {
        &self.title
    }

    fn takes_rows(&self) -> bool {
        true
    }

    fn begin(&mut self, range: &ChangedRange<'_>) -> Step {
        if range.is_removed { self.delete(range) } else { Ok(()) }
    }

    fn take(&mut self, point: &Point<'_>) -> bool {
        let Batch { text, ends, .. } = &mut self.batch;
        if line::push(point, self.is_numbers_only, text) {
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        text.len() < FOLLOW_BATCH_BYTES && ends.len() < self.lines_max
    }

    fn deliver(&mut self, _: Stage) -> Step {
        if self.batch.rest.is_empty() && !self.batch.ends.is_empty() {
            self.batch.rest.push(0..self.batch.ends.len());
        }
        while let Some(lines) = self.batch.rest.pop() {
            if lines.len() > self.lines_max {
                self.batch.split(lines);
            } else {
                self.send(lines)?;
            }
        }
        // A single line may be bad; several that are all bad are not.
        let lines = self.batch.ends.len() as u64;
        if lines > 1 && self.batch.refused == lines {
            return Err(self.distrust());
        }
        self.batch.clear();
        Ok(())
    }

    fn delivered(&mut self) -> Delivered {
        std::mem::take(&mut self.delivered)
    }
}

fn fault_of(no_reply: NoReply) -> Fault {
    match no_reply {
        NoReply::Failed(message) => Fault::Later { message, after: None },
        NoReply::Stopping => Fault::Stopping,
    }
}

fn compressed(text: &[u8]) -> Bytes {
    // The fastest level: lines are made of the same names again and again.
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(text);
    Bytes::from(encoder.finish().unwrap_or_default())
}

/// The first and the last instant that InfluxDB has, in whole seconds: nanoseconds in 64 bits.
const INSTANTS_S: (i64, i64) = (-9_223_372_036, 9_223_372_036);

/// A range in nanoseconds, to the end of its last millisecond: rows of one start are nanoseconds apart.
fn span_ns(range: &ChangedRange<'_>) -> Option<(i64, i64)> {
    let (first, last) = (INSTANTS_S.0 * 1000, INSTANTS_S.1 * 1000);
    let (from_ms, to_ms) = range.span_ms?;
    let [from_ms, to_ms] = [from_ms, to_ms].map(|at_ms| at_ms.clamp(first, last));
    Some((from_ms * 1_000_000, to_ms * 1_000_000 + 999_999))
}

fn delete_v2(range: &ChangedRange<'_>) -> String {
    let (start, stop) = match span_ns(range) {
        Some((from_ns, to_ns)) => (iso_ns(from_ns), iso_ns(to_ns)),
        None => (to_iso_seconds(INSTANTS_S.0 * 1000), to_iso_seconds(INSTANTS_S.1 * 1000)),
    };
    let person = quoted(&tag_text(range.person), '"');
    let predicate = match range.measurement {
        Some(measurement) => {
            format!("_measurement={} AND person={person}", quoted(&measurement_text(measurement), '"'))
        }
        None => format!("person={person}"),
    };
    serde_json::json!({"start": start, "stop": stop, "predicate": predicate}).to_string()
}

fn delete_v1(range: &ChangedRange<'_>) -> String {
    let person = quoted(&tag_text(range.person), '\'');
    let Some(measurement) = range.measurement else {
        return format!("DROP SERIES WHERE \"person\" = {person}");
    };
    let measurement = quoted(&measurement_text(measurement), '"');
    match span_ns(range) {
        Some((from_ns, to_ns)) => {
            format!("DELETE FROM {measurement} WHERE \"person\" = {person} AND time >= {from_ns} AND time <= {to_ns}")
        }
        None => format!("DROP SERIES FROM {measurement} WHERE \"person\" = {person}"),
    }
}

/// A time with nanoseconds.
fn iso_ns(at_ns: i64) -> String {
    let seconds = at_ns.div_euclid(1_000_000_000);
    let text = to_iso_seconds(seconds * 1000);
    format!("{}.{:09}Z", text.trim_end_matches('Z'), at_ns.rem_euclid(1_000_000_000))
}

/// A text in quotes. A line in it would end nothing, but no name has one.
fn quoted(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for letter in text.chars() {
        match letter {
            '\\' => quoted.push_str("\\\\"),
            letter if letter == quote => quoted.extend(['\\', letter]),
            '\n' | '\r' => quoted.push(' '),
            letter => quoted.push(letter),
        }
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deletes_name_measurement_person_and_whole_milliseconds() {
        let range = |measurement, span_ms| ChangedRange {
            person: "an\"n'a",
            measurement,
            span_ms,
            is_removed: true,
            summary: None,
        };
        let some = range(Some("steps"), Some((1000, 2001)));
        assert_eq!(
            delete_v2(&some),
            r#"{"predicate":"_measurement=\"steps\" AND person=\"an\\\"n'a\"","start":"1970-01-01T00:00:01.000000000Z","stop":"1970-01-01T00:00:02.001999999Z"}"#
        );
        assert_eq!(
            delete_v1(&some),
            r#"DELETE FROM "steps" WHERE "person" = 'an"n\'a' AND time >= 1000000000 AND time <= 2001999999"#
        );
        let all = range(None, None);
        assert_eq!(
            delete_v2(&all),
            r#"{"predicate":"person=\"an\\\"n'a\"","start":"1677-09-21T00:12:44Z","stop":"2262-04-11T23:47:16Z"}"#
        );
        assert_eq!(delete_v1(&all), r#"DROP SERIES WHERE "person" = 'an"n\'a'"#);
        assert_eq!(delete_v1(&range(Some("a"), None)), r#"DROP SERIES FROM "a" WHERE "person" = 'an"n\'a'"#);
        let odd = ChangedRange { person: "anna\\", ..range(Some("_a\\"), None) };
        assert_eq!(delete_v1(&odd), "DROP SERIES FROM \"x_a⧵\" WHERE \"person\" = 'anna⧵'");
        let beyond = range(Some("a"), Some((i64::MIN, i64::MAX)));
        assert!(delete_v2(&beyond).contains("1677-09-21T00:12:44.000000000Z"), "{}", delete_v2(&beyond));
    }

    #[test]
    fn a_batch_is_split_where_its_lines_end() {
        let mut batch = Batch { text: b"a\nbb\nccc\n".to_vec(), ends: vec![2, 5, 9], ..Batch::default() };
        assert_eq!(batch.text_of(&(0..3)), b"a\nbb\nccc\n");
        assert_eq!([0..1, 1..2, 2..3, 1..3].map(|lines| batch.text_of(&lines).len()), [2, 3, 4, 7]);
        batch.split(0..3);
        assert_eq!(batch.rest, [1..3, 0..1], "the first lines come next");
    }
}
