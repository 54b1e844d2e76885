//! Counters of the running server, and the text of a scrape. `docs/metrics.md` documents every name.
//!
//! The number of series is bounded: results and outcomes are fixed, persons and types have limits. A scrape reads one index
//! entry for each series and counts no rows.

use std::fmt;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use crate::model::counts::Counts;
use crate::model::follower::{Follower, FollowerStage};
use crate::model::lock::lock;
use crate::serve::log_limit::LogLimit;
use crate::serve::monitor::exposition::{self, Exposition, Labels};
use crate::store::{Kept, Latest, ScrapeReader, Sizes, now_ms};

/// The result of a request to upload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::serve) enum UploadResult {
    /// Read to its end, and stored.
    Stored,
    /// The body is wrong, or ended early.
    Aborted,
    /// This machine could not store it.
    Failed,
    /// The token is missing or wrong.
    Unauthorized,
    /// The token is missing or wrong, too often from one address.
    Throttled,
    /// Too many uploads at once.
    Busy,
    /// The head announces too long a body or an unknown coding.
    Refused,
}

impl UploadResult {
    /// In the order of their discriminants.
    const ALL: [Self; 7] =
        [Self::Stored, Self::Aborted, Self::Failed, Self::Unauthorized, Self::Throttled, Self::Busy, Self::Refused];

    pub(in crate::serve) fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Aborted => "aborted",
            Self::Failed => "failed",
            Self::Unauthorized => "unauthorized",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
            Self::Refused => "refused",
        }
    }
}

/// Upper bounds of the histogram's buckets. A phone gives a background upload 30 seconds.
const BUCKETS_SECONDS: [f64; 9] = [0.05, 0.25, 1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 1800.0];

/// Counts since the start.
#[derive(Clone, Debug, Default)]
struct Totals {
    uploads: [u64; UploadResult::ALL.len()],
    counts: Counts,
    bytes: u64,
    /// Uploads that had begun, by the bucket of their duration.
    durations: [u64; BUCKETS_SECONDS.len()],
    begun: u64,
    seconds: f64,
}

/// The server's state at the moment of a scrape.
#[derive(Clone, Copy, Debug)]
pub(in crate::serve) struct Moment {
    pub(in crate::serve) uploads: usize,
    pub(in crate::serve) uploads_max: usize,
    pub(in crate::serve) writer_queue: usize,
    pub(in crate::serve) is_writer_alive: bool,
}

/// The server's metrics.
#[derive(Debug)]
pub(in crate::serve) struct Metrics {
    reader: ScrapeReader,
    started: SystemTime,
    totals: Mutex<Totals>,
}

impl Metrics {
    pub(in crate::serve) fn new(kept: Kept) -> Self {
        Self { reader: ScrapeReader::new(kept), started: SystemTime::now(), totals: Mutex::default() }
    }

    /// Counts a request that was refused by its head.
    pub(in crate::serve) fn count_refused(&self, result: UploadResult) {
        self.totals().uploads[result as usize] += 1;
    }

    /// Counts an upload that had begun and has ended.
    pub(in crate::serve) fn count_ended(&self, result: UploadResult, bytes: u64, counts: &Counts, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let mut totals = self.totals();
        totals.uploads[result as usize] += 1;
        totals.bytes += bytes;
        totals.counts += *counts;
        totals.begun += 1;
        totals.seconds += seconds;
        if let Some(bucket) = BUCKETS_SECONDS.iter().position(|bound| seconds <= *bound) {
            totals.durations[bucket] += 1;
        }
    }

    /// Returns the text of a scrape, with the series of one person or of all. It reads the database, so it may block.
    pub(in crate::serve) fn scrape(&self, moment: Moment, person: Option<&str>, log_limit: &LogLimit) -> Vec<u8> {
        let (latest, followers) = self.reader.read(person, now_ms());
        if let Err(error) = &latest
            && let Some(left_out) = log_limit.count_shared("scrape")
        {
            tracing::warn!(%error, left_out, "the metrics of the database could not be read");
        }
        exposition::text(Scrape {
            started: self.started,
            totals: self.totals().clone(),
            moment,
            sizes: self.reader.sizes(),
            is_readable: latest.is_ok(),
            followers,
            latest: latest.unwrap_or_default(),
        })
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        // The sums are still valid after a panic.
        lock(&self.totals)
    }
}

/// What one scrape shows.
#[derive(Debug)]
struct Scrape {
    started: SystemTime,
    totals: Totals,
    moment: Moment,
    sizes: Sizes,
    is_readable: bool,
    /// Those that have written their files.
    followers: Vec<Follower>,
    latest: Latest,
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Exposition(encoder);
        let version = Labels([("version", env!("CARGO_PKG_VERSION"))]);
        out.gauges("healthsink_build_info", "The program's version.", [(version, 1.0)])?;
        self.write_process(&mut out)?;
        self.write_uploads(&mut out)?;
        self.write_store(&mut out)?;
        self.write_followers(&mut out)?;
        self.write_latest(&mut out)
    }
}

impl Scrape {
    fn write_process(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        out.gauge("process_start_time_seconds", "Start of the program, in seconds since 1970-01-01 UTC.", started)?;
        match resident_bytes() {
            Some(bytes) => out.gauge("process_resident_memory_bytes", "Memory that the program uses.", bytes),
            None => Ok(()),
        }
    }

    fn write_uploads(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let Self { totals, moment, .. } = self;
        let results =
            UploadResult::ALL.map(|result| (Labels([("result", result.name())]), totals.uploads[result as usize]));
        out.counters("healthsink_uploads", "Requests to upload, by result.", results)?;
        let Counts { new, updated, unchanged, merged, rejected, .. } = totals.counts;
        let outcomes =
            [("new", new), ("updated", updated), ("unchanged", unchanged), ("merged", merged), ("rejected", rejected)];
        let outcomes = outcomes.map(|(outcome, number)| (Labels([("outcome", outcome)]), number));
        out.counters("healthsink_records", "Records and route points, by outcome.", outcomes)?;
        out.counter("healthsink_upload_bytes", "Bytes of bodies read, after decompression.", totals.bytes)?;
        out.histogram(
            "healthsink_upload_duration_seconds",
            "Time from an upload's head to its commit.",
            (BUCKETS_SECONDS, totals.durations),
            (totals.begun, totals.seconds),
        )?;
        out.gauge("healthsink_uploads_in_progress", "Uploads under way.", moment.uploads)?;
        out.gauge("healthsink_upload_permits", "Uploads that may run at once.", moment.uploads_max)
    }

    fn write_store(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let alive = u32::from(self.moment.is_writer_alive);
        out.gauge("healthsink_writer_up", "Whether the database's writer runs.", alive)?;
        let queued = self.moment.writer_queue;
        out.gauge("healthsink_writer_queue_requests", "Requests waiting for the writer.", queued)?;
        let Sizes { database, wal } = self.sizes;
        out.gauge("healthsink_database_bytes", "Size of the database, without its WAL.", database)?;
        out.gauge("healthsink_wal_bytes", "Size of the WAL.", wal)?;
        let readable = u32::from(self.is_readable);
        out.gauge("healthsink_database_readable", "Whether this scrape could read the database.", readable)
    }

    #[expect(clippy::cast_precision_loss, reason = "a count of changes")]
    fn write_followers(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let all = || self.followers.iter().map(|one| (Labels([("follower", one.state.name.as_str())]), one));
        let Latest { change, newest, .. } = self.latest;
        out.gauges(
            "healthsink_follower_lag_changes",
            "Changes that the follower's target does not have yet.",
            all().filter(|_| self.is_readable).map(|(labels, one)| (labels, one.state.behind(change, newest) as f64)),
        )?;
        out.gauges(
            "healthsink_follower_last_success_timestamp_seconds",
            "When the follower's target last had everything, in seconds since 1970-01-01 UTC.",
            all().filter_map(|(labels, one)| Some((labels, seconds(one.state.last_success_ms?)))),
        )?;
        out.gauges(
            "healthsink_follower_stopped",
            "Whether the follower has ended until somebody changes something, such as a wrong token.",
            all().map(|(labels, one)| (labels, f64::from(u8::from(one.stage(0) == FollowerStage::Stopped)))),
        )
    }

    fn write_latest(&self, out: &mut Exposition<'_>) -> fmt::Result {
        let Latest { samples, uploads, omitted, .. } = &self.latest;
        out.gauges(
            "healthsink_last_upload_timestamp_seconds",
            "End of a person's last whole upload, in seconds since 1970-01-01 UTC.",
            uploads.iter().map(|(person, last_ms)| (Labels([("person", person)]), seconds(*last_ms))),
        )?;
        out.gauges(
            "healthsink_last_sample_timestamp_seconds",
            "Start of the last sample of a person and type, in seconds since 1970-01-01 UTC.",
            samples
                .iter()
                .map(|(person, kind, last_ms)| (Labels([("person", person), ("type", kind)]), seconds(*last_ms))),
        )?;
        out.gauge(
            "healthsink_series_omitted",
            "Types of persons that are not listed: too many, with too long a name, or with all samples dated in the future.",
            *omitted,
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "a time in milliseconds fits a double for longer than there are years")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// The memory in use, on systems that show it in a file.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_listed_in_order() {
        for (index, result) in UploadResult::ALL.into_iter().enumerate() {
            assert_eq!(result as usize, index);
        }
    }
}
