//! InfluxDB: points as line protocol. Version 2 takes organization and bucket, version 1 a database; version 3 takes both forms.
//!
//! The same measurement, tags and time are the same point, so a point that is sent twice is there once, as it was sent last.

mod absence;
mod answer;
mod batch;
mod deletion;
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
use super::target::{ChangedRange, Delivered, Fault, Point, Stage, Step, Target};
use super::waiter::Waiter;
use crate::model::error::{Error, Result};
use crate::model::limits::{
    FOLLOW_ANSWER_WAIT, FOLLOW_BATCH_BYTES, FOLLOW_BATCH_LINES_MAX, FOLLOW_DELETION_WAIT, FOLLOW_REFUSED_MAX,
    FOLLOW_SHORT_LINE_BYTES,
};
use crate::model::line_limit::LineLimit;
use crate::model::percent::push_query;
use absence::Absence;
use answer::Meaning;
use batch::Batch;
use deletion::{delete_v1, delete_v2};

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
    /// Points that were ever taken.
    taken: u64,
    /// The last line that was taken, in this run. To send it again changes nothing.
    proof: Vec<u8>,
    absence: Absence,
    /// Whether it was said that the server cannot delete.
    is_said: bool,
}

impl fmt::Debug for Influx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Influx").field("title", &self.title).finish_non_exhaustive()
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
                    Ok::<_, Error>(format!("Basic {}", base64(format!("{user}:{password}").as_bytes())))
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
            taken: 0,
            proof: Vec::new(),
            absence: Absence::default(),
            is_said: false,
        })
    }

    fn headers(&self, more: [(HeaderName, HeaderValue); 1]) -> Vec<(HeaderName, HeaderValue)> {
        let own = self.authorization.iter().map(|value| (AUTHORIZATION, value.clone()));
        own.chain(more).collect()
    }

    /// Posts lines, and returns what has become of them.
    fn post(&mut self, body: Bytes) -> std::result::Result<Meaning, Fault> {
        let headers = self.headers([(CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
        let reply = self.client.post(&self.write_path, &headers, body).map_err(fault_of)?;
        let meaning = answer::of_write(&reply, &self.title);
        if matches!(meaning, Meaning::Absent) {
            return Err(self.absence.fault(&self.title, &reply));
        }
        self.absence.end();
        Ok(meaning)
    }

    /// Sends some of the lines. What becomes of them is entered in the batch.
    fn send(&mut self, lines: Range<usize>) -> Step {
        let meaning = match self.post(compressed(self.batch.text_of(&lines))) {
            Ok(meaning) => meaning,
            Err(fault) => {
                self.batch.rest.push(lines);
                return Err(fault);
            }
        };
        match meaning {
            Meaning::Taken => {
                self.delivered.sent += lines.len() as u64;
                self.note_taken(&lines);
            }
            Meaning::TakenBut { dropped } => {
                let dropped = dropped.clamp(1, lines.len() as u64);
                self.delivered.sent += lines.len() as u64 - dropped;
                self.taken += lines.len() as u64 - dropped;
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
            // The post has made a fault of it.
            Meaning::Absent => self.batch.rest.push(lines),
        }
        Ok(())
    }

    fn note_taken(&mut self, lines: &Range<usize>) {
        self.refused = 0;
        self.taken += lines.len() as u64;
        let last = self.batch.text_of(&(lines.end.saturating_sub(1)..lines.end));
        if (1..=FOLLOW_SHORT_LINE_BYTES).contains(&last.len()) {
            self.proof.clear();
            self.proof.extend_from_slice(last);
        }
    }

    /// Fails unless the server takes other lines than those of a batch of which it has taken none. A line that it has taken before is
    /// sent again.
    fn check_takes_others(&mut self) -> Step {
        let is_alone = self.batch.ends.len() == 1;
        if self.taken == 0 || self.proof.is_empty() && !is_alone {
            return Err(self.distrust());
        }
        if self.proof.is_empty() {
            return Ok(());
        }
        match self.post(compressed(&self.proof)) {
            Ok(Meaning::Taken) => {
                self.refused = 0;
                Ok(())
            }
            Ok(Meaning::Fault(fault)) | Err(fault) => {
                self.take_back();
                Err(fault)
            }
            Ok(_) => Err(self.distrust()),
        }
    }

    /// Nothing of the batch is left out: all of it comes again.
    fn take_back(&mut self) {
        self.delivered.rejected = self.delivered.rejected.saturating_sub(self.batch.refused);
        self.batch.refused = 0;
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

    /// A server that takes nothing is not what it should be.
    fn distrust(&mut self) -> Fault {
        self.take_back();
        let lines = self.refused.max(1);
        let noun = if lines == 1 { "line" } else { "lines" };
        Fault::Stop(Error::usage(format!(
            "{} takes none of {lines} {noun}; see whether the URL is that of an InfluxDB, and its log",
            self.title
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

    /// Whether a server answers that knows its own paths. One that has none for deletions does.
    fn is_there(&mut self) -> std::result::Result<bool, Fault> {
        let authorization: Vec<_> = self.authorization.iter().map(|value| (AUTHORIZATION, value.clone())).collect();
        let reply = self.client.get("/ping", &authorization).map_err(fault_of)?;
        Ok((200..300).contains(&reply.status))
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
        // A server that is given up while it deletes would begin again each time.
        self.client.answer_wait = FOLLOW_DELETION_WAIT;
        let reply = self.client.post(&path, &headers, Bytes::from(body)).map_err(fault_of);
        self.client.answer_wait = FOLLOW_ANSWER_WAIT;
        let reply = reply?;
        match answer::of_delete(&reply, &self.title) {
            Meaning::Fault(fault) => return Err(fault),
            Meaning::Taken => return Ok(()),
            Meaning::Absent if !self.is_there()? => return Err(self.absence.fault(&self.title, &reply)),
            _ => self.delivered.undeleted += 1,
        }
        self.absence.end();
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

    fn resume(&mut self, sent: u64) {
        self.taken = sent;
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
        // A line may be bad; a server that takes no line is.
        if self.batch.refused > 0 && self.batch.refused == self.batch.ends.len() as u64 {
            self.check_takes_others()?;
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
